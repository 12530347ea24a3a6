"""Secrets are unreadable where they are stored, and the key that opens them can be lost, found and changed."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from podium.cli.secrets import run as secrets_command
from podium.errors import LostKey, NotFound, NotSupported
from podium.model.tag import Tag
from podium.runtime.key_source import GivenKeys, KeyFile, KeySource
from podium.runtime.keyring import Keyring, new_key, read_key
from podium.runtime.vault import Vault
from podium.store.sqlite import SqliteStore
from podium.store.store import Store
from podium.testing.clock import FakeClock
from podium.testing.server import TestServer

VALUE = "hunter2-and-more"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(str(tmp_path / "p.db"))
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "p.db.key"


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def write(file: Path, content: str) -> None:
    file.write_text(content, encoding="latin-1")


def lose(file: Path) -> None:
    file.unlink()


def files_beside(file: Path) -> list[Path]:
    return list(file.parent.iterdir())


def names_beside(file: Path) -> set[str]:
    return {one.name for one in files_beside(file) if "key" in one.name}


async def opened(store: Store, keys: KeySource) -> Vault:
    vault = Vault(store, FakeClock(), keys, {})
    await vault.load()
    return vault


def test_what_is_sealed_opens_under_its_own_name_alone() -> None:
    ring = Keyring([new_key()])
    sealed = ring.seal(b"value", "secret A")
    assert ring.open(sealed, "secret A") == b"value"
    assert b"value" not in sealed
    assert ring.seal(b"value", "secret A") != sealed
    for broken in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:12] + bytes([sealed[12] ^ 1]) + sealed[13:], sealed[:20]):
        with pytest.raises(LostKey):
            ring.open(broken, "secret A")
    with pytest.raises(LostKey, match="belongs to another name"):
        ring.open(sealed, "secret B")


@pytest.mark.parametrize("text", ["", "abc", "é", "A" * 44, new_key().text + "AAAA"])
def test_a_text_that_is_no_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(LostKey, match=r"^here: expected a key of 32 bytes") as refusal:
        read_key(text, "here")
    assert not text or text not in refusal.value.message


def test_a_new_key_survives_being_written_down() -> None:
    key = new_key()
    assert read_key(f" {key.text}\n", "here").raw == key.raw


async def test_the_first_start_makes_a_file_that_its_owner_alone_may_read(store: SqliteStore, file: Path) -> None:
    await opened(store, KeyFile(file))
    assert mode(file) == 0o600
    [before] = KeyFile(file).keyring().keys
    await opened(store, KeyFile(file))
    assert [key.raw for key in KeyFile(file).keyring().keys] == [before.raw]
    assert names_beside(file) == {file.name}


async def test_a_secret_is_nowhere_in_the_files_of_the_database(store: SqliteStore, file: Path) -> None:
    vault = await opened(store, KeyFile(file))
    await vault.put("TOKEN", VALUE, "me")
    assert (await opened(store, KeyFile(file))).value("TOKEN") == VALUE
    assert [one.name for one in files_beside(file) if VALUE.encode() in one.read_bytes()] == []


async def test_a_replaced_secret_keeps_the_time_of_its_creation(store: SqliteStore, file: Path) -> None:
    clock = FakeClock()
    vault = Vault(store, clock, KeyFile(file), {})
    await vault.load()
    await vault.put("A", "one", "me")
    began = clock.now()
    clock.advance(5)
    await vault.put("A", "two", "me")
    secret = (await opened(store, KeyFile(file))).find("A")
    assert secret is not None
    assert (secret.value, secret.create_time, secret.update_time) == ("two", began, began + 5)


async def test_a_stored_secret_lies_above_one_of_the_environment(store: SqliteStore, file: Path) -> None:
    vault = Vault(store, FakeClock(), KeyFile(file), {"A": "outer", "B": "b"})
    await vault.load()
    assert (vault.value("A"), vault.names()) == ("outer", ["A", "B"])
    await vault.put("A", "inner", "me")
    assert vault.value("A") == "inner"
    await vault.forget("A")
    assert vault.value("A") == "outer"
    with pytest.raises(NotSupported):
        await vault.forget("A")
    with pytest.raises(NotFound):
        await vault.forget("NONE")


async def test_a_lost_file_and_a_wrong_key_are_told_and_nothing_is_made_up(store: SqliteStore, file: Path) -> None:
    await (await opened(store, KeyFile(file))).put("TOKEN", VALUE, "me")
    lose(file)
    with pytest.raises(LostKey, match=f"the file with their key is not there: {file}"):
        await opened(store, KeyFile(file))
    assert names_beside(file) == set()
    with pytest.raises(LostKey, match=r"secret TOKEN is encrypted with the key [0-9a-f]{16}, which is not among the keys"):
        await opened(store, GivenKeys([new_key().text]))
    with pytest.raises(LostKey, match="this server has no key"):
        await opened(store, GivenKeys([]))
    for content in ("", "# nothing\n", "no key\n", "\x80"):
        write(file, content)
        with pytest.raises(LostKey, match=str(file)):
            await opened(store, KeyFile(file))


async def test_a_server_without_a_key_takes_no_secrets(store: SqliteStore) -> None:
    vault = await opened(store, GivenKeys([]))
    with pytest.raises(NotSupported, match="secret-key"):
        await vault.put("A", "value", "me")


async def test_of_several_keys_the_first_encrypts_and_all_decrypt(store: SqliteStore) -> None:
    old, new = new_key().text, new_key().text
    await (await opened(store, GivenKeys([old]))).put("A", VALUE, "me")
    vault = await opened(store, GivenKeys([new, old]))
    await vault.put("B", VALUE, "me")
    with pytest.raises(LostKey, match="secret A is") as lost:
        await opened(store, GivenKeys([new]))
    assert "secret B" not in lost.value.message
    assert await vault.rotate() == 1
    assert (await opened(store, GivenKeys([new]))).value("A") == VALUE


async def test_a_rotation_encrypts_everything_under_a_new_key(store: SqliteStore, file: Path) -> None:
    running = await opened(store, KeyFile(file))
    for name in ("A", "B"):
        await running.put(name, VALUE, "me")
    before = KeyFile(file).keyring()
    assert await (await opened(store, KeyFile(file))).rotate() == 2
    after = KeyFile(file).keyring()
    assert [key.raw for key in after.keys[1:]] == [before.keys[0].raw]
    assert mode(file) == 0o600
    await running.put("C", VALUE, "me")  # a server that has run all the time
    assert (await opened(store, GivenKeys([after.keys[0].text]))).names() == ["A", "B", "C"]
    await (await opened(store, KeyFile(file))).rotate()
    assert before.keys[0].raw not in [key.raw for key in KeyFile(file).keyring().keys]


async def test_what_is_set_during_a_rotation_is_not_overwritten(store: SqliteStore, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = await opened(store, KeyFile(file))
    await running.put("A", "old", "me")
    rotating = await opened(store, KeyFile(file))
    exchange = store.exchange

    async def late(kind: str, name: str, before: bytes, after: bytes) -> bool:
        monkeypatch.undo()
        await running.put("A", "new", "me")
        return await exchange(kind, name, before, after)

    monkeypatch.setattr(store, "exchange", late)
    await rotating.rotate()
    assert (await opened(store, KeyFile(file))).value("A") == "new"


async def test_the_command_rotates_beside_a_running_server(store: SqliteStore, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await (await opened(store, KeyFile(file))).put("A", VALUE, "me")
    flags = ["rotate-key", "--database", f"sqlite:///{store.path}"]
    assert await asyncio.to_thread(secrets_command, flags) == 0
    assert capsys.readouterr().out == "Secrets encrypted under another key: 1\n"
    lose(file)
    assert await asyncio.to_thread(secrets_command, flags) == 1
    assert "the file with their key is not there" in capsys.readouterr().err


def test_the_command_prints_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert secrets_command(["new-key"]) == 0
    read_key(capsys.readouterr().out, "printed")
    assert secrets_command(["--help"]) == 0
    assert [secrets_command([]), secrets_command(["rotate"]), secrets_command(["rotate-key", "--prot", "1"])] == [2, 2, 2]


async def test_a_server_takes_in_what_another_has_set(tmp_path: Path) -> None:
    database = tmp_path / "shared.db"
    async with TestServer(database=database) as one, TestServer(database=database) as other:
        await one.platform.vault.put("A", "new", "me")
        await one.platform.registry.tags.add("SECRET_NAME", "A", [Tag(key="k")])
        assert other.platform.vault.value("A") is None
        await other.platform.registry.load()
        assert other.platform.vault.value("A") == "new"
        assert other.platform.registry.tags.of("SECRET_NAME", "A") == [Tag(key="k")]
