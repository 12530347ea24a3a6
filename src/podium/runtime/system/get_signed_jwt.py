"""GET_SIGNED_JWT: makes a token that proves to another service who asks (spec/tasks.md §4.14)."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from podium.clock import Clock
from podium.engine.java_text import java_text
from podium.model.json import JsonObject
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.system.finished import Finished

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
LONGEST_SECONDS: Final = 10 * 365 * 86_400
TTL_SECONDS: Final = 3_600


class BadRequest(Exception):
    """What is wrong with the input; says nothing of the key."""


class _Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to sign with what."""

    header: dict[str, Any]
    claims: dict[str, Any]
    private_key: str


class GetSignedJwtTask:
    """Signs with a private key, which should come from a secret."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def run(self, value: JsonObject, task: Task) -> Finished:  # noqa: ARG002 - every type takes the task
        """The token, below `_secrets`, where nobody sees it."""
        try:
            token = await asyncio.to_thread(_signed, _request(value, self._clock.now() // 1000))
        except BadRequest as problem:
            return Finished(status=TaskStatus.FAILED_WITH_TERMINAL_ERROR, reason=str(problem))
        return Finished(status=TaskStatus.COMPLETED, output={"_secrets": {"jwt": token}})

    async def close(self) -> None:
        """There is nothing to close."""


def _request(value: JsonObject, now: int) -> _Request:
    """`now`: epoch s."""
    ttl = _seconds(value)
    claims = {"iss": _text(value, "issuer"), "sub": _text(value, "subject"), "aud": value.get("audience"), "iat": now, "exp": now + ttl}
    scopes = value.get("scopes")
    claims["scope"] = " ".join(map(java_text, scopes)) if isinstance(scopes, list) else scopes
    algorithm = value.get("algorithm") or ALGORITHMS[0]
    if algorithm not in ALGORITHMS:
        raise BadRequest(f"algorithm: expected one of {', '.join(ALGORITHMS)}, found {java_text(algorithm)[:40]}")
    key = value.get("privateKey")
    if not isinstance(key, str) or not key.strip():
        raise BadRequest("privateKey: expected a private key as PEM text, found none")
    header = {"alg": algorithm, "typ": "JWT", "kid": _text(value, "privateKeyId")}
    # A variable or a line of JSON often holds the line ends as two characters.
    return _Request(header=_present(header), claims=_present(claims), private_key=key.replace("\\n", "\n"))


def _seconds(value: JsonObject) -> int:
    given = next((value[key] for key in ("ttlInSecond", "ttlInSeconds") if value.get(key) is not None), TTL_SECONDS)
    try:
        seconds = int(given) if isinstance(given, str | int) and not isinstance(given, bool) else 0
    except ValueError:
        seconds = 0
    if not 0 < seconds <= LONGEST_SECONDS:
        raise BadRequest(f"ttlInSecond: expected a whole number of seconds from 1 to {LONGEST_SECONDS}, found {java_text(given)[:40]}")
    return seconds


def _text(value: JsonObject, name: str) -> str | None:
    found = value.get(name)
    if found is not None and not isinstance(found, str):
        raise BadRequest(f"{name}: expected text, found {java_text(found)[:40]}")
    return found


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in fields.items() if one is not None}


def _signed(request: _Request) -> str:
    """The token. Raises BadRequest for a key that is none, or not one for the algorithm."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, RSAKey

    algorithm: str = request.header["alg"]
    kind = ECKey if algorithm.startswith("ES") else RSAKey
    try:
        key = kind.import_key(request.private_key)
        return jwt.encode(request.header, request.claims, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError, AttributeError):
        # Not chained: what the libraries say may quote the key.
        raise BadRequest(f"privateKey: expected a private key in PEM for {algorithm}, found something else") from None
