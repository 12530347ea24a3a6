"""The interface document: OpenAPI 3.1, made from the same tables and types that serve the requests."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, get_args, get_origin

import msgspec

from podium import __version__
from podium.api.answer import Answer, raw_json
from podium.api.parameter import Parameter
from podium.api.routing import Call, Handler, Route
from podium.model.body import ErrorResponse
from podium.model.json import JsonObject
from podium.model.payload import Payload

REFERENCE = "#/components/schemas/{name}"
TEXT: JsonObject = {"type": "string"}


def openapi_handler(routes: Sequence[Route]) -> Handler:
    """The handler that shows the document; it is made once, when somebody first asks for it."""
    made: list[bytes] = []

    async def openapi(_call: Call) -> Answer:
        if not made:
            made.append(msgspec.json.encode(document(routes)))
        return raw_json(made[0])

    return openapi


def document(routes: Sequence[Route]) -> JsonObject:
    """The OpenAPI document of these routes."""
    types = [type_ for route in routes for type_ in (route.body, route.response) if _described(type_)]
    schemas, components = msgspec.json.schema_components([*types, ErrorResponse], schema_hook=_own_schema, ref_template=REFERENCE)
    by_type = {_key(type_): schema for type_, schema in zip([*types, ErrorResponse], schemas, strict=True)}
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.full_path, {})[route.method.lower()] = _operation(route, by_type)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Podium",
            "version": __version__,
            "description": "A workflow platform that speaks Conductor's API.",
        },
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(route: Route, by_type: dict[str, JsonObject]) -> JsonObject:
    operation: dict[str, Any] = {
        "tags": [route.tag or _first_segment(route.path)],
        "summary": route.summary,
        "operationId": _operation_id(route),
        "parameters": [*_path_parameters(route), *map(_query_parameter, route.query)],
        "responses": {
            str(route.status): _response(route, by_type),
            "default": _json_content("Not granted", by_type[_key(ErrorResponse)]),
        },
    }
    if route.body is not None:
        media_type, schema = ("text/plain", TEXT) if route.body is str else ("application/json", by_type[_key(route.body)])
        operation["requestBody"] = {"required": route.body_required, "content": {media_type: {"schema": schema}}}
    return operation


def _path_parameters(route: Route) -> list[JsonObject]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in route.variables]


def _query_parameter(parameter: Parameter[Any]) -> JsonObject:
    schema: JsonObject = {"type": parameter.kind}
    if parameter.kind == "array":
        schema["items"] = {"type": "string"}
    elif parameter.default is not None and not parameter.required:
        schema["default"] = parameter.default
    found: JsonObject = {"name": parameter.name, "in": "query", "required": parameter.required, "schema": schema}
    return {**found, "description": parameter.help} if parameter.help else found


def _response(route: Route, by_type: dict[str, JsonObject]) -> JsonObject:
    if route.response is None:
        return {"description": "Done"}
    if route.response is str:
        return {"description": "The value, without quotes", "content": {"text/plain": {"schema": TEXT}}}
    return _json_content("The result", by_type[_key(route.response)])


def _json_content(description: str, schema: JsonObject) -> JsonObject:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _operation_id(route: Route) -> str:
    """The verb and the path, as one name."""
    words = [part.strip("{}").replace("-", "_").capitalize() or "Slash" for part in route.full_path.split("/")[1:]]
    return route.method.lower() + "".join(words)


def _first_segment(path: str) -> str:
    return path.split("/")[1]


def _described(type_: Any) -> bool:
    return type_ is not None and type_ is not str


def _key(type_: Any) -> str:
    """Types compare by what they are made of; not all of them can be keys of a dict."""
    if get_origin(type_) is not None:
        return f"{get_origin(type_)}[{','.join(map(_key, get_args(type_)))}]"
    return f"{type_.__module__}.{type_.__qualname__}" if inspect.isclass(type_) else repr(type_)


def _own_schema(type_: type) -> dict[str, Any]:
    if type_ is Payload or type_ is msgspec.Raw:
        return {"type": "object"}
    raise NotImplementedError
