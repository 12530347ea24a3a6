"""Probe: what a server costs, seen from outside: its processor time, its memory, its commits."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import NamedTuple

_CHANGES_AT = 8  # in a wal-index: how many transactions were committed (sqlite.org/walformat.html)
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")


class Reading(NamedTuple):
    """What a server has used since its start."""

    cpu: float  # seconds, user and system
    commits: int
    written: int  # bytes to disk: log, database, whatever


class Probe:
    """Looks at one server: its process, and its SQLite database if it has one."""

    def __init__(self, pid: int, database: str) -> None:
        self.pid = pid
        self.database = database

    def read(self) -> Reading:
        """What it has used so far."""
        return Reading(cpu_seconds(self.pid), commits(self.database), written_bytes(self.pid))

    def memory(self) -> int:
        """Bytes that are resident."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE

    def decisions(self) -> int:
        """Decisions and claims that a Podium database holds: what moved its revisions; 0 for other databases."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return int(connection.execute("SELECT total(revision) FROM workflow").fetchone()[0])
        except sqlite3.OperationalError:
            return 0
        finally:
            connection.close()


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, to the nanosecond where the kernel tells it, else in ticks of 10 ms."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((thread / "schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue  # a thread that ended meanwhile, or a kernel without this figure
    return total / 1e9 if total else _ticks(pid) / _TICK


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def written_bytes(pid: int) -> int:
    """Bytes that a process has had written to disk."""
    counters = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(counters["write_bytes"])


def commits(database: str) -> int:
    """Transactions that were committed to a SQLite database since it was opened; it is open in another process."""
    try:
        with Path(database + "-shm").open("rb") as index:
            index.seek(_CHANGES_AT)
            return int.from_bytes(index.read(4), "little")
    except FileNotFoundError:
        return 0
