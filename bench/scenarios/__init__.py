"""Scenarios: what the load generator does, one file per pattern of load."""
