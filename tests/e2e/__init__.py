"""A real process, a real socket, a real kill."""
