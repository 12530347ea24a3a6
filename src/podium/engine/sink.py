"""Sinks: the queue that a definition means when it names one (spec/tasks.md §4.1)."""

from __future__ import annotations


def queue_of(sink: str, workflow_name: str, ref: str) -> str | None:
    """The queue's name; None for a sink that only begins like the internal one."""
    if sink == "conductor":
        return f"conductor:{workflow_name}:{ref}"
    if sink.startswith("conductor:"):
        return f"conductor:{workflow_name}:{sink.removeprefix('conductor:')}"
    return None if sink.startswith("conductor") else sink
