"""JDBC on MySQL: what the driver is told, with a driver that only listens."""

from __future__ import annotations

from typing import Any, Self

import pytest

from podium.errors import Invalid
from podium.runtime.system.sql_database import Database, SqlFailed, SqlLimits, WrongCount
from podium.runtime.system.sql_mysql import prepared

pymysql = pytest.importorskip("pymysql")


class Ear:
    """A connection, and its cursor, that write down what they are told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.login: dict[str, Any] = {}
        self.rowcount = 1
        self.description = (("n",), ("t",))
        self.failing: Exception | None = None

    def connect(self, **login: Any) -> Ear:
        self.login = login
        return self

    def cursor(self, _kind: type) -> Ear:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def execute(self, text: str) -> None:
        self.told.append(text)
        if self.failing is not None and text.startswith("EXECUTE"):
            raise self.failing

    def __iter__(self) -> Any:
        return iter([(1, "a"), (2, None)])

    def commit(self) -> None:
        self.told.append("commit")

    def close(self) -> None:
        self.told.append("close")


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Ear:
    made = Ear()
    monkeypatch.setattr(pymysql, "connect", made.connect)
    return made


def database(options: str = "") -> Database:
    from podium.runtime.system.jdbc import open_databases

    return open_databases([f"m=mysql://me:secret@db/shop{options}"], SqlLimits(seconds=7))["m"]


def test_a_statement_and_its_texts_go_as_digits() -> None:
    evil = "'); DROP TABLE x; --\\"
    assert prepared("SELECT ?", [evil]) == [
        f"SET @podium = CONVERT(X'{b'SELECT ?'.hex()}' USING utf8mb4), @podium_0 = CONVERT(X'{evil.encode().hex()}' USING utf8mb4)",
        "PREPARE podium FROM @podium",
        "EXECUTE podium USING @podium_0",
    ]
    assert prepared("S", [1, 2.5, None, True])[0].endswith("@podium_0 = 1, @podium_1 = 2.5, @podium_2 = NULL, @podium_3 = 1")
    assert prepared("S", [])[-1] == "EXECUTE podium"


async def test_a_select_only_reads(ear: Ear) -> None:
    assert await database().select("SELECT n, t", []) == [{"n": 1, "t": "a"}, {"n": 2, "t": None}]
    assert (ear.told[0], ear.told[-2:]) == ("START TRANSACTION READ ONLY", ["commit", "close"])
    assert (ear.login["host"], ear.login["port"], ear.login["user"], ear.login["database"]) == ("db", 3306, "me", "shop")
    assert (ear.login["read_timeout"], ear.login["local_infile"]) == (7, False)


async def test_an_update_is_committed_when_it_is_as_expected(ear: Ear) -> None:
    assert await database().update("DELETE", [], 0) == 1
    assert ear.told[-2:] == ["commit", "close"]
    with pytest.raises(WrongCount):
        await database().update("DELETE", [], 2)
    assert ear.told[-1] == "close"
    assert "commit" not in ear.told[-2:]


async def test_a_database_that_is_read_only_takes_no_updates(ear: Ear) -> None:
    await database("?readonly=true").update("DELETE", [], 0)
    assert ear.told[0] == "START TRANSACTION READ ONLY"


async def test_what_the_server_refuses_is_told_in_its_words(ear: Ear) -> None:
    ear.failing = pymysql.err.ProgrammingError(1064, "You have an error in your SQL syntax")
    with pytest.raises(SqlFailed, match="You have an error"):
        await database().select("no sql", [])
    assert ear.told[-1] == "close"
    with pytest.raises(SqlFailed):
        await database().select("SELECT ?", [float("inf")])


def test_without_the_driver_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(Invalid, match=r"podium\[mysql\]"):
        database()
