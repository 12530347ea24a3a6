"""A fresh server in a process of its own for every page."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

STARTED = "server_started url=http://"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server that is ready, HOST:PORT."""
    command = [sys.executable, "-m", "podium", "server", "--port", "0", "--database", f"sqlite:///{tmp_path}/podium.db"]
    ours = {**os.environ, "PYTHONPATH": str(ROOT / "src")}  # not an installed Podium
    with subprocess.Popen(command, cwd=tmp_path, env=ours, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = []
        try:
            for line in process.stderr:
                lines.append(line)
                if STARTED in line:
                    address = line.partition(STARTED)[2].split()[0]
                    while not healthy(address):
                        assert process.poll() is None, "the server ended"
                    yield address
                    break
            else:
                pytest.fail("the server did not start:\n" + "".join(lines))
        finally:
            process.kill()


def healthy(address: str) -> bool:
    """Whether a server says that it is ready."""
    try:
        with urllib.request.urlopen(f"http://{address}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False
