"""Pure computations: values in, values out, no database."""
