"""Benchmarks: how fast Podium is on this machine, beside the least that such a server could cost."""
