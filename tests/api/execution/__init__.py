"""The resources of executions, over a whole server."""
