"""Domains: which workers a task is for (spec/engine.md §2.7)."""

from __future__ import annotations

from collections.abc import Mapping

from podium.engine.run import Catalog


def domain_of(task_to_domain: Mapping[str, str], task_type: str, catalog: Catalog) -> str | None:
    """The domain of a worker task; an entry for its type overrides the one for `*`, even to no domain."""
    domain: str | None = None
    for key in ("*", task_type):
        listed = task_to_domain.get(key)
        if listed is not None and (listed.strip() or key != "*"):
            domain = catalog.active_domain(task_type, listed.split(","))
    return domain
