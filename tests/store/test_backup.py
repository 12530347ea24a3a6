"""Backup: a copy made under load holds everything up to one moment, and a server can start with it."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from podium.cli.main import main
from podium.errors import Conflict, NotFound
from podium.model.search import Search
from podium.store import backup
from podium.store.backup import back_up
from podium.store.sqlite import SqliteStore

from .given import a_task, a_workflow, born, stored


async def test_a_copy_made_while_runs_start_holds_all_that_was_answered_before(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "podium.db"))
    await store.open()
    for number in range(30):
        await stored(store, [born(a_workflow(f"w{number}"), a_task(f"w{number}"))])
    copying = asyncio.create_task(asyncio.to_thread(back_up, tmp_path / "podium.db", tmp_path / "copy.db"))
    number = 30
    while not copying.done():
        await stored(store, [born(a_workflow(f"w{number}"), a_task(f"w{number}"))])
        number += 1
    await store.close()

    assert await copying == (tmp_path / "copy.db").stat().st_size
    copy = SqliteStore(str(tmp_path / "copy.db"))
    await copy.open()
    page = await copy.search_workflows(Search(size=number))
    assert 30 <= page.total <= number
    assert set(page.ids) == {f"w{each}" for each in range(page.total)}  # and nothing is left out in between
    assert (await copy.search_workflows(Search(free_text="ada"))).total == page.total
    assert await copy.queue_sizes() == {("pay", None): page.total}
    await stored(copy, [born(a_workflow("new"))])
    await copy.close()


def test_a_copy_is_one_file(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "podium.db").execute("PRAGMA journal_mode = WAL").connection.close()
    back_up(tmp_path / "podium.db", tmp_path / "copy.db")

    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("copy")) == ["copy.db"]


def test_a_copy_takes_nobody_s_place_and_needs_a_database(tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")

    with pytest.raises(NotFound):
        back_up(tmp_path / "podium.db", tmp_path / "new.db")
    sqlite3.connect(tmp_path / "podium.db").close()
    with pytest.raises(Conflict):
        back_up(tmp_path / "podium.db", tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_what_is_no_database_leaves_no_copy(tmp_path: Path) -> None:
    (tmp_path / "podium.db").write_text("something else " * 100)

    with pytest.raises(OSError, match="could not be copied"):
        back_up(tmp_path / "podium.db", tmp_path / "copy.db")
    assert [path.name for path in tmp_path.iterdir()] == ["podium.db"]


def test_what_was_left_of_an_interrupted_copy_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite3.connect(tmp_path / "podium.db").execute("CREATE TABLE t (a)").connection.close()
    (tmp_path / "copy.db.part").write_text("half")
    seen: list[bool] = []
    real = backup._sync

    def sync(path: Path) -> None:
        seen.append((tmp_path / "copy.db").exists())
        real(path)

    monkeypatch.setattr(backup, "_sync", sync)

    assert back_up(tmp_path / "podium.db", tmp_path / "copy.db") > 0
    assert seen == [False, True]  # the file was on the disk before it got its name


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["new.db", "--database", "sqlite:///podium.db"], 0, "new.db: 4096 bytes\n"),
        (["podium.db", "--database", "sqlite:///podium.db"], 1, "podium: podium.db exists; a copy does not take the place of another.\n"),
        (["new.db", "--database", "sqlite:///none.db"], 1, "podium: There is no database none.db.\n"),
        (["new.db", "--database", "postgresql://h/d"], 2, "podium: database: only a SQLite file is copied; use pg_dump for PostgreSQL\n"),
        (["new.db", "--database", "sqlite://"], 2, "podium: database: only a SQLite file is copied; use pg_dump for PostgreSQL\n"),
        (["new.db", "--config", "none.toml"], 2, "podium: none.toml: [Errno 2] No such file or directory: 'none.toml'\n"),
    ],
)
def test_the_command_says_what_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    sqlite3.connect("podium.db").close()

    assert main(["backup", *arguments]) == code
    shown = capsys.readouterr()
    assert shown.out + shown.err == said
