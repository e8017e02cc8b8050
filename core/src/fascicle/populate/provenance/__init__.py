"""Where computed rows come from: code, parameters, inputs; and which of them are out of date."""
