"""Answers: what goes back to a client, in the few forms that there are (spec/api.md §1.3)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from podium.model.wire import encode

JSON = b"application/json"
EVENTS = b"text/event-stream"
NO_CONTENT = 204
TEXT = b"text/plain;charset=UTF-8"
PLAIN_INDEED = ((b"x-content-type-options", b"nosniff"),)  # no browser may read markup into a text that a user chose


@dataclass(slots=True)
class Answer:
    """A status, a body and what describes it."""

    status: int = 200
    body: bytes = b""
    content_type: bytes | None = None  # None: no Content-Type header at all
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def fields(self) -> list[tuple[bytes, bytes]]:
        """The headers as they go on the wire: its own, then what describes the body."""
        fields = list(self.headers)
        if self.content_type is not None:
            fields.append((b"content-type", self.content_type))
        if self.status != NO_CONTENT:
            fields.append((b"content-length", b"%d" % len(self.body)))
        return fields


class StreamedAnswer(Answer):
    """An answer whose body comes piece by piece, for as long as the client stays. Whoever sends it closes `pieces` at the end."""

    __slots__ = ("pieces",)

    def __init__(self, pieces: AsyncGenerator[bytes, None], content_type: bytes) -> None:
        super().__init__(content_type=content_type, headers=((b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")))
        self.pieces = pieces

    def fields(self) -> list[tuple[bytes, bytes]]:
        """The headers as they go on the wire; the length is not known."""
        return [field for field in super().fields() if field[0] != b"content-length"]


def json_answer(value: object, status: int = 200) -> Answer:
    """A value of the model, a list of them or plain JSON, in its wire form."""
    return Answer(status, encode(value), JSON)


def raw_json(body: bytes, status: int = 200) -> Answer:
    """JSON that is text already."""
    return Answer(status, body, JSON)


def text_answer(value: str, status: int = 200) -> Answer:
    """The bare value, without quotes."""
    return Answer(status, value.encode("utf-8", "replace"), TEXT, PLAIN_INDEED)


def nothing(status: int = 200) -> Answer:
    """An empty body without Content-Type: 200 for a handler that has no answer, 204 where there is no content."""
    return Answer(status)
