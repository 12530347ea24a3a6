"""SDK compatibility: the official SDKs as they are published, as clients and as workers of a real server process."""
