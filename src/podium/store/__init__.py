"""Memory: everything durable, behind one port."""
