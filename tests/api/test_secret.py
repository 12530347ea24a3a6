"""/secrets."""

from __future__ import annotations

import pytest

from podium.api.application import create_application
from podium.errors import LostKey
from podium.runtime.key_source import GivenKeys
from podium.runtime.keyring import new_key
from podium.runtime.platform import Platform
from podium.runtime.vault import Secret
from podium.testing.server import TestServer
from tests.api.door import Client


@pytest.mark.parametrize(
    ("spelling", "media_type", "value"),
    [
        (b"value", "text/plain", "value"),
        (b'"va\\"lue"', "application/json", 'va"lue'),
        (b'va\\"l\\nue', "application/json", 'va"l\nue'),  # a literal without its quotes, as one SDK sends it
        (b'va\\"l\\nue', "text/plain", 'va\\"l\\nue'),
        (b'{\\"a\\": \\"b\\"}', "application/json", '{"a": "b"}'),
        (b'{"a": "\\n"}', "application/json", '{"a": "\\n"}'),
        (b"C:\\new", "text/plain", "C:\\new"),
        (b"5", "application/json", "5"),
    ],
)
async def test_a_value_is_taken_in_any_spelling(client: Client, spelling: bytes, media_type: str, value: str) -> None:
    assert (await client.send("PUT /api/secrets/K", spelling, media_type)).status == 200
    reply = await client.send("GET /api/secrets/K")
    assert (reply.text, reply.headers["content-type"]) == (value, "text/plain;charset=UTF-8")


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("bad.key", b"v", 400),
        ("bad%20key", b"v", 400),
        ("%C3%A4", b"v", 400),
        ("k", b"", 400),
        ("k", b" \n", 400),
        ("k", b'""', 400),
        ("k", b"\xff\xfe", 400),
        ("k", b"x" * 65_536, 413),
        ("k", b"x" * 65_535, 200),
    ],
)
async def test_what_cannot_be_kept_is_refused(client: Client, name: str, value: bytes, status: int) -> None:
    assert (await client.send(f"PUT /api/secrets/{name}", value)).status == status
    assert (await client.send("POST /api/secrets")).json() == (["k"] if status == 200 else [])


async def test_names_are_listed_in_every_dialect(client: Client) -> None:
    for name, value in (("B", b"0123456789"), ("A", b"short")):
        await client.send(f"PUT /api/secrets/{name}", value)
    await client.send("PUT /api/secrets/B/tags", [{"key": "team", "value": "x"}])
    assert (await client.send("GET /api/secrets")).json() == ["A", "B"]
    assert (await client.send("GET /api/secrets?access=READ,UPDATE")).json() == ["A", "B"]
    assert (await client.send("GET /api/secrets?access=read")).status == 400
    assert (await client.send("POST /api/secrets", {})).json() == ["A", "B"]
    tags = [{"key": "team", "value": "x", "type": "METADATA"}]
    assert (await client.send("GET /api/secrets-v2")).json() == [{"name": "A", "tags": []}, {"name": "B", "tags": tags}]
    described = (await client.send("GET /api/secrets/v2")).json()
    assert [(one["name"], one["partial"]) for one in described] == [("A", "..."), ("B", "0123...6789")]
    assert described[0]["created_at"] == described[0]["updated_at"]
    assert (await client.send("GET /api/secrets/clearLocalCache")).json() == {"result": "nothing to clear"}
    assert (await client.send("GET /api/secrets/clearRedisCache")).status == 200


async def test_a_secret_that_is_not_there_is_not_found(client: Client) -> None:
    for call in ("GET /api/secrets/N", "DELETE /api/secrets/N", "GET /api/secrets/N/tags", "PUT /api/secrets/N/tags"):
        reply = await client.send(call, [] if call.startswith("PUT") else None)
        assert (reply.status, "N" in reply.json()["message"]) == (404, True), call
    assert (await client.send("GET /api/secrets/N/exists")).json() is False


async def test_a_deleted_secret_is_gone_with_its_tags(client: Client) -> None:
    await client.send("PUT /api/secrets/A", b"value")
    await client.send("PUT /api/secrets/A/tags", [{"key": "k", "value": 1}])
    assert (await client.send("GET /api/secrets/A/exists")).json() is True
    assert (await client.send("DELETE /api/secrets/A")).status == 200
    assert (await client.send("GET /api/secrets/A")).status == 404
    await client.send("PUT /api/secrets/A", b"value")
    assert (await client.send("GET /api/secrets/A/tags")).json() == []


@pytest.mark.parametrize("path", ["/secrets/A", "/environment/A"])
async def test_tags_are_merged_by_key_and_removed_by_key_and_value(client: Client, path: str) -> None:
    await client.send(f"PUT /api{path}", b"value")
    put, delete = f"PUT /api{path}/tags", f"DELETE /api{path}/tags"
    await client.send(put, [{"key": "b", "value": 7}, {"key": "a", "value": "x", "type": "RATE_LIMIT"}])
    await client.send(put, {"key": "a", "value": "y"})
    await client.send(delete, [{"key": "b", "value": "7"}])
    assert (await client.send(f"GET /api{path}/tags")).json() == [
        {"key": "a", "value": "y", "type": "METADATA"},
        {"key": "b", "value": 7, "type": "METADATA"},
    ]
    await client.send(delete, [{"key": "b", "value": 7}, {"key": "a", "value": "y"}])
    assert (await client.send(f"GET /api{path}/tags")).json() == []
    for wrong in (b"{", [{"value": 1}], [{"key": "a", "type": "OTHER"}], "x"):
        assert (await client.send(put, wrong)).status == 400


async def test_tags_and_secrets_outlive_a_restart(tmp_path_factory: pytest.TempPathFactory) -> None:
    database = tmp_path_factory.mktemp("restart") / "p.db"
    async with TestServer(database=database) as server:
        client = Client(create_application(server.platform))
        await client.send("PUT /api/secrets/A", b"value")
        await client.send("PUT /api/secrets/A/tags", [{"key": "k", "value": "v"}])
    async with TestServer(database=database) as server:
        client = Client(create_application(server.platform))
        assert (await client.send("GET /api/secrets/A")).text == "value"
        assert (await client.send("GET /api/secrets/A/tags")).json() == [{"key": "k", "value": "v", "type": "METADATA"}]


async def test_a_server_with_another_key_does_not_start(tmp_path_factory: pytest.TempPathFactory) -> None:
    database = tmp_path_factory.mktemp("lost") / "p.db"
    async with TestServer(database=database) as server:
        await Client(create_application(server.platform)).send("PUT /api/secrets/A", b"value")
    other = TestServer(database=database, secret_key=(new_key().text,))
    with pytest.raises(LostKey, match="secret A is encrypted with the key"):
        await other.__aenter__()


async def test_a_server_without_a_key_says_that_it_keeps_no_secrets(
    client: Client, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform.vault, "_keys", GivenKeys([]))
    reply = await client.send("PUT /api/secrets/A", b"value")
    assert (reply.status, "secret-key-file" in reply.json()["message"]) == (501, True)


async def test_secrets_of_the_environment_are_read_and_not_deleted(
    client: Client, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform.vault, "_below", {"OUTER": Secret(value="outer value")})
    assert (await client.send("GET /api/secrets/OUTER")).text == "outer value"
    assert (await client.send("GET /api/secrets/v2")).json() == [{"name": "OUTER", "partial": "oute...alue"}]
    assert (await client.send("DELETE /api/secrets/OUTER")).status == 501


async def test_the_key_is_not_among_the_secrets_and_not_shown(client: Client, platform: Platform) -> None:
    config = (await client.send("GET /api/admin/config")).text
    assert platform.settings.secret_key[0] not in config
    assert platform.settings.shown()["secret-key"] == "***"
