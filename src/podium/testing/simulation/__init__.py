"""Simulation: the whole platform in one thread on a jumping clock, with every delay and every fault chosen by a seed."""
