"""Health: whether the server is well, which version it is, and what the pages for people need to know (spec/api.md §2.6)."""

from __future__ import annotations

import msgspec

from podium import __version__
from podium.api.answer import Answer, json_answer, text_answer
from podium.api.routing import Call, Route
from podium.model.body import Health, HealthCheckStatus
from podium.model.json import JsonObject

UNAVAILABLE = 503
JAVASCRIPT = b"text/javascript;charset=UTF-8"


async def health(call: Call) -> Answer:
    """GET /health: 503 while a part of the server is down."""
    status = _status(call)
    return json_answer(status, 200 if status.healthy else UNAVAILABLE)


async def actuator_health(call: Call) -> Answer:
    """GET /actuator/health: the same in another form."""
    failed = call.platform.supervisor.failed
    components: JsonObject = {name: {"status": "DOWN", "details": {"error": reason}} for name, reason in sorted(failed.items())}
    body: JsonObject = {"status": "DOWN" if failed else "UP", "components": components}
    return json_answer(body, UNAVAILABLE if failed else 200)


async def actuator_info(_call: Call) -> Answer:
    """GET /actuator/info."""
    return json_answer({"build": {"name": "podium", "version": __version__}})


async def actuator(_call: Call) -> Answer:
    """GET /actuator: where the rest is."""
    links: JsonObject = {name: {"href": f"/actuator/{name}", "templated": False} for name in ("health", "info", "prometheus")}
    return json_answer({"_links": links})


async def version(_call: Call) -> Answer:
    """GET /version."""
    return text_answer(__version__)


async def context(_call: Call) -> Answer:
    """GET /context.js: settings for pages that are served from here."""
    settings = msgspec.json.encode({"version": __version__, "basePath": "/"})
    return Answer(200, b"window.podium=" + settings + b";\n", JAVASCRIPT)


def _status(call: Call) -> HealthCheckStatus:
    """Healthy unless a loop is down."""
    failed = call.platform.supervisor.failed
    results = [Health(healthy=False, details={"loop": name}, error_message=reason) for name, reason in sorted(failed.items())]
    return HealthCheckStatus(healthy=not results, health_results=results)


ROUTES = (
    Route("GET", "/health", health, "Whether the server is well", response=HealthCheckStatus),
    Route("GET", "/health", health, "Whether the server is well", response=HealthCheckStatus, root=True),
    Route("GET", "/version", version, "The version of the server", response=str),
    Route("GET", "/actuator", actuator, "What there is to see", response=JsonObject, root=True),
    Route("GET", "/actuator/health", actuator_health, "Whether every part is up", response=JsonObject, root=True),
    Route("GET", "/actuator/info", actuator_info, "What this server is", response=JsonObject, root=True),
    Route("GET", "/context.js", context, "Settings for the pages of this server", response=str, root=True, tag="pages"),
)
