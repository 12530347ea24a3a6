"""A PostgreSQL for the tests: found on this machine, started when the first test asks for it, gone when the tests are over.

A fresh cluster on a socket of its own. Each test gets a database of its own.
"""

from __future__ import annotations

import atexit
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import pytest

from podium.store.postgres import PostgresStore
from podium.store.postgres_connection import Connection

OWNERS = ("postgres", "nobody")  # who runs it when the tests run as root, which it refuses
PATIENCE_SECONDS = 60
FAST = ("fsync=off", "full_page_writes=off", "autovacuum=off")  # nobody needs these databases after a power cut
PLAIN = ("listen_addresses=", "max_connections=200", "shared_buffers=64MB")
FREE: list[str] = []  # names of databases with the schema and without rows: making one takes longer than a test
WIPE = """
DO $$
DECLARE name text;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'meta' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    UPDATE meta SET definitions_version = 0;
END $$
"""


def require() -> None:
    """Skip the test where there is no PostgreSQL; where everything must be tested, fail."""
    if _binaries() is not None:
        return
    reason = "PostgreSQL is not installed (tools/prepare_tests.py installs it where that is possible without asking)"
    if os.environ.get("CI") == "true" and shutil.which("apt-get"):
        pytest.fail(reason)
    pytest.skip(reason)


@cache
def _binaries() -> Path | None:
    """The folder of `initdb` and `pg_ctl`; None: there is none."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").exists() and (folder / "initdb").exists()), None)


class Cluster:
    """A server with its data in a folder that goes when it stops."""

    def __init__(self, *options: str) -> None:
        """`options`: settings beyond the usual ones, `name=value`."""
        self.folder = Path(tempfile.mkdtemp(prefix="podium-postgres-"))
        self._options = (*PLAIN, f"unix_socket_directories={self.folder}", *options)
        self._names = itertools.count(1)
        self.owner: tuple[str, ...] = ()  # runs a command as somebody else than root
        if os.geteuid() == 0:
            found = next(entry for entry in pwd.getpwall() if entry.pw_name in OWNERS)
            os.chown(self.folder, found.pw_uid, found.pw_gid)
            self.owner = ("setpriv", f"--reuid={found.pw_uid}", f"--regid={found.pw_gid}", "--clear-groups")
        self._run("initdb", "--username=podium", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        atexit.register(self.remove)

    def _run(self, program: str, *arguments: str) -> None:
        """One of PostgreSQL's programs, for the cluster's data."""
        folder = _binaries()
        assert folder is not None
        command = [*self.owner, str(folder / program), f"--pgdata={self.folder / 'data'}", *arguments]
        # What it starts keeps its output open, so it must not be a pipe.
        with (self.folder / "output").open("ab") as output:
            done = subprocess.run(command, check=False, cwd="/", stdout=output, stderr=output, timeout=PATIENCE_SECONDS)
        assert done.returncode == 0, (self.folder / "output").read_text()

    def start(self) -> None:
        """Start it; it takes connections when this returns."""
        settings = " ".join(f"-c {option}" for option in self._options)
        self._run("pg_ctl", "start", "--wait", "--silent", f"--options={settings}")

    def crash(self) -> None:
        """End it at once, without tidying up: the next start reads the log of what was committed."""
        self._run("pg_ctl", "stop", "--mode=immediate", "--wait", "--silent")

    def remove(self) -> None:
        """Stop it and throw its data away."""
        atexit.unregister(self.remove)
        if (self.folder / "data" / "postmaster.pid").exists():
            self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """Where a database is."""
        return f"postgresql://podium@/{database}?host={self.folder}"

    @asynccontextmanager
    async def connected(self, database: str = "postgres") -> AsyncIterator[Connection]:
        """A connection of the test's own."""
        import asyncpg

        connection = await asyncpg.connect(self.url(database))
        try:
            yield connection
        finally:
            await connection.close()

    async def create_database(self) -> str:
        """A new, empty database; its name."""
        name = f"test_{next(self._names)}"
        async with self.connected() as connection:
            await connection.execute(f"CREATE DATABASE {name}")
        return name


@cache
def shared() -> Cluster:
    """The cluster of all tests that are about rules: fast, and not made for power cuts."""
    cluster = Cluster(*FAST)
    cluster.start()
    return cluster


@asynccontextmanager
async def database() -> AsyncIterator[str]:
    """A database for one test, with the schema and without rows; its URL. Skips the test where there is no PostgreSQL."""
    require()
    cluster = shared()
    name = FREE.pop() if FREE else await _with_schema(cluster)
    yield cluster.url(name)
    async with cluster.connected(name) as connection:
        await connection.execute(WIPE)
    FREE.append(name)


async def _with_schema(cluster: Cluster) -> str:
    name = await cluster.create_database()
    store = PostgresStore(cluster.url(name))
    await store.open()
    await store.close()
    return name
