"""Floor: the least that a durable workflow server could cost; a yardstick, not a product."""
