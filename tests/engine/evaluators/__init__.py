"""The evaluators: values, errors, bounds."""
