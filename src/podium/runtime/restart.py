"""Restart: an ended run starts over, on the definition it has or on the latest version of it."""

from __future__ import annotations

from typing import Protocol

from podium.engine.run import Run
from podium.errors import NotFound
from podium.model.command import RestartWorkflow
from podium.model.definition import WorkflowDef


class Runs(Protocol):
    """Who reads runs: the executor."""

    async def read(self, workflow_id: str) -> Run:
        """The run, up to date; NotFound."""


class Definitions(Protocol):
    """Who keeps definitions: the registry."""

    def completed(self, name: str, version: int | None) -> tuple[WorkflowDef, str] | None:
        """A definition with everything filled in that a run needs, and its hash; the latest version when none is given."""


async def restart_command(runs: Runs, definitions: Definitions, command: RestartWorkflow, *, use_latest: bool) -> RestartWorkflow:
    """The command with the latest definition, when that is wanted (spec/engine.md §7.4).

    Raises NotFound for an unknown workflow, and for one whose definition is gone.
    """
    if not use_latest:
        return command
    name = (await runs.read(command.workflow_id)).workflow.name
    found = definitions.completed(name, None)
    if found is None:
        raise NotFound(f"No such workflow definition: {name}", workflow_id=command.workflow_id)
    definition, definition_hash = found
    return RestartWorkflow(workflow_id=command.workflow_id, actor=command.actor, definition=definition, definition_hash=definition_hash)
