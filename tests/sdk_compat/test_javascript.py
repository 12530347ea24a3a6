"""The official JavaScript SDK: its own clients and workers, in Node's test runner, against the server process."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.process import ServerProcess

FOLDER = Path(__file__).parent / "js"
NODE = shutil.which("node")
LIMIT_SECONDS = 90


@pytest.mark.skipif(NODE is None, reason="Node is not installed: the JavaScript SDK is not tried")
@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.test.mjs")), ids=lambda file: file.name)
def test_the_javascript_sdk(file: Path, server: ServerProcess) -> None:
    assert NODE is not None
    assert (FOLDER / "node_modules").is_dir(), "the SDK is not installed: run tools/prepare_tests.py"
    environment = {**os.environ, "CONDUCTOR_SERVER_URL": f"{server.address}/api"}
    command = [NODE, "--test", "--test-reporter=tap", file.name]
    done = subprocess.run(command, cwd=FOLDER, env=environment, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
