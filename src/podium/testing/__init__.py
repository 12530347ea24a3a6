"""Testing: the whole server in the test's own process, on a clock that the test owns."""
