"""Workloads: what is measured, one file each: which servers, which load, which figures."""
