"""JSONPath as Conductor understands it (the Jayway dialect): parser, steps, filters, functions, patterns."""
