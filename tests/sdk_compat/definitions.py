"""Definitions in the SDK's words, for the tests of its clients and of its workers."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from conductor.client.http.models.start_workflow_request import StartWorkflowRequest
from conductor.client.http.models.task_def import TaskDef
from conductor.client.http.models.workflow_def import WorkflowDef
from conductor.client.http.models.workflow_task import WorkflowTask

PATIENCE_SECONDS = 30


def node(task: str, ref: str, **inputs: Any) -> WorkflowTask:
    """A task for workers."""
    return WorkflowTask(name=task, task_reference_name=ref, type="SIMPLE", input_parameters=inputs)


def wait(ref: str, **inputs: Any) -> WorkflowTask:
    """A WAIT that somebody has to end."""
    return WorkflowTask(name=ref, task_reference_name=ref, type="WAIT", input_parameters=inputs)


def variable(ref: str, **values: Any) -> WorkflowTask:
    """A task that the server does at once."""
    return WorkflowTask(name=ref, task_reference_name=ref, type="SET_VARIABLE", input_parameters=values)


def workflow(name: str, *nodes: WorkflowTask, **fields: Any) -> WorkflowDef:
    """Version 1 of a workflow."""
    return WorkflowDef(name=name, version=1, owner_email="a@b.c", tasks=list(nodes), **fields)


def policy(name: str, **fields: Any) -> TaskDef:
    """A task definition."""
    return TaskDef(name=name, owner_email="a@b.c", **{"timeout_seconds": 0, "response_timeout_seconds": 60, "retry_count": 0, **fields})


def request(name: str, **fields: Any) -> StartWorkflowRequest:
    """Start version 1 of a workflow."""
    return StartWorkflowRequest(name=name, version=1, **{"input": {}, **fields})


def until(reached: Callable[[], bool]) -> None:
    """Ask the server again and again until something holds."""
    limit = monotonic() + PATIENCE_SECONDS
    while not reached():
        assert monotonic() < limit, "it never came to this"
