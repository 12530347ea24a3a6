"""Secrets that come back are hidden."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.engine.scrub import Scrub
from podium.engine.secrets import secret_names, secret_values
from podium.model.json import Json
from podium.model.payload import Payload

SECRET = 'p"w/ö\n+&'


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        (SECRET, "***"),
        (f"<{SECRET}>{SECRET}", "<***>***"),
        ({"a": [SECRET, 1, None], SECRET: True}, {"a": ["***", 1, None], "***": True}),
        ('{"echo": "p\\"w/\\u00f6\\n+&"}', '{"echo": "***"}'),
        ('{"echo": "p\\"w/ö\\n+&"}', '{"echo": "***"}'),
        ('{"echo": "p\\"w\\/\\u00f6\\n+&"}', '{"echo": "***"}'),
        ("http://x/?q=p%22w%2F%C3%B6%0A%2B%26", "http://x/?q=***"),
        ("p", "p"),
    ],
)
def test_a_secret_is_hidden_in_every_spelling(value: Json, hidden: Json) -> None:
    scrub = Scrub.of([SECRET])
    assert scrub is not None
    assert scrub.value(value) == hidden


@pytest.mark.parametrize("values", [[], [None], ["abc"], [True, False], [{}], [["ab", 12345678]]])
def test_what_is_too_short_to_be_told_from_other_things_is_not_hidden(values: list[Json]) -> None:
    assert Scrub.of(values) is None


def test_the_longer_secret_is_hidden_whole() -> None:
    scrub = Scrub.of(["pass", "password"])
    assert scrub is not None
    assert scrub.text("password pass") == "*** ***"


def test_of_a_json_document_its_parts_are_hidden_too() -> None:
    scrub = Scrub.of(['{"user": "root", "password": "hunter2", "port": 5432}'])
    assert scrub is not None
    assert scrub.text("hunter2@localhost:5432") == "***@localhost:5432"


def test_a_payload_without_the_secret_is_the_same_object() -> None:
    scrub = Scrub.of(["hunter2"])
    assert scrub is not None
    plain = Payload.read(b'{"a": "hunter1"}')
    assert scrub.payload(plain) is plain
    escaped = Payload.read(b'{"a": "\\n"}')
    assert scrub.payload(escaped) is escaped


@pytest.mark.parametrize("raw", [b'{"a": ["hunter2"]}', b'{"a": ["hunter\\u0032"]}', b'{"a": ["\\u0068unter2"]}'])
def test_a_payload_is_searched_however_it_is_spelled(raw: bytes) -> None:
    scrub = Scrub.of(["hunter2"])
    assert scrub is not None
    assert scrub.payload(Payload.read(raw)).value == {"a": ["***"]}


@given(st.text(min_size=4), st.text())
def test_no_text_keeps_a_secret(secret: str, around: str) -> None:
    scrub = Scrub.of([secret])
    assert scrub is not None
    assert secret not in scrub.text(around + secret + around).replace("***", "") or secret in "***"


def test_references_are_known_by_their_names_and_values() -> None:
    known = {"a": "one", "b": '{"x": [1, "two"]}'}
    value: Json = {"p": "${workflow.secrets.a}", "q": ["<${workflow.secrets.b.x}${workflow.secrets.none}>", "${workflow.input.a}"]}
    assert secret_names(value) == {"a", "b", "none"}
    assert sorted(map(str, secret_values(value, known.get))) == ["[1, 'two']", "one"]
