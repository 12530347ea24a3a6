"""/schema: what inputs and outputs must look like, by name and version (spec/api.md §2.12)."""

from __future__ import annotations

from podium.api.answer import Answer, json_answer, nothing
from podium.api.metadata import checked, version_number
from podium.api.parameter import boolean
from podium.api.routing import Call, Route
from podium.engine.validation import validate_schema
from podium.errors import Problem
from podium.model.body import SchemaSummary
from podium.model.definition import SchemaDef
from podium.runtime.schemas import unknown

NEW_VERSION = boolean("newVersion", default=False, about="Store as the version after the latest")
SHORT = boolean("short", default=False, about="Names, versions and times alone")


async def put_schemas(call: Call) -> Answer:
    """POST /schema and POST /global_schema: a list of schemas, or one."""
    schemas = checked(call, list[SchemaDef], _problems)
    await call.platform.registry.put_schemas(schemas, call.actor, new_version=call.query(NEW_VERSION))
    return nothing()


def _problems(schemas: list[SchemaDef]) -> list[Problem]:
    found = [problem for number, schema in enumerate(schemas) for problem in validate_schema(schema, f"$[{number}]")]
    return found if schemas else [Problem("$", "SchemaDef list cannot be empty")]


async def schemas(call: Call) -> Answer:
    """GET /schema."""
    found = call.platform.registry.schemas.all()
    return json_answer([_summary(schema) for schema in found] if call.query(SHORT) else found)


def _summary(schema: SchemaDef) -> SchemaSummary:
    return SchemaSummary(
        name=schema.name or "", version=schema.version or 1, create_time=schema.create_time, update_time=schema.update_time
    )


async def latest_schema(call: Call) -> Answer:
    """GET /schema/{name} and GET /global_schema/{name}."""
    return _one(call, None)


async def schema(call: Call) -> Answer:
    """GET /schema/{name}/{version}."""
    return _one(call, version_number(call.path["version"]))


def _one(call: Call, version: int | None) -> Answer:
    name = call.path["name"]
    found = call.platform.registry.schema(name, version)
    if found is None:
        raise unknown(name, version)
    return json_answer(found)


async def delete_schemas(call: Call) -> Answer:
    """DELETE /schema/{name}."""
    await call.platform.registry.delete_schema(call.path["name"], None)
    return nothing()


async def delete_schema(call: Call) -> Answer:
    """DELETE /schema/{name}/{version}."""
    await call.platform.registry.delete_schema(call.path["name"], version_number(call.path["version"]))
    return nothing()


ROUTES = (
    Route("GET", "/schema", schemas, "All versions of all schemas", query=(SHORT,), response=list[SchemaDef]),
    Route("POST", "/schema", put_schemas, "Create or replace schemas", query=(NEW_VERSION,), body=list[SchemaDef]),
    Route("GET", "/schema/{name}", latest_schema, "The latest version of a schema", response=SchemaDef),
    Route("GET", "/schema/{name}/{version}", schema, "One version of a schema", response=SchemaDef),
    Route("DELETE", "/schema/{name}", delete_schemas, "Delete all versions of a schema"),
    Route("DELETE", "/schema/{name}/{version}", delete_schema, "Delete one version of a schema"),
    Route("POST", "/global_schema", put_schemas, "Create or replace schemas", query=(NEW_VERSION,), body=list[SchemaDef]),
    Route("GET", "/global_schema/{name}", latest_schema, "The latest version of a schema", response=SchemaDef),
)
