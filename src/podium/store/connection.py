"""Connection: opens a SQLite database the way that keeps its promise."""

from __future__ import annotations

import sqlite3
from pathlib import Path

_SCHEME = "sqlite://"
_BUSY_MS = 10_000  # how long to wait for another process that writes
_STATEMENTS = 512  # kept prepared
_WRITER_CACHE_KB = 32_768
_READER_CACHE_KB = 4_096
_MMAP_BYTES = 256 * 2**20
_WAL_PAGES = 8_000  # after which a commit moves the log itself, should the checkpointer lag behind


def database_path(url: str) -> str:
    """The file that a URL names: `sqlite:///relative.db`, `sqlite:////absolute.db`, or a bare path. "" for `sqlite://`: a private one."""
    return url.removeprefix(_SCHEME).removeprefix("/") if url.startswith(_SCHEME) else url


def connect(path: str, *, writes: bool, durable: bool = True, kind: type[sqlite3.Connection] = sqlite3.Connection) -> sqlite3.Connection:
    """A connection that reads, or the one that writes. `durable` False gives up the promise about power cuts, for throw-away databases."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS, factory=kind)
    for pragma in (
        f"busy_timeout = {_BUSY_MS}",
        "journal_mode = WAL",
        f"synchronous = {'FULL' if durable else 'OFF'}",
        "foreign_keys = ON",
        "temp_store = MEMORY",
        f"cache_size = -{_WRITER_CACHE_KB if writes else _READER_CACHE_KB}",
        f"mmap_size = {_MMAP_BYTES}",
        f"wal_autocheckpoint = {_WAL_PAGES}",
        f"query_only = {'OFF' if writes else 'ON'}",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    return connection
