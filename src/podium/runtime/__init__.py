"""Loops: what happens over time."""
