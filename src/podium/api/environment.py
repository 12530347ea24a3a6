"""/environment: values that workflows read as `${workflow.env.NAME}` (spec/platform.md §4.10)."""

from __future__ import annotations

from podium.api.answer import Answer, json_answer, nothing, text_answer
from podium.api.routing import Call, Route
from podium.api.tagging import tag_routes
from podium.errors import NotFound
from podium.model.body import EnvironmentVariable
from podium.runtime.secrets import Access

ENV_VARIABLE = "ENV_VARIABLE"  # the kind of resource that its tags hang on


async def variables(call: Call) -> Answer:
    """GET /environment."""
    found, tags = call.platform.registry.all_environment(), call.platform.registry.tags
    return json_answer(
        [EnvironmentVariable(name=name, value=value, tags=tags.of(ENV_VARIABLE, name) or None) for name, value in found.items()]
    )


async def variable(call: Call) -> Answer:
    """GET /environment/{key}."""
    return text_answer(call.platform.registry.environment(_existing(call)) or "")


async def put_variable(call: Call) -> Answer:
    """PUT /environment/{key}."""
    await call.platform.registry.put_environment(call.path["key"], call.text())
    return nothing()


async def delete_variable(call: Call) -> Answer:
    """DELETE /environment/{key}: answers with the value it had, or nothing."""
    name = call.path["key"]
    value = await call.platform.registry.delete_environment(name)
    await call.platform.registry.tags.clear(ENV_VARIABLE, name)
    return nothing() if value is None else text_answer(value)


def _existing(call: Call, _access: Access = Access.READ) -> str:
    """The name in the path. Raises NotFound."""
    name = call.path["key"]
    if call.platform.registry.environment(name) is None:
        raise NotFound(f"No such environment variable: {name}")
    return name


ROUTES = (
    Route("GET", "/environment", variables, "All environment variables", response=list[EnvironmentVariable]),
    Route("GET", "/environment/{key}", variable, "The value of one", response=str),
    Route("PUT", "/environment/{key}", put_variable, "Set one", body=str),
    Route("DELETE", "/environment/{key}", delete_variable, "Delete one, and return the value it had", response=str),
    *tag_routes("/environment/{key}", ENV_VARIABLE, _existing),
)
