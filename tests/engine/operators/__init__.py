"""Operators compile to plain tasks, and run as those."""
