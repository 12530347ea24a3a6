"""Conformance: what a real Conductor server answered, as data, and what Podium answers to the same."""
