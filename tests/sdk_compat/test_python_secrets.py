"""The secret client of the official Python SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from conductor.client.http.rest import ApiException
from conductor.client.metadata_client import MetadataClient
from conductor.client.orkes.models.metadata_tag import MetadataTag
from conductor.client.orkes_clients import OrkesClients
from conductor.client.secret_client import SecretClient
from conductor.client.task_client import TaskClient
from conductor.client.workflow_client import WorkflowClient

from tests.sdk_compat.definitions import node, policy, request, workflow

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK calls its own deprecated properties


@pytest.fixture
def secrets(clients: OrkesClients) -> Iterator[SecretClient]:
    client = clients.get_secret_client()
    yield client
    for name in client.list_all_secret_names():
        client.delete_secret(name)


@pytest.mark.parametrize(
    "value", ["simple", 'with "quotes" inside', "two\nlines", "C:\\new\\table", "ümläut", json.dumps({"user": "u", "n": "a\nb"})]
)
def test_a_value_comes_back_as_it_was_put(secrets: SecretClient, value: str) -> None:
    secrets.put_secret("S_1", value)
    got = secrets.get_secret("S_1")
    assert got == value or json.loads(value) == got  # the SDK parses what looks like JSON


def test_secrets_are_listed_found_and_deleted(secrets: SecretClient) -> None:
    for name in ("A", "B"):
        secrets.put_secret(name, "value")
    assert secrets.list_all_secret_names() == {"A", "B"}
    assert secrets.list_secrets_that_user_can_grant_access_to() == ["A", "B"]
    assert secrets.secret_exists("A") is True
    secrets.delete_secret("A")
    assert secrets.secret_exists("A") is False
    with pytest.raises(ApiException) as refused:
        secrets.get_secret("A")
    assert refused.value.code == 404


def test_tags_are_set_and_deleted(secrets: SecretClient) -> None:
    secrets.put_secret("T", "value")
    tags = [MetadataTag("sdk", "py"), MetadataTag("team", "x")]
    secrets.set_secret_tags(tags, "T")
    assert [(tag.key, tag.value) for tag in secrets.get_secret_tags("T")] == [("sdk", "py"), ("team", "x")]
    secrets.delete_secret_tags([tags[0]], "T")
    assert [tag.key for tag in secrets.get_secret_tags("T")] == ["team"]
    with pytest.raises(ApiException) as refused:
        secrets.get_secret_tags("NONE")
    assert refused.value.code == 404


def test_a_worker_gets_a_secret(secrets: SecretClient, metadata: MetadataClient, workflows: WorkflowClient, tasks: TaskClient) -> None:
    secrets.put_secret("LOGIN", json.dumps({"user": "robot", "password": 'a"b'}))
    metadata.register_task_def(policy("s_task"))
    metadata.register_workflow_def(workflow("s_flow", node("s_task", "a", login="${workflow.secrets.LOGIN.password}")))
    workflow_id = workflows.start_workflow(request("s_flow"))
    task = tasks.poll_task("s_task", worker_id="me")
    assert task is not None
    assert task.input_data == {"login": 'a"b'}
    assert workflows.get_workflow(workflow_id).tasks[0].input_data == {"login": "${workflow.secrets.LOGIN.password}"}
    workflows.terminate_workflow(workflow_id)
