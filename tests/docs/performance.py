"""Performing a page: every example on it is run, in order, against a fresh server, in a folder of its own.

```console   lines after `$ ` are given to a shell, one after the other; the lines that follow are what it prints
```python    run as a program that must end well; with a file name, only written, for a later command
```json      parsed; definitions are validated; with a file name, written too
```js        written, if it has a file name
```text      left alone

The address http://127.0.0.1:8080 on a page stands for that of the page's server.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path
from typing import Any, Self

from podium.engine.validation import validate_task_definition, validate_workflow_definition
from podium.errors import Problem
from podium.model.definition import TaskDef, WorkflowDef
from podium.model.wire import decode
from tests.docs.pages import ROOT, Fence, Step, fences, name_of, steps

WRITTEN_ADDRESS = "127.0.0.1:8080"
LONGEST_SECONDS = 30  # for one command
PROGRAMS = Path(sys.executable).parent


class Shell:
    """One shell for all commands of a page, so that its variables last."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["sh"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the shell and what it left running."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def run(self, command: str) -> tuple[str, int]:
        """What a command prints, errors included, and its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        mark = uuid.uuid4().hex
        self._process.stdin.write(f'{command}\nprintf "\\n%s %s\\n" {mark} $?\n')
        self._process.stdin.flush()
        printed: list[str] = []
        watchdog = threading.Timer(LONGEST_SECONDS, os.killpg, (self._process.pid, signal.SIGKILL))
        watchdog.start()
        try:
            for line in self._process.stdout:
                if line.startswith(mark):
                    return "".join(printed).strip(), int(line.split()[1])
                printed.append(line)
        finally:
            watchdog.cancel()
        raise AssertionError(f"the shell ended: {''.join(printed)}")


class Stage:
    """Where the examples of a page run."""

    def __init__(self, page: Path, folder: Path, address: str) -> None:
        self._page = page
        self._folder = folder
        self._address = address
        self._environment = environment(address)
        (folder / "examples").symlink_to(ROOT / "examples")

    def perform(self) -> None:
        """Run all of the page."""
        with Shell(self._folder, self._environment) as shell:
            for fence in fences(self._page):
                try:
                    self._perform(fence, shell)
                except AssertionError as failure:
                    raise AssertionError(f"{name_of(self._page)}:{fence.line} ({fence.language}): {failure}") from failure

    def _perform(self, fence: Fence, shell: Shell) -> None:
        if fence.title:
            (self._folder / fence.title).write_text(self._here(fence.text), encoding="utf-8")
        if fence.language == "console":
            for step in steps(fence):
                self._type(step, shell)
        elif fence.language == "python" and not fence.title:
            run_python(self._here(fence.text), self._folder, self._environment)
        elif fence.language == "python":
            compile(fence.text, fence.title, "exec")
        elif fence.language == "json":
            problems = json_problems(fence.text)
            assert not problems, f"{problems}"

    def _type(self, step: Step, shell: Shell) -> None:
        printed, code = shell.run(self._here(step.command))
        printed = printed.replace(self._address, WRITTEN_ADDRESS)
        assert code == 0, f"line {step.line}: exit code {code} of: {step.command}\n{printed}"
        assert not step.expected or matches(step.expected, printed), (
            f"line {step.line}: {step.command}\nexpected {step.expected}\nfound    {printed}"
        )

    def _here(self, text: str) -> str:
        return text.replace(WRITTEN_ADDRESS, self._address)


def environment(address: str) -> dict[str, str]:
    """The variables of the examples: those of the test without Podium's own, programs of this interpreter first, and the server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PODIUM_", "CONDUCTOR_"))}
    path = os.pathsep.join([str(PROGRAMS), kept.get("PATH", os.defpath)])
    return {**kept, "PATH": path, "PYTHONPATH": str(ROOT / "src"), "PODIUM_SERVER_URL": f"http://{address}", "PYTHONUNBUFFERED": "1"}


def run_python(text: str, folder: Path, variables: dict[str, str]) -> None:
    """Run a program; AssertionError with what it printed when it fails."""
    done = subprocess.run(
        [sys.executable, "-"], input=text, cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS
    )
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}{done.stderr}"


def matches(expected: str, printed: str) -> bool:
    """Whether a text is as expected; `...` stands for anything."""
    pattern = ".*?".join(re.escape(part) for part in expected.strip().split("..."))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def json_problems(text: str) -> list[Problem]:
    """What is wrong with a JSON block; definitions of workflows and tasks, lists of them and single nodes are validated."""
    value = json.loads(text)
    problems: list[Problem] = []
    for one in value if isinstance(value, list) else [value]:
        problems += _definition_problems(one)
    return problems


def _definition_problems(value: Any) -> list[Problem]:
    if not isinstance(value, dict):
        return []
    if "taskReferenceName" in value:
        value = {"name": "page", "tasks": [*_neighbours(value), value], "inputTemplate": {}}
    if "tasks" in value and "name" in value:
        return validate_workflow_definition(decode(json.dumps(value), WorkflowDef), Strangers())
    if "name" in value and {"retryCount", "timeoutSeconds", "responseTimeoutSeconds", "inputTemplate"} & value.keys():
        return validate_task_definition(decode(json.dumps(value), TaskDef))
    return []


def _neighbours(node: dict[str, Any]) -> list[dict[str, Any]]:
    """For a node that is shown alone: the tasks whose outputs it reads, and those that it joins."""
    own = set(re.findall(r'"taskReferenceName": "([^"]+)"', json.dumps(node)))
    read = set(re.findall(r"\$\{([A-Za-z_]\w*)\.(?:output|input|status)", json.dumps(node))) | set(node.get("joinOn", []))
    return [{"name": ref, "taskReferenceName": ref, "type": "SIMPLE"} for ref in sorted(read - own - {"workflow"})]


class Strangers:
    """A catalog that knows nobody."""

    def task_definition(self, _name: str) -> TaskDef | None:
        """No task is registered."""
        return None

    def variable(self, _name: str) -> str | None:
        """No variable is exposed."""
        return None
