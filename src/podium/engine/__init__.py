"""Rules: pure functions that decide what a workflow does next."""
