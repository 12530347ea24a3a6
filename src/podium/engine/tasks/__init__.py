"""Task types: one file per type."""
