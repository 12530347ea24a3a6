"""Podium: a workflow platform that speaks Conductor's API."""

__version__ = "0.1.0"
