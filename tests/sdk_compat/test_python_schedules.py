"""The scheduler's client of the official Python SDK: save, read, pause, tags, next times, what became of the instants."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conductor.client.ai.schedule_errors import InvalidCronExpression, ScheduleNotFound
from conductor.client.http.models.save_schedule_request import SaveScheduleRequest
from conductor.client.http.models.start_workflow_request import StartWorkflowRequest
from conductor.client.http.rest import ApiException
from conductor.client.orkes.models.metadata_tag import MetadataTag
from conductor.client.orkes.orkes_scheduler_client import OrkesSchedulerClient
from conductor.client.orkes_clients import OrkesClients
from conductor.client.workflow_client import WorkflowClient

from tests.sdk_compat.definitions import until, variable, workflow

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK calls its own deprecated properties


@pytest.fixture(autouse=True, scope="module")
def _definitions(clients: OrkesClients) -> None:
    clients.get_metadata_client().register_workflow_def(workflow("c_scheduled", variable("v", x="${workflow.input.x}")))


@pytest.fixture(name="schedules")
def _schedules(clients: OrkesClients) -> Iterator[OrkesSchedulerClient]:
    client = clients.get_scheduler_client()
    yield client
    for schedule in client.get_all_schedules():
        client.delete_schedule(schedule.name)


def request(name: str, cron: str = "0 0 0 1 1 ?", **fields: object) -> SaveScheduleRequest:
    start = StartWorkflowRequest(name="c_scheduled", version=1, input={"x": 5})
    return SaveScheduleRequest(name=name, cron_expression=cron, start_workflow_request=start, **fields)


def test_a_schedule_is_saved_read_listed_and_deleted(schedules: OrkesSchedulerClient) -> None:
    schedules.save_schedule(request("py-one", paused=True, zone_id="Europe/Paris"))
    saved = schedules.get_schedule("py-one")
    assert saved is not None
    assert (saved.cron_expression, saved.zone_id, saved.paused) == ("0 0 0 1 1 ?", "Europe/Paris", True)
    assert saved.start_workflow_request.input == {"x": 5}
    assert [one.name for one in schedules.get_all_schedules("c_scheduled")] == ["py-one"]
    assert schedules.get_all_schedules("nothing") == []
    schedules.delete_schedule("py-one")
    with pytest.raises(ApiException) as refused:
        schedules.get_schedule("py-one")
    assert refused.value.status == 404


def test_a_schedule_is_paused_and_resumed(schedules: OrkesSchedulerClient) -> None:
    schedules.save_schedule(request("py-two"))
    schedules.pause_schedule("py-two", "a reason")
    paused = schedules.get_schedule("py-two")
    assert paused is not None
    assert (paused.paused, paused.paused_reason) == (True, "a reason")
    schedules.resume_schedule("py-two")
    resumed = schedules.get_schedule("py-two")
    assert resumed is not None
    assert resumed.paused is False
    schedules.requeue_all_execution_records()
    schedules.pause_all_schedules()
    schedules.resume_all_schedules()


def test_the_next_times_are_told_and_errors_have_their_types(schedules: OrkesSchedulerClient) -> None:
    start = 4_102_444_800_000
    assert schedules.get_next_few_schedule_execution_times("0 0 0 * * *", start, limit=2) == [start, start + 86_400_000]
    assert schedules.preview_next("0 0 0 * * *", 1, start) == [start]
    with pytest.raises(InvalidCronExpression):
        schedules.preview_next("nonsense")
    with pytest.raises(ScheduleNotFound):
        schedules.pause("nowhere")


def test_tags_are_set_and_deleted(schedules: OrkesSchedulerClient) -> None:
    schedules.save_schedule(request("py-three"))
    tags = [MetadataTag("team", "k1"), MetadataTag("stage", "test")]
    schedules.set_scheduler_tags(tags, "py-three")
    assert [(tag.key, tag.value) for tag in schedules.get_scheduler_tags("py-three")] == [("team", "k1"), ("stage", "test")]
    schedules.delete_scheduler_tags(tags[:1], "py-three")
    assert [tag.key for tag in schedules.get_scheduler_tags("py-three")] == ["stage"]


def test_each_second_starts_a_workflow_and_is_found(schedules: OrkesSchedulerClient, workflows: WorkflowClient) -> None:
    schedules.save_schedule(request("py-often", "0/1 * * ? * *"))

    def found() -> list[object]:
        answer = schedules.search_schedule_executions(0, 5, "startTime:DESC", query="scheduleName IN (py-often)")
        return [one for one in answer.results if one.state == "EXECUTED"]

    until(lambda: len(found()) > 1)
    schedules.delete_schedule("py-often")
    execution = found()[0]
    assert (execution.schedule_name, execution.workflow_name) == ("py-often", "c_scheduled")  # type: ignore[attr-defined]
    started = workflows.get_workflow(execution.workflow_id)  # type: ignore[attr-defined]
    assert (started.status, started.input["x"], started.input["_startedByScheduler"]) == ("COMPLETED", 5, "py-often")
