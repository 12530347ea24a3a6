"""/event."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.door import Client


def handler(name: str = "h", **fields: object) -> dict[str, Any]:
    return {"name": name, "event": "conductor:e", "actions": [{"action": "start_workflow", "start_workflow": {"name": "w"}}], **fields}


async def test_a_handler_is_read_by_its_event_and_only_when_active(client: Client) -> None:
    assert (await client.send("POST /api/event", handler())).body == b""
    assert (await client.send("GET /api/event/conductor:e")).json() == []
    found = (await client.send("GET /api/event/conductor:e?activeOnly=false")).json()
    assert found[0]["actions"] == [{"action": "start_workflow", "start_workflow": {"name": "w", "input": {}}, "expandInlineJSON": False}]
    assert found[0]["active"] is False
    assert (await client.send("PUT /api/event", handler(active=True, condition="true"))).status == 200
    assert (await client.send("GET /api/event/conductor:e")).json()[0]["condition"] == "true"


async def test_a_list_is_created_whole_or_not_at_all(client: Client) -> None:
    assert (await client.send("POST /api/event", [handler("a"), handler("b")])).status == 200
    assert (await client.send("POST /api/event", [handler("c"), handler("a")])).status == 409
    assert [one["name"] for one in (await client.send("GET /api/event")).json()] == ["a", "b"]


async def test_everything_that_is_missing_is_named(client: Client) -> None:
    errors = (await client.send("POST /api/event", {})).json()["validationErrors"]
    assert [one["message"] for one in errors] == [
        "Missing event handler name",
        "Missing event location",
        "No actions specified. Please specify at-least one action",
    ]


@pytest.mark.parametrize("body", [handler(""), handler(event=None), handler(actions=[{"action": "dance"}]), b"{", b"3", b""])
async def test_a_handler_with_a_fault_is_refused(client: Client, body: object) -> None:
    assert (await client.send("POST /api/event", body)).status == 400


async def test_a_handler_without_actions_is_accepted_when_it_says_so(client: Client) -> None:
    assert (await client.send("POST /api/event", handler(actions=[]))).status == 200


async def test_unknown_handlers_are_not_found(client: Client) -> None:
    for call in ("DELETE /api/event/none", "GET /api/event/handler/none", "GET /api/event/handler/", "GET /api/event/handler"):
        assert (await client.send(call)).status == 404
    assert (await client.send("PUT /api/event", handler("none"))).status == 404


async def test_a_handler_is_read_and_deleted_by_its_name(client: Client) -> None:
    await client.send("POST /api/event", handler())
    assert (await client.send("GET /api/event/handler/h")).json()["name"] == "h"
    assert (await client.send("DELETE /api/event/h")).status == 200
    assert (await client.send("GET /api/event")).json() == []
