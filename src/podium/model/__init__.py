"""Words: the values that travel between rules, memory, loops and doors."""
