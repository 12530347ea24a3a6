"""Resources: the tables of routes, put together."""

from __future__ import annotations

from dataclasses import replace

from podium.api import (
    admin,
    bulk,
    environment,
    event,
    health,
    metadata,
    queue,
    schedule_search,
    scheduler,
    schema,
    secret,
    task,
    task_poll,
    task_queue,
    task_update,
    workflow,
    workflow_changes,
    workflow_control,
    workflow_execute,
    workflow_insight,
    workflow_messages,
    workflow_search,
    workflow_start,
    workflow_test,
)
from podium.api.metrics import metrics_handler
from podium.api.openapi import openapi_handler
from podium.api.routing import Route, Traffic
from podium.model.json import JsonObject

RESOURCES = (  # in the order of the reference
    metadata,
    task_poll,
    task_update,
    task,
    task_queue,
    workflow_start,
    workflow_execute,
    workflow,
    workflow_insight,
    workflow_changes,
    workflow_control,
    workflow_messages,
    workflow_search,
    workflow_test,
    bulk,
    event,
    scheduler,
    schedule_search,
    environment,
    schema,
    secret,
    queue,
    admin,
    health,
)


def all_routes() -> tuple[Route, ...]:
    """Every route of the server. The tables are shared, what was counted for them is not: each application begins at zero."""
    routes = [replace(route, traffic=Traffic()) for resource in RESOURCES for route in resource.ROUTES]
    metrics = metrics_handler(routes)
    return (
        *routes,
        Route("GET", "/api-docs", openapi_handler(routes), "This interface, as OpenAPI", response=JsonObject, root=True, tag="pages"),
        Route("GET", "/actuator/prometheus", metrics, "Metrics for Prometheus", response=str, root=True),
        Route("GET", "/metrics", metrics, "Metrics for Prometheus", response=str, root=True),
    )
