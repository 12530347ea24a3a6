"""Machine: what the figures were measured on, and who else was using it."""

from __future__ import annotations

import os
import platform
import resource
import sqlite3
import time
from pathlib import Path

QUIET = 0.05  # share of the processors that others may take


class Machine:
    """Watches from its making."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._busy = _busy_seconds()
        self._ours = _our_seconds()

    def described(self) -> str:
        """Processors, versions, and a warning when others took part of the machine."""
        cores = os.cpu_count() or 1
        others = (_busy_seconds() - self._busy) - (_our_seconds() - self._ours)
        share = max(0.0, others / (time.perf_counter() - self._began) / cores)
        text = f"{cores} processors, shared with the load generator; Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}."
        if share > QUIET:
            text += f"\nOther processes took {share:.0%} of the processors meanwhile: rates and times would be better on a quiet machine."
        return text


def _busy_seconds() -> float:
    """Processor time that everything on the machine has used; waiting for a disk is no use."""
    user, nice, system, _idle, _wait, irq, soft_irq, *_ = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
    return (user + nice + system + irq + soft_irq) / os.sysconf("SC_CLK_TCK")


def _our_seconds() -> float:
    """Processor time of this process and of the servers and load generators that have ended."""
    parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in parts)
