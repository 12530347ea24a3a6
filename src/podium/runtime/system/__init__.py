"""System tasks that touch the world: one file for each type."""
