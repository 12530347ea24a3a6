"""Clients of the official Python SDK: definitions, starts in all forms, control, tasks, signals, logs, search."""

from __future__ import annotations

import pytest
from conductor.client.http.api.task_resource_api import TaskResourceApi
from conductor.client.http.models.rerun_workflow_request import RerunWorkflowRequest
from conductor.client.http.models.schema_def import SchemaDef, SchemaType
from conductor.client.http.models.skip_task_request import SkipTaskRequest
from conductor.client.http.models.task_result import TaskResult
from conductor.client.http.models.workflow_test_request import WorkflowTestRequest
from conductor.client.http.rest import ApiException
from conductor.client.metadata_client import MetadataClient
from conductor.client.orkes_clients import OrkesClients
from conductor.client.task_client import TaskClient
from conductor.client.workflow_client import WorkflowClient

from tests.sdk_compat.definitions import node, policy, request, until, variable, wait, workflow

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK calls its own deprecated properties


@pytest.fixture(autouse=True, scope="module")
def _definitions(clients: OrkesClients) -> None:
    metadata = clients.get_metadata_client()
    metadata.register_task_def(policy("c_task"))
    metadata.register_workflow_def(workflow("c_two", node("c_task", "a"), node("c_task", "b")))
    metadata.register_workflow_def(workflow("c_wait", wait("w1"), variable("v", got="${w1.output.k}"), wait("w2", asked="${w1.output.k}")))
    metadata.register_workflow_def(workflow("c_short", variable("v", x="${workflow.input.x}"), output_parameters={"x": "${v.input.x}"}))


@pytest.fixture(name="task_api")
def _task_api(tasks: TaskClient) -> TaskResourceApi:
    api: TaskResourceApi = tasks.taskResourceApi
    return api


def polled(tasks: TaskClient, workflow_id: str) -> TaskResult:
    """The report about the open task of a workflow, which is polled first."""
    task = tasks.poll_task("c_task", worker_id="me")
    assert task is not None
    assert task.workflow_instance_id == workflow_id
    return TaskResult(workflow_instance_id=workflow_id, task_id=task.task_id, worker_id="me", status="COMPLETED", output_data={"ok": 1})


def drain(workflows: WorkflowClient, workflow_id: str) -> None:
    """Leave nothing in the queue for the next test."""
    workflows.terminate_workflow(workflow_id, reason="over")


def test_definitions_are_kept_as_they_were_sent(metadata: MetadataClient) -> None:
    metadata.update_task_def(policy("c_kept", retry_count=7))
    metadata.register_workflow_def(workflow("c_kept", node("c_kept", "a", deep={"x": [1, None, "${workflow.input.q}"]})))
    kept = metadata.get_workflow_def("c_kept", version=1)
    assert kept.tasks[0].input_parameters == {"deep": {"x": [1, None, "${workflow.input.q}"]}}
    assert kept.tasks[0].task_definition is None
    assert metadata.get_task_def("c_kept").retry_count == 7
    assert "c_kept" in [one.name for one in metadata.get_all_workflow_defs()]
    assert "c_kept" in [one.name for one in metadata.get_all_task_defs()]


def test_what_was_deleted_is_not_found_and_named(metadata: MetadataClient, workflows: WorkflowClient) -> None:
    metadata.register_task_def(policy("c_gone"))
    metadata.register_workflow_def(workflow("c_gone", node("c_gone", "a")))
    metadata.unregister_workflow_def("c_gone", 1)
    metadata.unregister_task_def("c_gone")
    with pytest.raises(ApiException, match="c_gone") as refused:
        metadata.get_workflow_def("c_gone", version=1)
    assert refused.value.code == 404
    with pytest.raises(ApiException, match="c_gone") as refused:
        metadata.get_task_def("c_gone")
    assert refused.value.code == 404
    workflow_id = workflows.start_workflow(request("c_short"))
    workflows.delete_workflow(workflow_id)
    with pytest.raises(ApiException, match=workflow_id) as refused:
        workflows.get_workflow(workflow_id)
    assert refused.value.code == 404


def test_a_workflow_is_started_and_its_tasks_are_polled_and_reported(workflows: WorkflowClient, tasks: TaskClient) -> None:
    workflow_id = workflows.start_workflow(request("c_two", input={"n": 1}, correlation_id="co", priority=3))
    assert tasks.get_queue_size_for_task("c_task") == 1
    assert tasks.update_task(polled(tasks, workflow_id)) == polled_id(workflows, workflow_id, 0)
    [second] = tasks.batch_poll_tasks("c_task", worker_id="me", count=5, timeout_in_millisecond=100)
    assert tasks.get_task(second.task_id).reference_task_name == "b"
    tasks.update_task_by_ref_name(workflow_id, "b", "COMPLETED", {"k": "v"})  # the SDK wraps it
    ended = workflows.get_workflow(workflow_id)
    assert (ended.status, ended.correlation_id, ended.priority, ended.output) == ("COMPLETED", "co", 3, {"result": {"k": "v"}})
    assert {(data.queue_name, data.worker_id) for data in tasks.get_task_poll_data("c_task")} == {("c_task", "me")}


def polled_id(workflows: WorkflowClient, workflow_id: str, place: int) -> str:
    task_id: str = workflows.get_workflow(workflow_id).tasks[place].task_id
    return task_id


def test_update_v2_answers_with_the_next_task(workflows: WorkflowClient, tasks: TaskClient, task_api: TaskResourceApi) -> None:
    workflow_id = workflows.start_workflow(request("c_two"))
    following = task_api.update_task_v2(polled(tasks, workflow_id))
    assert (following.reference_task_name, following.status) == ("b", "IN_PROGRESS")
    last = TaskResult(workflow_instance_id=workflow_id, task_id=following.task_id, status="COMPLETED", output_data={})
    assert task_api.update_task_v2(last) is None
    assert workflows.get_workflow_status(workflow_id).status == "COMPLETED"


def test_a_lease_extension_changes_nothing_else(workflows: WorkflowClient, tasks: TaskClient) -> None:
    workflow_id = workflows.start_workflow(request("c_two"))
    result = polled(tasks, workflow_id)
    tasks.update_task(
        TaskResult(workflow_instance_id=workflow_id, task_id=result.task_id, status="IN_PROGRESS", output_data={}, extend_lease=True)
    )
    assert tasks.get_task(result.task_id).status == "IN_PROGRESS"
    assert tasks.batch_poll_tasks("c_task", count=1, timeout_in_millisecond=100) == []
    drain(workflows, workflow_id)


def test_logs_come_back_without_quotes(workflows: WorkflowClient, tasks: TaskClient) -> None:
    workflow_id = workflows.start_workflow(request("c_two"))
    task_id = polled_id(workflows, workflow_id, 0)
    tasks.add_task_log(task_id, "hello, world")
    assert tasks.get_task_logs(task_id)[0].log == "hello, world"
    drain(workflows, workflow_id)


def test_a_synchronous_start_answers_with_the_whole_run(workflows: WorkflowClient) -> None:
    run = workflows.execute_workflow(request("c_short", input={"x": 5}), request_id="r", wait_for_seconds=10)
    assert (run.status, run.output, run.input, run.request_id) == ("COMPLETED", {"x": 5}, {"x": 5}, "r")
    assert run.create_time > 0
    assert run.update_time > 0
    assert [task.reference_task_name for task in run.tasks] == ["v"]


@pytest.mark.parametrize("strategy", ["TARGET_WORKFLOW", "BLOCKING_WORKFLOW"])
def test_a_synchronous_start_stops_at_a_blocking_task_with_a_workflow(workflows: WorkflowClient, strategy: str) -> None:
    answer = workflows.execute_workflow_with_return_strategy(request("c_wait"), wait_for_seconds=5, return_strategy=strategy)
    assert (str(answer.response_type), answer.target_workflow_status, answer.workflow_id) == (
        strategy,
        "RUNNING",
        answer.target_workflow_id,
    )
    assert answer.tasks
    drain(workflows, answer.target_workflow_id)


@pytest.mark.parametrize("strategy", ["BLOCKING_TASK", "BLOCKING_TASK_INPUT"])
def test_a_synchronous_start_stops_at_a_blocking_task_with_the_task(workflows: WorkflowClient, strategy: str) -> None:
    answer = workflows.execute_workflow_with_return_strategy(request("c_wait"), wait_for_seconds=5, return_strategy=strategy)
    assert str(answer.response_type) == strategy
    assert (answer.task_type, answer.reference_task_name, answer.workflow_type) == ("WAIT", "w1", "c_wait")
    assert answer.task_id
    drain(workflows, answer.target_workflow_id)


def test_signals_go_to_the_waiting_task(workflows: WorkflowClient, task_api: TaskResourceApi) -> None:
    workflow_id = workflows.start_workflow(request("c_wait"))
    answer = task_api.signal_workflow_task_sync(workflow_id, "COMPLETED", {"k": 7}, return_strategy="BLOCKING_TASK_INPUT")
    assert (answer.reference_task_name, answer.input) == ("w2", {"asked": 7})
    task_api.signal_workflow_task_async(workflow_id, "COMPLETED", {"k": 8})
    until(lambda: workflows.get_workflow_status(workflow_id).status == "COMPLETED")
    assert workflows.get_workflow_status(workflow_id, include_output=True, include_variables=True).variables == {"got": 7}


def test_an_update_by_reference_can_wait_for_the_workflow(workflows: WorkflowClient, tasks: TaskClient) -> None:
    workflow_id = workflows.start_workflow(request("c_two"))
    after = tasks.update_task_sync(workflow_id, "a", "COMPLETED", {"k": 1})
    assert [(task.reference_task_name, task.status) for task in after.tasks] == [("a", "COMPLETED"), ("b", "SCHEDULED")]
    drain(workflows, workflow_id)


def test_a_workflow_is_paused_and_resumed(workflows: WorkflowClient, tasks: TaskClient) -> None:
    workflow_id = workflows.start_workflow(request("c_two"))
    workflows.pause_workflow(workflow_id)
    assert workflows.get_workflow(workflow_id).status == "PAUSED"
    tasks.update_task(polled(tasks, workflow_id))
    assert len(workflows.get_workflow(workflow_id).tasks) == 1
    workflows.resume_workflow(workflow_id)
    assert (workflows.get_workflow(workflow_id).status, len(workflows.get_workflow(workflow_id).tasks)) == ("RUNNING", 2)
    drain(workflows, workflow_id)


def test_a_workflow_is_terminated_restarted_and_failed_and_retried(workflows: WorkflowClient, tasks: TaskClient) -> None:
    workflow_id = workflows.start_workflow(request("c_two"))
    workflows.terminate_workflow(workflow_id, reason="enough")
    ended = workflows.get_workflow(workflow_id)
    assert (ended.status, ended.reason_for_incompletion) == ("TERMINATED", "enough")
    workflows.restart_workflow(workflow_id)
    assert workflows.get_workflow(workflow_id).status == "RUNNING"
    failed = polled(tasks, workflow_id)
    failed.status = "FAILED"
    tasks.update_task(failed)
    assert workflows.get_workflow(workflow_id).status == "FAILED"
    workflows.retry_workflow(workflow_id)
    again = workflows.get_workflow(workflow_id)
    assert (again.status, [task.retry_count for task in again.tasks]) == ("RUNNING", [0, 1])
    drain(workflows, workflow_id)


def test_a_workflow_is_rerun_from_a_task(workflows: WorkflowClient, tasks: TaskClient) -> None:
    workflow_id = workflows.start_workflow(request("c_two"))
    tasks.update_task(polled(tasks, workflow_id))
    tasks.update_task(polled(tasks, workflow_id))
    second = polled_id(workflows, workflow_id, 1)
    rerun = RerunWorkflowRequest(re_run_from_workflow_id=workflow_id, re_run_from_task_id=second, task_input={"k": 1})
    assert workflows.rerun_workflow(workflow_id, rerun) == workflow_id
    again = workflows.get_workflow(workflow_id)
    assert [(task.reference_task_name, task.status) for task in again.tasks] == [("a", "COMPLETED"), ("b", "SCHEDULED")]
    assert (again.tasks[1].task_id, again.tasks[1].input_data) == (second, {"k": 1})
    drain(workflows, workflow_id)


def test_a_task_ahead_is_skipped(workflows: WorkflowClient, tasks: TaskClient) -> None:
    workflow_id = workflows.start_workflow(request("c_two"))
    workflows.skip_task_from_workflow(workflow_id, "b", SkipTaskRequest(task_output={"skipped": True}))
    tasks.update_task(polled(tasks, workflow_id))
    assert workflows.get_workflow(workflow_id).status == "COMPLETED"


def test_workflows_are_found(workflows: WorkflowClient) -> None:
    workflow_id = workflows.start_workflow(request("c_short", correlation_id="find-me"))
    found = workflows.search(query=f"workflowId IN ({workflow_id}) AND status = 'COMPLETED'")
    assert [one.workflow_id for one in found.results] == [workflow_id]
    both = workflows.get_by_correlation_ids("c_short", ["find-me", "nobody"], include_completed=True)
    assert ([one.workflow_id for one in both["find-me"]], both["nobody"]) == ([workflow_id], [])


def test_a_definition_is_tried_with_mocked_results(workflows: WorkflowClient) -> None:
    mocked = {"a": [{"status": "COMPLETED", "output": {"n": 1}}], "b": [{"status": "COMPLETED", "output": {"n": 2}}]}
    tried = workflows.test_workflow(WorkflowTestRequest(name="c_two", version=1, input={}, task_ref_to_mock_output=mocked))
    assert (tried.status, [task.output_data for task in tried.tasks]) == ("COMPLETED", [{"n": 1}, {"n": 2}])


def test_an_unknown_workflow_cannot_be_started(workflows: WorkflowClient) -> None:
    with pytest.raises(ApiException) as refused:
        workflows.start_workflow(request("c_nobody"))
    assert refused.value.code == 404


def test_a_running_workflow_is_removed_with_the_default(workflows: WorkflowClient) -> None:
    workflow_id = workflows.start_workflow(request("c_wait"))
    workflows.delete_workflow(workflow_id)
    with pytest.raises(ApiException) as refused:
        workflows.get_workflow(workflow_id)
    assert refused.value.status == 404


def test_schemas_are_kept_and_enforced(clients: OrkesClients, metadata: MetadataClient, workflows: WorkflowClient) -> None:
    schemas = clients.get_schema_client()
    data = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "required": ["x"]}
    schemas.register_schema(SchemaDef(name="c_schema", version=2, type=SchemaType.JSON, data=data))
    assert schemas.get_schema("c_schema", 2).data == data
    assert "c_schema" in [one.name for one in schemas.get_all_schemas()]
    definition = workflow("c_checked", variable("v", x=1))
    definition.input_schema = SchemaDef(name="c_schema", version=2, type=SchemaType.JSON)
    definition.enforce_schema = True  # false by default in this SDK
    metadata.register_workflow_def(definition)
    with pytest.raises(ApiException) as refused:
        workflows.start_workflow(request("c_checked"))
    assert refused.value.status == 400
    assert workflows.start_workflow(request("c_checked", input={"x": 1}))
    schemas.delete_schema("c_schema", 2)
    with pytest.raises(ApiException):
        schemas.get_schema("c_schema", 2)
