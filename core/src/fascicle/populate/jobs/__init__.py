"""The queue of a computed table: which keys are to do, in work, failed, or to be left alone."""
