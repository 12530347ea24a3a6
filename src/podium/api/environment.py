"""/environment: values that workflows read as `${workflow.env.NAME}` (spec/platform.md §4.10)."""

from __future__ import annotations

from podium.api.answer import Answer, json_answer, nothing, text_answer
from podium.api.routing import Call, Route
from podium.errors import NotFound
from podium.model.body import EnvironmentVariable


async def variables(call: Call) -> Answer:
    """GET /environment."""
    found = call.platform.registry.all_environment()
    return json_answer([EnvironmentVariable(name=name, value=value) for name, value in sorted(found.items())])


async def variable(call: Call) -> Answer:
    """GET /environment/{key}."""
    name = call.path["key"]
    value = call.platform.registry.environment(name)
    if value is None:
        message = f"No such environment variable: {name}"
        raise NotFound(message)
    return text_answer(value)


async def put_variable(call: Call) -> Answer:
    """PUT /environment/{key}."""
    await call.platform.registry.put_environment(call.path["key"], call.text())
    return nothing()


async def delete_variable(call: Call) -> Answer:
    """DELETE /environment/{key}: answers with the value it had, or nothing."""
    value = await call.platform.registry.delete_environment(call.path["key"])
    return nothing() if value is None else text_answer(value)


ROUTES = (
    Route("GET", "/environment", variables, "All environment variables", response=list[EnvironmentVariable]),
    Route("GET", "/environment/{key}", variable, "The value of one", response=str),
    Route("PUT", "/environment/{key}", put_variable, "Set one", body=str),
    Route("DELETE", "/environment/{key}", delete_variable, "Delete one, and return the value it had", response=str),
)
