"""One file for each type of task."""
