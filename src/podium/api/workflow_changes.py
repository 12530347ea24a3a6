"""Changes: what has become different in a workflow since a revision; at once, when there is something, or as a stream of events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final

import msgspec

from podium.api.answer import EVENTS, Answer, StreamedAnswer, nothing, raw_json
from podium.api.parameter import integer
from podium.api.routing import Call, Route
from podium.api.view import TaskView, encode_view, shown_payload, task_view
from podium.engine.run import Run
from podium.errors import Invalid, NotFound
from podium.model.status import WorkflowStatus
from podium.model.workflow import Workflow
from podium.runtime.executor import unknown
from podium.runtime.platform import Platform

LONGEST_WAIT_MS: Final = 60_000
SIGN_OF_LIFE_MS: Final = 15_000  # how long a stream is silent at most; proxies end silent connections

SINCE: Final = integer("since", 0, "the revision that the client knows; 0: none, everything is new")
WAIT: Final = integer("waitMillis", 0, f"how long to wait for a change when there is none, up to {LONGEST_WAIT_MS}")


class WorkflowState(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What can change about a workflow itself."""

    status: WorkflowStatus
    update_time: int
    end_time: int
    reason_for_incompletion: str | None = None
    output: msgspec.Raw
    variables: msgspec.Raw


class Changes(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The rows that changed after `since`, up to `revision`, which is what to ask with the next time.

    `since` 0 means that this is all there is, whatever was known before.
    """

    workflow_id: str
    since: int
    revision: int
    workflow: WorkflowState
    tasks: list[TaskView]
    removed: list[str]  # ids of tasks that are no longer there


async def changes(call: Call) -> Answer:
    """GET /workflow/{workflowId}/changes."""
    workflow_id, since, wait_ms = call.path["workflowId"], call.query(SINCE), call.query(WAIT)
    if since < 0 or not 0 <= wait_ms <= LONGEST_WAIT_MS:
        raise Invalid(f"since cannot be negative, and waitMillis must be between 0 and {LONGEST_WAIT_MS}; found {since} and {wait_ms}")
    if EVENTS.decode() in (call.header(b"accept") or ""):
        return await _stream(call.platform, workflow_id, _last_event(call, since))
    found = await read_changes(call.platform, workflow_id, since)
    if wait_ms and found.revision == since and await call.platform.executor.changed(workflow_id, since, wait_ms):
        found = await read_changes(call.platform, workflow_id, since)
    return raw_json(encode_view(found))


async def read_changes(platform: Platform, workflow_id: str, since: int) -> Changes:
    """What the store holds beyond a revision. Raises NotFound."""
    while True:
        run = await platform.executor.read(workflow_id)
        known_hash = run.workflow.definition_hash
        stored = await platform.store.load(workflow_id, since, known_hash)
        if stored is None:
            raise unknown(workflow_id)
        if since > stored.workflow.revision:
            since = 0  # of another life of this id
        elif stored.workflow.definition_hash == known_hash:
            break  # otherwise it was restarted in between
    return Changes(
        workflow_id=workflow_id,
        since=since,
        revision=stored.workflow.revision,
        workflow=_state(run, stored.workflow),
        tasks=[task_view(run, run.shown(task)) for task in stored.tasks],
        removed=stored.removed,
    )


def _state(run: Run, workflow: Workflow) -> WorkflowState:
    return WorkflowState(
        status=workflow.status,
        update_time=workflow.update_time,
        end_time=workflow.end_time,
        reason_for_incompletion=workflow.reason,
        output=shown_payload(run, workflow.output),
        variables=shown_payload(run, workflow.variables),
    )


# Server-sent events


def _last_event(call: Call, since: int) -> int:
    """What a browser that connects again has seen last; `since` for one that connects for the first time."""
    last = call.header(b"last-event-id") or ""
    return int(last) if last.isascii() and last.isdecimal() and len(last) < 16 else since


async def _stream(platform: Platform, workflow_id: str, since: int) -> Answer:
    """A stream of changes; 204, which tells a browser not to come again, when there will be none."""
    first = await read_changes(platform, workflow_id, since)
    if first.workflow.status.terminal and first.revision == since:
        return nothing(204)
    return StreamedAnswer(_events(platform, first, since), EVENTS)


async def _events(platform: Platform, found: Changes, since: int) -> AsyncGenerator[bytes, None]:
    """An event for each revision that was seen, the end of the workflow as the last one."""
    while True:
        if found.revision != since:
            yield _event("changes", encode_view(found), found.revision)
        if found.workflow.status.terminal:
            yield _event("end", encode_view({"status": found.workflow.status}), found.revision)
            return
        since = found.revision
        try:
            if not await platform.executor.changed(found.workflow_id, since, SIGN_OF_LIFE_MS):
                if platform.watchers.draining:
                    return
                yield b": nothing new\n\n"
            found = await read_changes(platform, found.workflow_id, since)
        except NotFound:
            yield _event("removed", b"{}", since)
            return


def _event(name: str, data: bytes, revision: int) -> bytes:
    """JSON has no line breaks of its own, so the data is one line."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (revision, name.encode(), data)


ROUTES: Final = (
    Route(
        "GET",
        "/workflow/{workflowId}/changes",
        changes,
        "What has changed in a workflow since a revision; with `Accept: text/event-stream` a stream of such changes until it ends",
        query=(SINCE, WAIT),
        response=Changes,
    ),
)
