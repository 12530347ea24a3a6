"""Scripts see secrets, and what they give back does not hold them (spec/engine.md §3.12.6)."""

from __future__ import annotations

from typing import Any

import pytest

from podium.model.status import TaskStatus
from tests.engine.world import World

SCRIPTS: list[tuple[str, dict[str, Any]]] = [
    ("INLINE", {"evaluatorType": "javascript", "expression": "[$.p, $.p.length]"}),
    ("LAMBDA", {"scriptExpression": "return [$.p, $.p.length]"}),
    ("JSON_JQ_TRANSFORM", {"queryExpression": "[.p, (.p | length)]"}),
]


def ran(world: World, kind: str, parameters: dict[str, Any]) -> Any:
    """A task that was run."""
    node = {"name": "s", "taskReferenceName": "s", "type": kind, "inputParameters": parameters}
    return world.start(node).task("s")


@pytest.mark.parametrize(("kind", "parameters"), SCRIPTS, ids=[kind for kind, _ in SCRIPTS])
def test_a_script_sees_a_secret_and_its_result_does_not_tell_it(world: World, kind: str, parameters: dict[str, Any]) -> None:
    world.shelf.secrets["KEY"] = "hunter2"
    task = ran(world, kind, parameters | {"p": "${workflow.secrets.KEY}"})
    assert task.status is TaskStatus.COMPLETED
    assert task.output.value["result"] == ["***", 7]
    assert task.input.value["p"] == "${workflow.secrets.KEY}"


def test_an_error_does_not_tell_it_either(world: World) -> None:
    world.shelf.secrets["KEY"] = "hunter2"
    task = ran(world, "INLINE", {"expression": "throw new Error('no ' + $.p)", "p": "${workflow.secrets.KEY}"})
    assert "no ***" in (task.reason or "")
    assert "hunter2" not in str(task.output.value) + (task.reason or "")


def test_a_secret_that_is_missing_is_nothing_to_a_script(world: World) -> None:
    task = ran(world, "INLINE", {"expression": "[$.p, $.t]", "p": "${workflow.secrets.NONE}", "t": "<${workflow.secrets.NONE}>"})
    assert task.output.value == {"result": [None, "<>"]}
