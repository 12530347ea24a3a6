"""Commands: one file per request to change a run."""
