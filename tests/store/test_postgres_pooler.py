"""Behind PgBouncer in transaction mode, where every transaction may go to another connection."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from podium.model.search import Search
from podium.store.postgres import PostgresStore
from podium.store.store import Want
from tests import postgres

from .given import a_task, a_workflow, born, moved, save, stored

PORT = 6432  # a name in the folder of sockets, no port of the machine
CONFIGURATION = """
[databases]
* = host={folder} user=podium
[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = 3
pidfile = {folder}/pgbouncer.pid
logfile = {folder}/pgbouncer.log
"""


@contextmanager
def a_pooler() -> Iterator[int]:
    """PgBouncer before the cluster; its port."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("PgBouncer is not installed")
    folder = postgres.shared().folder
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=PORT))
    # It goes into the background once it listens.
    subprocess.run([*postgres.shared().owner, program, "-q", "-d", str(configuration)], check=True, timeout=60)
    yield PORT
    os.kill(int((folder / "pgbouncer.pid").read_text()), signal.SIGTERM)


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A database behind a pooler."""
    async with postgres.database() as direct:
        with a_pooler() as port:
            yield f"{direct}&port={port}"


async def test_stores_share_the_connections_of_a_pooler(url: str) -> None:
    stores = [PostgresStore(url, connections=5, prepared=False) for _ in range(3)]
    await asyncio.gather(*(store.open() for store in stores))
    runs = [a_workflow(f"w{n}") for n in range(12)]
    await asyncio.gather(*(stored(stores[n % 3], [born(run, a_task(run.workflow_id))]) for n, run in enumerate(runs)))

    saved = await asyncio.gather(*(save(store, wants=[Want(queue="pay", domain=None, worker_id="w", count=4)]) for store in stores))
    raced = await asyncio.gather(*(save(store, moved(moved(runs[0]).workflow)) for store in stores))
    pages = await asyncio.gather(*(store.search_workflows(Search()) for store in stores for _ in range(5)))
    found = await asyncio.gather(*(store.load(run.workflow_id) for run in runs for store in stores))

    assert sorted(len(one.claimed) for one in saved) == [4, 4, 4]
    assert sorted(len(one.conflicts) for one in raced) == [0, 1, 1]
    assert {page.total for page in pages} == {12}
    assert all(run is not None and len(run.tasks) == 1 for run in found)
    await asyncio.gather(*(store.close() for store in stores))
