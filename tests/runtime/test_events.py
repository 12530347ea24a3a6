"""Events: a message runs the handlers of its queue, at once and not twice."""

from __future__ import annotations

from typing import Any

import pytest

from podium.errors import NotFound
from podium.model.definition import WorkflowTask
from podium.model.event import Action, EventHandler, StartAction, TaskDetails, TerminateAction, VariablesAction
from podium.model.json import Json
from podium.model.search import Search
from podium.model.status import TaskStatus, WorkflowStatus
from podium.runtime.events import expanded
from podium.runtime.platform import Platform
from podium.testing.server import TestServer
from tests.runtime.world import define, open_task, simple, start


async def handle(platform: Platform, action: str, **fields: Any) -> None:
    """Register a handler of `q:one` with one action."""
    top = {key: fields.pop(key) for key in ("condition", "evaluator_type", "active") if key in fields}
    made = Action(action=action, **fields)
    await platform.registry.put_event_handler(EventHandler(name="h", event="q:one", actions=[made], **{"active": True, **top}))


async def started(platform: Platform) -> list[str]:
    return (await platform.store.search_workflows(Search())).ids


async def test_an_event_task_starts_a_workflow_by_way_of_a_handler(server: TestServer) -> None:
    platform = server.platform
    await define(platform, "target", simple("a"))
    await define(
        platform, "source", [WorkflowTask(name="e", task_reference_name="e", type="EVENT", sink="conductor", input_parameters={"x": 7})]
    )
    action = Action(action="start_workflow", start_workflow=StartAction(name="target", version=1, input={"got": "${x}"}))
    await platform.registry.put_event_handler(EventHandler(name="h", event="conductor:source:e", actions=[action], active=True))
    source = await start(platform, "source")
    await server.settle()
    (target,) = [one for one in await started(platform) if one != source]
    workflow = (await platform.executor.read(target)).workflow
    assert workflow.event == "conductor:source:e"
    assert workflow.input.value["got"] == 7
    assert workflow.input.value["conductor.event.name"] == "conductor:source:e"


async def test_an_event_task_publishes_to_any_event_that_is_listened_to(server: TestServer) -> None:
    platform = server.platform
    await define(platform, "target", simple("a"))
    await define(platform, "source", [WorkflowTask(name="e", task_reference_name="e", type="EVENT", sink="q:one")])
    unheard = await start(platform, "source")
    await handle(platform, "start_workflow", start_workflow=StartAction(name="target", version=1))
    heard = await start(platform, "source")
    await server.settle()
    statuses = [(await platform.executor.read(one)).workflow.status for one in (unheard, heard)]
    assert statuses == [WorkflowStatus.FAILED, WorkflowStatus.COMPLETED]
    (target,) = [one for one in await started(platform) if one not in (unheard, heard)]
    assert (await platform.executor.read(target)).workflow.event == "q:one"


async def test_a_message_that_comes_twice_starts_one_workflow(platform: Platform) -> None:
    await define(platform, "w", simple("a"))
    await handle(platform, "start_workflow", start_workflow=StartAction(name="w", version=1))
    for _ in range(2):
        assert await platform.events.deliver("q:one", "m1", {}) == 1
    assert len(await started(platform)) == 1
    await platform.events.deliver("q:one", "m2", {})
    assert len(await started(platform)) == 2


@pytest.mark.parametrize(
    ("condition", "evaluator", "wanted"),
    [
        ("$.n > 5", "javascript", True),
        ("$.n > 7", None, False),
        ("'true'", "javascript", False),
        ("n", "value-param", True),
        ("$.event.n == 6", "javascript", True),
        ("$.inner.deep == 1", "javascript", True),
        ("nonsense(", "javascript", False),
        (None, None, True),
    ],
)
async def test_a_condition_decides(platform: Platform, condition: str | None, evaluator: str | None, wanted: bool) -> None:
    await define(platform, "w", simple("a"))
    await handle(platform, "start_workflow", start_workflow=StartAction(name="w", version=1), condition=condition, evaluator_type=evaluator)
    await platform.events.deliver("q:one", "m", {"n": 6, "inner": '{"deep": 1}'})
    assert len(await started(platform)) == (1 if wanted else 0)


async def test_an_inactive_handler_does_nothing(platform: Platform) -> None:
    await define(platform, "w", simple("a"))
    await handle(platform, "start_workflow", start_workflow=StartAction(name="w", version=1), active=False)
    assert await platform.events.deliver("q:one", "m", {}) == 0


@pytest.mark.parametrize(("action", "status"), [("complete_task", TaskStatus.COMPLETED), ("fail_task", TaskStatus.FAILED)])
async def test_an_event_finishes_a_task(platform: Platform, action: str, status: TaskStatus) -> None:
    await define(platform, "w", simple("a"))
    workflow_id = await start(platform, "w")
    task = await open_task(platform, workflow_id, "a")
    details = TaskDetails(workflow_id="${event.id_of_run}", task_ref_name="a", output={"seen": "${seen}"})
    await handle(platform, action, **{action: details})
    await platform.events.deliver("q:one", "m", {"id_of_run": workflow_id, "seen": [1]})
    finished = (await platform.executor.read(workflow_id)).task(task.task_id)
    assert finished is not None
    assert finished.status is status
    assert finished.output.value["seen"] == [1]
    assert finished.output.value["conductor.event.messageId"] == "m"


async def test_an_event_ends_a_workflow(platform: Platform) -> None:
    await define(platform, "w", simple("a"))
    workflow_id = await start(platform, "w")
    await handle(
        platform, "terminate_workflow", terminate_workflow=TerminateAction(workflow_id="${id}", termination_reason="because ${why}")
    )
    await platform.events.deliver("q:one", "m", {"id": workflow_id, "why": "so"})
    workflow = (await platform.executor.read(workflow_id)).workflow
    assert (workflow.status, workflow.reason) == (WorkflowStatus.TERMINATED, "because so")


async def test_an_event_changes_variables(platform: Platform) -> None:
    await define(platform, "w", simple("a"))
    workflow_id = await start(platform, "w")
    await handle(
        platform, "update_workflow_variables", update_workflow_variables=VariablesAction(workflow_id="${id}", variables={"v": "${n}"})
    )
    await platform.events.deliver("q:one", "m", {"id": workflow_id, "n": 3})
    assert (await platform.executor.read(workflow_id)).workflow.variables.value == {"v": 3}


async def test_an_action_that_fails_harms_no_other(platform: Platform) -> None:
    await define(platform, "w", simple("a"))
    actions = [
        Action(action="start_workflow", start_workflow=StartAction(name="nowhere")),
        Action(action="terminate_workflow", terminate_workflow=TerminateAction(workflow_id="nobody")),
        Action(action="start_workflow", start_workflow=StartAction(name="w", version=1)),
    ]
    await platform.registry.put_event_handler(EventHandler(name="h", event="q:one", actions=actions, active=True))
    await platform.events.deliver("q:one", "m", {})
    assert len(await started(platform)) == 1


async def test_a_handler_that_is_deleted_is_gone(platform: Platform) -> None:
    await handle(platform, "start_workflow", start_workflow=StartAction(name="w"))
    await platform.registry.delete_event_handler("h")
    with pytest.raises(NotFound):
        await platform.registry.delete_event_handler("h")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ('{"a": 1}', {"a": 1}),
        (['[1, "{}"]'], [[1, {}]]),
        ("{not json", "{not json"),
        ("12", "12"),
        ({"a": ' {"b": "[2]"} '}, {"a": {"b": [2]}}),
    ],
)
def test_json_inside_of_texts_is_expanded(value: Json, wanted: Json) -> None:
    assert expanded(value) == wanted
