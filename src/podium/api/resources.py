"""Resources: the tables of routes, put together."""

from __future__ import annotations

from dataclasses import replace

from podium.api import environment, event, health, metadata
from podium.api.metrics import metrics_handler
from podium.api.openapi import openapi_handler
from podium.api.routing import Route, Traffic
from podium.model.json import JsonObject

RESOURCES = (
    metadata,
    event,
    environment,
    health,
)


def all_routes() -> tuple[Route, ...]:
    """Every route of the server. The tables are shared, what was counted for them is not: each application begins at zero."""
    routes = [replace(route, traffic=Traffic()) for resource in RESOURCES for route in resource.ROUTES]
    return (
        *routes,
        Route("GET", "/api-docs", openapi_handler(routes), "This interface, as OpenAPI", response=JsonObject, root=True, tag="pages"),
        Route("GET", "/actuator/prometheus", metrics_handler(routes), "Metrics for Prometheus", response=str, root=True),
    )
