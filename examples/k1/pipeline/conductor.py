"""What the demonstration asks of a server: Conductor's REST API, nothing else, so that any compatible server will do."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_SECONDS = 15
SHOWN = 600


class ServerError(Exception):
    """The server refused something or cannot be reached; the text has its words."""


@dataclass(frozen=True)
class Conductor:
    """A server at an address such as `http://127.0.0.1:8080`."""

    base: str

    def __post_init__(self) -> None:
        """Refuse anything but HTTP."""
        if not self.base.startswith(("http://", "https://")):
            raise ServerError(f"'{self.base}' is not the address of a server, such as http://127.0.0.1:8080")

    def call(self, method: str, path: str, body: object = None) -> str:
        """The text of a successful answer; ServerError otherwise."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}{path}", data, {"Content-Type": "application/json"}, method=method)  # noqa: S310 - HTTP alone, checked above
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - the same
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            raise ServerError(f"{method} {path} was answered with {error.code}: {error.read().decode(errors='replace')[:SHOWN]}") from error
        except OSError as error:
            raise ServerError(f"{method} {self.base}{path} failed: {error}") from error

    def healthy(self) -> bool:
        """Whether `GET /health` says yes."""
        try:
            with urllib.request.urlopen(f"{self.base}/health", timeout=2) as answer:  # noqa: S310 - the same
                return bool(answer.status == HTTPStatus.OK)
        except OSError:
            return False

    def register(self, folder: Path) -> tuple[int, int]:
        """Register `tasks.json` and every file in `workflows/` as they are; how many of each."""
        tasks = json.loads((folder / "tasks.json").read_text())
        workflows = [json.loads(path.read_text()) for path in sorted((folder / "workflows").glob("*.json"))]
        self.call("POST", "/api/metadata/taskdefs", tasks)
        self.call("PUT", "/api/metadata/workflow", workflows)
        return len(tasks), len(workflows)

    def start(self, name: str, version: int, given: object) -> str:
        """Start a workflow; its id."""
        request = {"name": name, "version": version, "input": given}
        return self.call("POST", "/api/workflow", request).strip().strip('"')

    def workflow(self, workflow_id: str) -> dict[str, object]:
        """An execution with its tasks."""
        answer = json.loads(self.call("GET", f"/api/workflow/{workflow_id}?includeTasks=true"))
        return dict(answer)

    def approve(self, workflow_id: str, reference: str) -> None:
        """Complete the WAIT task of that reference name with an approval."""
        self.call("POST", f"/api/tasks/{workflow_id}/{reference}/COMPLETED", {"approved": True, "by": "examples/k1/run.py"})
