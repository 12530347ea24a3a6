"""One server process for all, and the official Python SDK as its client and as its workers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conductor.client.configuration.configuration import Configuration
from conductor.client.metadata_client import MetadataClient
from conductor.client.orkes_clients import OrkesClients
from conductor.client.task_client import TaskClient
from conductor.client.workflow_client import WorkflowClient

from tests.e2e.process import ServerProcess

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("sdk") / "podium.db") as process:
        yield process


@pytest.fixture(scope="session")
def clients(server: ServerProcess) -> OrkesClients:
    return OrkesClients(Configuration(server_api_url=f"{server.address}/api"))


@pytest.fixture
def workflows(clients: OrkesClients) -> WorkflowClient:
    return clients.get_workflow_client()


@pytest.fixture
def tasks(clients: OrkesClients) -> TaskClient:
    return clients.get_task_client()


@pytest.fixture
def metadata(clients: OrkesClients) -> MetadataClient:
    return clients.get_metadata_client()


@pytest.fixture(scope="session")
def workers(server: ServerProcess) -> Iterator[None]:
    """A worker process: the SDK's task handler, which starts one more process for each decorated worker."""
    command = [sys.executable, "-m", "tests.sdk_compat.python_workers", f"{server.address}/api"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src")))}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield
    process.terminate()
    process.communicate(timeout=PATIENCE_SECONDS)
