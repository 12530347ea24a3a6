"""Tasks that make secrets and use them: UPDATE_SECRET, GET_SIGNED_JWT (spec/tasks.md §4.13, §4.14)."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from podium.model.status import TaskStatus
from podium.runtime.key_source import GivenKeys
from podium.testing.server import TestServer
from tests.runtime.test_workflow_tasks import other, outcome

SAID: dict[str, Any] = {"secretKey": "TOKEN", "secretValue": "hunter2"}


async def test_update_secret_keeps_a_value_and_tells_nothing(server: TestServer) -> None:
    for value in ("one", "two"):
        task = await outcome(server, "UPDATE_SECRET", {"_secrets": SAID | {"secretValue": value}})
        assert (task.status, task.output.value) == (TaskStatus.COMPLETED, {})
        assert server.platform.vault.value("TOKEN") == value
    await outcome(server, "UPDATE_SECRET", {"_secrets": SAID | {"secretValue": {"a": [1]}}})
    assert server.platform.vault.value("TOKEN") == '{"a":[1]}'
    answer = await server.client.get(f"/api/tasks/{task.task_id}")
    assert answer.json()["inputData"] == {"_secrets": "***"}


@pytest.mark.parametrize(
    "given",
    [{}, {"_secrets": "x"}, {"_secrets": {}}, {"_secrets": {"secretKey": "A"}}, {"_secrets": SAID | {"secretKey": " "}}]
    + [{"_secrets": SAID | {"secretValue": value}} for value in ("", "  ", None)],
)
async def test_update_secret_without_a_name_or_value_ends_the_workflow(server: TestServer, given: dict[str, Any]) -> None:
    task = await outcome(server, "UPDATE_SECRET", given)
    assert task.status is TaskStatus.FAILED_WITH_TERMINAL_ERROR
    assert "secretKey" in (task.reason or "")
    assert server.platform.vault.names() == []


async def test_update_secret_says_why_it_cannot(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    task = await outcome(server, "UPDATE_SECRET", {"_secrets": SAID | {"secretKey": "bad.name"}})
    assert (task.status, "bad.name" in (task.reason or "")) == (TaskStatus.FAILED, True)
    monkeypatch.setattr("podium.runtime.system.update_secret.may", lambda *_: False)
    task = await outcome(server, "UPDATE_SECRET", {"_secrets": SAID})
    assert (task.status, task.reason) == (TaskStatus.FAILED, "tester has no CREATE access to the secret 'TOKEN'")
    monkeypatch.undo()
    monkeypatch.setattr(server.platform.vault, "_keys", GivenKeys([]))
    task = await outcome(server, "UPDATE_SECRET", {"_secrets": SAID})
    assert (task.status, "secret-key" in (task.reason or "")) == (TaskStatus.FAILED, True)


async def test_update_task_passes_a_reference_on_and_not_the_secret(server: TestServer) -> None:
    await server.platform.vault.put("TOKEN", "hunter2", "tester")
    workflow_id = await other(server)
    request = {"workflowId": workflow_id, "taskRefName": "a", "taskStatus": "COMPLETED", "taskOutput": {"t": "${workflow.secrets.TOKEN}"}}
    await outcome(server, "UPDATE_TASK", request)
    (task,) = (await server.platform.executor.read(workflow_id)).listed()
    assert (task.status, task.output.value) == (TaskStatus.COMPLETED, {"t": "${workflow.secrets.TOKEN}"})


@cache
def rsa() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=False)


def pem(key: RSAKey | ECKey | None = None, *, private: bool = True) -> str:
    return (key or rsa()).as_pem(private=private).decode()


async def test_a_token_says_what_was_asked_and_is_hidden(server: TestServer) -> None:
    await server.platform.vault.put("PEM", pem(), "tester")
    request = {
        "subject": "robot",
        "issuer": "podium",
        "privateKey": "${workflow.secrets.PEM}",
        "privateKeyId": "k1",
        "audience": "https://bank",
        "ttlInSecond": "60",
        "scopes": ["read", "write"],
    }
    task = await outcome(server, "GET_SIGNED_JWT", request)
    secrets: Any = task.output.value["_secrets"]
    token = jwt.decode(secrets["jwt"], rsa(), algorithms=["RS256"])
    now = server.clock.now() // 1000
    assert token.header == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    claims = {"iss": "podium", "sub": "robot", "aud": "https://bank", "iat": now, "exp": now + 60, "scope": "read write"}
    assert token.claims == claims
    assert (await server.client.get(f"/api/tasks/{task.task_id}")).json()["outputData"] == {"_secrets": "***"}


async def test_a_token_has_no_claims_that_nobody_asked_for(server: TestServer) -> None:
    key = ECKey.generate_key("P-256", auto_kid=False)
    request = {"privateKey": pem(key).replace("\n", "\\n"), "algorithm": "ES256", "ttlInSeconds": 5, "scopes": "all"}
    task = await outcome(server, "GET_SIGNED_JWT", request)
    secrets: Any = task.output.value["_secrets"]
    token = jwt.decode(secrets["jwt"], key, algorithms=["ES256"])
    now = server.clock.now() // 1000
    assert (token.header, token.claims) == ({"alg": "ES256", "typ": "JWT"}, {"iat": now, "exp": now + 5, "scope": "all"})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"privateKey": None}, "privateKey"),
        ({"privateKey": "-----BEGIN PRIVATE KEY-----\nsmall\n-----END PRIVATE KEY-----"}, "privateKey"),
        ({"privateKey": "words"}, "privateKey"),
        ({"privateKey": pem(private=False)}, "privateKey"),
        ({"algorithm": "ES256"}, "privateKey"),
        ({"algorithm": "none"}, "algorithm"),
        ({"algorithm": ["RS256"]}, "algorithm"),
        ({"ttlInSecond": 0}, "ttlInSecond"),
        ({"ttlInSecond": "soon"}, "ttlInSecond"),
        ({"ttlInSecond": 1.5}, "ttlInSecond"),
        ({"ttlInSecond": 10**12}, "ttlInSecond"),
        ({"subject": 5}, "subject"),
        ({"privateKeyId": {}}, "privateKeyId"),
    ],
)
async def test_a_request_that_cannot_be_signed_fails_for_good(server: TestServer, change: dict[str, Any], named: str) -> None:
    task = await outcome(server, "GET_SIGNED_JWT", {"privateKey": pem(), "subject": "me"} | change)
    assert task.status is TaskStatus.FAILED_WITH_TERMINAL_ERROR
    assert (task.reason or "").startswith(f"{named}: expected ")
    assert "small" not in (task.reason or "")
