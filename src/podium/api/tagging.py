"""Tags of a resource: the same three routes below every path that has them (spec/platform.md §0.7)."""

from __future__ import annotations

from collections.abc import Callable

from podium.api.answer import Answer, json_answer, nothing
from podium.api.routing import Call, Route
from podium.model.tag import Tag
from podium.runtime.secrets import Access

Find = Callable[[Call, Access], str]  # the name of the resource that is asked for; raises NotFound, Forbidden


def tag_routes(path: str, kind: str, find: Find) -> tuple[Route, Route, Route]:
    """Read, add and remove the tags of what stands at `path`."""

    async def tags(call: Call) -> Answer:
        return json_answer(call.platform.registry.tags.of(kind, find(call, Access.READ)))

    async def add(call: Call) -> Answer:
        await call.platform.registry.tags.add(kind, find(call, Access.UPDATE), call.body(list[Tag]))
        return nothing()

    async def remove(call: Call) -> Answer:
        await call.platform.registry.tags.remove(kind, find(call, Access.UPDATE), call.body(list[Tag]))
        return nothing()

    place = path + "/tags"
    return (
        Route("GET", place, tags, "Its tags", response=list[Tag]),
        Route("PUT", place, add, "Add tags; one with the same key is replaced", body=list[Tag]),
        Route("DELETE", place, remove, "Remove these tags", body=list[Tag]),
    )
