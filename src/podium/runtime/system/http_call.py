"""HTTP calls: what the input of an HTTP task asks for (spec/tasks.md §4.2)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import httpx2
import msgspec

from podium.engine.java_text import java_text
from podium.model.json import Json, JsonObject

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
DEFAULT_MS: Final = 3_000
CONNECT_MS_WHEN_NULL: Final = 100
READ_MS_WHEN_NULL: Final = 150
JSON_TYPE: Final = "application/json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
MULTIPART_TYPE: Final = "multipart/form-data"
MOST_ATTEMPTS: Final = 10

_MEDIA_TYPE: Final = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+\s*(;.*)?", re.ASCII)
_VARIABLE: Final = re.compile(r"\{([^/{}]*)\}")
_IN_PATH: Final = "/:@!$&'()*+,;=~-._"
_IN_QUERY: Final = _IN_PATH + "?"


class BadCall(Exception):  # not ours to repair: the task fails with it
    """The input describes no call."""

    def __init__(self, message: str, java_class: str = "java.lang.Exception") -> None:
        super().__init__(message)
        self.java_class = java_class


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call, ready to be made."""

    method: str
    uri: str  # as it was given
    url: httpx2.URL
    headers: list[tuple[str, str]]
    content: bytes | None
    parts: dict[str, tuple[None, str]] | None  # of a multipart body
    timeout: httpx2.Timeout
    accepted: tuple[str, ...]  # codes and families such as `4xx`; empty: 2xx
    attempts: int

    def accepts(self, status_code: int) -> bool:
        """Whether an answer with this status is a success."""
        if not self.accepted:
            return 200 <= status_code < 300
        code = str(status_code)
        return code in self.accepted or f"{code[0]}xx" in self.accepted


def read_call(given: JsonObject) -> Call:
    """The call that an input describes; `uri` and `method` are there. Raises BadCall."""
    method, uri = java_text(given["method"]), java_text(given["uri"])
    if method not in METHODS:
        raise BadCall(f"Invalid HTTP method: {method}", "java.lang.IllegalArgumentException")
    content_type = _media_type(given.get("contentType"))
    content, parts = _body(given.get("body"), content_type)
    return Call(
        method=method,
        uri=uri,
        url=_url(uri, encode=given.get("encode") is not False),
        headers=_headers(given, content_type, with_body=content is not None, multipart=parts is not None),
        content=content,
        parts=parts,
        timeout=_timeout(given),
        accepted=_accepted(given.get("acceptedStatusCodes")),
        attempts=_attempts(given.get("hedgingConfig")),
    )


def _url(uri: str, *, encode: bool) -> httpx2.URL:
    """The address. Characters that may not stand in one are encoded, `%` among them, unless it is said to be encoded already."""
    try:
        if not encode:
            return _absolute(httpx2.URL(uri))
        if missing := _VARIABLE.search(uri):
            raise BadCall(f"Not enough variable values available to expand '{missing[1]}'", "java.lang.IllegalArgumentException")
        parts = urlsplit(uri)
        encoded = parts._replace(
            path=quote(parts.path, safe=_IN_PATH), query=quote(parts.query, safe=_IN_QUERY), fragment=quote(parts.fragment, safe=_IN_QUERY)
        )
        return _absolute(httpx2.URL(urlunsplit(encoded)))
    except (httpx2.InvalidURL, ValueError) as problem:
        raise BadCall(f"{uri} is no address: {problem}", "java.lang.IllegalArgumentException") from problem


def _absolute(url: httpx2.URL) -> httpx2.URL:
    if url.scheme not in ("http", "https") or not url.host:
        raise BadCall("URI is not absolute", "java.lang.IllegalArgumentException")
    return url


def _media_type(given: Json) -> str:
    text = JSON_TYPE if given is None else java_text(given)
    if not _MEDIA_TYPE.fullmatch(text.strip()):
        raise BadCall(f'Invalid mime type "{text}"')
    return text.strip()


def _headers(given: JsonObject, content_type: str, *, with_body: bool, multipart: bool) -> list[tuple[str, str]]:
    """Accept and content type, then what the input names. A content type among those takes the place of ours: two make no sense."""
    named = given.get("headers")
    own = [(name, java_text(value)) for name, value in named.items() if value is not None] if isinstance(named, dict) else []
    accept = given.get("accept")
    wanted = accept if isinstance(accept, list) else [JSON_TYPE if accept is None else accept]
    headers = [("Accept", ", ".join(java_text(one) for one in wanted))]
    if with_body and not multipart and not any(name.lower() == "content-type" for name, _ in own):
        headers.append(("Content-Type", content_type))
    return headers + own


def _body(body: Json, content_type: str) -> tuple[bytes | None, dict[str, tuple[None, str]] | None]:
    """The bytes to send, or the parts of a multipart body."""
    if body is None:
        return None, None
    kind = content_type.partition(";")[0].strip().lower()
    if kind in (FORM_TYPE, MULTIPART_TYPE):
        if not isinstance(body, dict):
            raise BadCall(f"a body of type {kind} must be a map")
        if kind == MULTIPART_TYPE:
            return None, {name: (None, java_text(value)) for name, value in body.items()}
        return urlencode(_fields(body)).encode(), None
    return (body.encode() if isinstance(body, str) else msgspec.json.encode(body)), None


def _fields(body: JsonObject) -> list[tuple[str, str]]:
    """The fields of a form; a list is a field that comes several times."""
    fields = []
    for name, value in body.items():
        fields += [(name, java_text(one)) for one in (value if isinstance(value, list) else [value])]
    return fields


def _timeout(given: JsonObject) -> httpx2.Timeout:
    connect = _seconds(given, "connectionTimeOut", CONNECT_MS_WHEN_NULL)
    read = _seconds(given, "readTimeOut", READ_MS_WHEN_NULL)
    return httpx2.Timeout(connect=connect, read=read, write=read, pool=None)


def _seconds(given: JsonObject, key: str, when_null: int) -> float | None:
    """A time limit; None when it is 0, which means that there is none."""
    value = given.get(key, DEFAULT_MS)
    if value is None:
        value = when_null
    try:
        milliseconds = float(value) if isinstance(value, int | float | str) else -1.0
    except ValueError:
        milliseconds = -1.0
    if milliseconds < 0:
        raise BadCall(f"{key} must be a number of milliseconds, not {java_text(value)}")
    return milliseconds / 1000 or None


def _accepted(given: Json) -> tuple[str, ...]:
    return tuple(java_text(one).strip().lower() for one in given) if isinstance(given, list) else ()


def _attempts(given: Json) -> int:
    wanted = given.get("maxAttempts") if isinstance(given, dict) else None
    return max(1, min(wanted, MOST_ATTEMPTS)) if isinstance(wanted, int) else 1
