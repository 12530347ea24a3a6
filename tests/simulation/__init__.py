"""Whole worlds: servers, clients, workers and faults in one thread."""
