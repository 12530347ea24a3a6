"""The loops: what happens over time."""
