"""Workers of the official Python SDK: the task handler's processes poll, work, chain, fail, wait and extend their leases."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from conductor.client.http.models.workflow_run import WorkflowRun
from conductor.client.http.models.workflow_task import WorkflowTask
from conductor.client.metadata_client import MetadataClient
from conductor.client.task_client import TaskClient
from conductor.client.workflow_client import WorkflowClient

from tests.e2e.process import ServerProcess
from tests.sdk_compat.definitions import node, policy, request, workflow

# The SDK calls its own deprecated properties.
pytestmark = [pytest.mark.usefixtures("workers"), pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def run(workflows: WorkflowClient, metadata: MetadataClient, name: str, *nodes: WorkflowTask, **fields: Any) -> WorkflowRun:
    """Register a workflow of these nodes, run it to its end."""
    metadata.update_workflow_def(workflow(name, *nodes), overwrite=True)
    return workflows.execute_workflow(request(name, **fields), request_id=name, wait_for_seconds=20)


def test_a_decorated_worker_registers_its_task_and_does_it(workflows: WorkflowClient, metadata: MetadataClient, tasks: TaskClient) -> None:
    ended = run(workflows, metadata, "py_one", node("py_add", "a", first="${workflow.input.n}", second=2), input={"n": 40})
    assert (ended.status, ended.output) == ("COMPLETED", {"sum": 42})
    assert metadata.get_task_def("py_add").name == "py_add"
    task = workflows.get_workflow(ended.workflow_id).tasks[0]
    assert [line.log for line in tasks.get_task_logs(task.task_id)] == ["adding 40 and 2"]


def test_the_next_task_comes_with_the_answer_to_a_report(
    workflows: WorkflowClient, metadata: MetadataClient, server: ServerProcess
) -> None:
    chain = [node("py_add", f"t{number}", first=number, second=1) for number in range(5)]
    ended = run(workflows, metadata, "py_chain", *chain)
    assert [task.output_data for task in workflows.get_workflow(ended.workflow_id).tasks] == [{"sum": number + 1} for number in range(5)]
    served = httpx2.get(f"{server.address}/metrics", trust_env=False).text
    assert 'podium_http_requests_total{method="POST",path="/api/tasks/update-v2"}' in served


def test_an_exception_is_a_failure_that_is_retried(workflows: WorkflowClient, metadata: MetadataClient, tasks: TaskClient) -> None:
    metadata.register_task_def(policy("py_flaky", retry_count=1, retry_delay_seconds=0))
    ended = run(workflows, metadata, "py_retry", node("py_flaky", "a"))
    assert (ended.status, ended.output) == ("COMPLETED", {"attempt": 1})
    first, second = workflows.get_workflow(ended.workflow_id).tasks
    assert (first.status, first.reason_for_incompletion, second.retried_task_id) == ("FAILED", "not this time", first.task_id)
    assert "ValueError" in tasks.get_task_logs(first.task_id)[0].log


def test_a_non_retryable_exception_ends_the_workflow(workflows: WorkflowClient, metadata: MetadataClient) -> None:
    metadata.register_task_def(policy("py_fatal", retry_count=5))
    ended = run(workflows, metadata, "py_end", node("py_fatal", "a"))
    assert ended.status == "FAILED"
    assert [task.status for task in workflows.get_workflow(ended.workflow_id).tasks] == ["FAILED_WITH_TERMINAL_ERROR"]


def test_a_worker_gives_a_task_back_and_gets_it_again(workflows: WorkflowClient, metadata: MetadataClient) -> None:
    ended = run(workflows, metadata, "py_again", node("py_patient", "a"))
    assert (ended.status, ended.output) == ("COMPLETED", {"polls": 2})


def test_a_worker_in_a_domain(workflows: WorkflowClient, metadata: MetadataClient) -> None:
    ended = run(workflows, metadata, "py_domain", node("py_blue", "a"), task_to_domain={"py_blue": "blue"})
    assert (ended.status, ended.output) == ("COMPLETED", {"colour": "blue"})


def test_the_lease_of_a_long_task_is_extended(workflows: WorkflowClient, metadata: MetadataClient) -> None:
    metadata.register_task_def(policy("py_long", response_timeout_seconds=6, retry_count=0))
    ended = run(workflows, metadata, "py_lease", node("py_long", "a"))
    assert (ended.status, ended.output) == ("COMPLETED", {"extended": True})
