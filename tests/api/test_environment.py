"""/environment."""

from __future__ import annotations

import pytest

from tests.api.door import Client


@pytest.mark.parametrize(
    ("spelling", "value"), [(b'"va\\"lue"', 'va"lue'), (b"va\\nlue", "va\\nlue"), (b"value", "value"), (b'"', '"'), (b"5", "5")]
)
async def test_a_value_is_taken_in_any_spelling(client: Client, spelling: bytes, value: str) -> None:
    assert (await client.send("PUT /api/environment/K", spelling, "text/plain")).status == 200
    reply = await client.send("GET /api/environment/K")
    assert (reply.text, reply.headers["content-type"]) == (value, "text/plain;charset=UTF-8")


async def test_an_unknown_value_is_not_found(client: Client) -> None:
    assert (await client.send("GET /api/environment/NONE")).status == 404


async def test_deleting_answers_with_the_old_value(client: Client) -> None:
    await client.send("PUT /api/environment/B", b"2")
    await client.send("PUT /api/environment/A", b"1")
    assert (await client.send("GET /api/environment")).json() == [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    assert (await client.send("DELETE /api/environment/A")).text == "1"
    reply = await client.send("DELETE /api/environment/A")
    assert (reply.status, reply.body, "content-type" in reply.headers) == (200, b"", False)


async def test_bytes_that_are_no_text_are_refused(client: Client) -> None:
    assert (await client.send("PUT /api/environment/K", b"\xff\xfe")).status == 400
