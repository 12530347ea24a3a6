"""Differential testing: random definitions run on Podium and on a real Conductor server, and whatever differs is explained or a bug."""
