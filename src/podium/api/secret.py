"""/secrets: values that workflows refer to as `${workflow.secrets.NAME}` and never show (spec/platform.md §4.8)."""

from __future__ import annotations

from typing import Final

from podium.api.answer import Answer, json_answer, nothing, text_answer
from podium.api.parameter import texts
from podium.api.routing import Call, Route
from podium.api.tagging import tag_routes
from podium.api.view_summary import iso_time
from podium.errors import Forbidden, Invalid, NotFound, Problem
from podium.model.body import CredentialMeta, ExtendedSecret
from podium.runtime.secrets import Access, may

SECRET_NAME: Final = "SECRET_NAME"  # noqa: S105 - not a secret: the kind of resource that its tags hang on
_SHOWN: Final = 4  # characters at each end

ACCESS: Final = texts("access", "only those with which the caller may do all of this: CREATE, READ, UPDATE, DELETE, EXECUTE")


async def names(call: Call) -> Answer:
    """GET /secrets."""
    return json_answer(_names(call, [_access(word) for word in call.query(ACCESS)]))


async def all_names(call: Call) -> Answer:
    """POST /secrets."""
    return json_answer(_names(call, []))


async def described(call: Call) -> Answer:
    """GET /secrets/v2: the ends of each value, and when it was set."""
    return json_answer([_described(call, name) for name in _names(call, [])])


async def tagged(call: Call) -> Answer:
    """GET /secrets-v2."""
    tags = call.platform.registry.tags
    return json_answer([ExtendedSecret(name=name, tags=tags.of(SECRET_NAME, name)) for name in _names(call, [])])


async def read(call: Call) -> Answer:
    """GET /secrets/{key}."""
    return text_answer(call.platform.vault.value(_existing(call, Access.READ)) or "")


async def exists(call: Call) -> Answer:
    """GET /secrets/{key}/exists."""
    return json_answer(call.path["key"] in _names(call, []))


async def put(call: Call) -> Answer:
    """PUT /secrets/{key}: creates it or replaces its value."""
    name, value, vault = call.path["key"], call.text(), call.platform.vault
    _require(call, Access.CREATE if vault.find(name) is None else Access.UPDATE, name)
    await vault.put(name, value, call.actor)
    return nothing()


async def delete(call: Call) -> Answer:
    """DELETE /secrets/{key}."""
    name = _existing(call, Access.DELETE)
    await call.platform.vault.forget(name)
    await call.platform.registry.tags.clear(SECRET_NAME, name)
    return nothing()


async def clear_cache(_call: Call) -> Answer:
    """GET /secrets/clearLocalCache: there is no cache that could be old, so nothing is done."""
    return json_answer({"result": "nothing to clear"})


def _names(call: Call, wanted: list[Access]) -> list[str]:
    """The secrets that the caller may see: those with which it may do all that is wanted, or else anything."""
    return [
        name
        for name in call.platform.vault.names()
        if all(may(call.actor, access, name) for access in wanted) and any(may(call.actor, access, name) for access in wanted or Access)
    ]


def _access(word: str) -> Access:
    try:
        return Access(word)
    except ValueError as error:
        message = f"Query parameter 'access': expected {', '.join(Access)}, found '{word[:100]}'"
        raise Invalid(message, [Problem("access", message, word[:100])]) from error


def _existing(call: Call, access: Access) -> str:
    """The name in the path. Raises Forbidden, NotFound."""
    name = call.path["key"]
    if call.platform.vault.find(name) is None:
        raise NotFound(f"Secret '{name}' not found")
    _require(call, access, name)
    return name


def _require(call: Call, access: Access, name: str) -> None:
    if not may(call.actor, access, name):
        raise Forbidden(f"{call.actor} has no {access} access to the secret '{name}'")


def _described(call: Call, name: str) -> CredentialMeta:
    secret = call.platform.vault.find(name)
    assert secret is not None
    value = secret.value if may(call.actor, Access.READ, name) else ""
    partial = f"{value[:_SHOWN]}...{value[-_SHOWN:]}" if len(value) > 2 * _SHOWN else "..."
    set_here = secret.create_time > 0
    return CredentialMeta(
        name=name,
        partial=partial,
        created_at=iso_time(secret.create_time) if set_here else None,
        updated_at=iso_time(secret.update_time) if set_here else None,
    )


ROUTES: Final = (
    Route("GET", "/secrets", names, "Names of secrets", query=(ACCESS,), response=list[str]),
    Route("POST", "/secrets", all_names, "Names of all secrets", response=list[str]),
    Route("GET", "/secrets/v2", described, "Secrets with the ends of their values", response=list[CredentialMeta]),
    Route("GET", "/secrets-v2", tagged, "Secrets with their tags", response=list[ExtendedSecret], tag="secrets"),
    Route("GET", "/secrets/clearLocalCache", clear_cache, "Does nothing: there is no cache", response=dict[str, str]),
    Route("GET", "/secrets/clearRedisCache", clear_cache, "Does nothing: there is no cache", response=dict[str, str]),
    Route("GET", "/secrets/{key}", read, "The value of one", response=str),
    Route("PUT", "/secrets/{key}", put, "Set one", body=str),
    Route("DELETE", "/secrets/{key}", delete, "Delete one"),
    Route("GET", "/secrets/{key}/exists", exists, "Whether there is one", response=bool),
    *tag_routes("/secrets/{key}", SECRET_NAME, _existing),
)
