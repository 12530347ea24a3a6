"""The conformance suite of the store: the same promises from every database."""
