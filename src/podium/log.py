"""Log: what an operator would act on or look for later, as events with fixed names and fixed keys, on standard error."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypedDict, Unpack

_LOGGER = logging.getLogger("podium")
LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")


class Event(StrEnum):
    """Everything the server reports."""

    SERVER_STARTED = "server_started"
    SERVER_DRAINING = "server_draining"
    SERVER_STOPPED = "server_stopped"
    WORKER_ENDED = "worker_ended"
    WORKERS_REPLACED = "workers_replaced"
    LOOP_FAILED = "loop_failed"
    COMMIT_FAILED = "commit_failed"
    COMMITTED = "committed"
    DECISION_FAILED = "decision_failed"
    DECISION_REFUSED_BY_STORE = "decision_refused_by_store"
    AFTERMATH_FAILED = "aftermath_failed"
    TICK_FAILED = "tick_failed"
    MESSAGE_POSTPONED = "message_postponed"
    MESSAGE_DROPPED = "message_dropped"
    EVENT_ACTION_FAILED = "event_action_failed"
    SCHEDULE_FAILED = "schedule_failed"
    START_NOT_ANNOUNCED = "start_not_announced"
    TASK_NOT_RETURNED = "task_not_returned"
    SYSTEM_TASK_FAILED = "system_task_failed"
    WORKFLOWS_EXPIRED = "workflows_expired"
    WORKFLOW_NOT_EXPIRED = "workflow_not_expired"
    REQUEST_FAILED = "request_failed"


class Keys(TypedDict, total=False):
    """All keys that an event may carry."""

    workflow_id: str
    task_id: str
    task_type: str
    worker: int
    code: int
    queue: str
    loop: str
    outbox_id: str
    message: str
    handler: str
    schedule: str
    attempts: int
    count: int
    reason: str
    url: str
    path: str
    duration_ms: int
    version: str
    retry_ms: int


def debug(event: Event, **keys: Unpack[Keys]) -> None:
    """Something that only a developer wants to see."""
    if _LOGGER.isEnabledFor(logging.DEBUG):
        _LOGGER.debug(event.value, extra={"keys": keys})


def info(event: Event, **keys: Unpack[Keys]) -> None:
    """Something to look for later."""
    _LOGGER.info(event.value, extra={"keys": keys})


def warning(event: Event, **keys: Unpack[Keys]) -> None:
    """Something that may need an operator."""
    _LOGGER.warning(event.value, extra={"keys": keys})


def error(event: Event, cause: BaseException | None = None, **keys: Unpack[Keys]) -> None:
    """Something that needs an operator or a developer; with the traceback of `cause`."""
    _LOGGER.error(event.value, extra={"keys": keys}, exc_info=cause)


class TextFormatter(logging.Formatter):
    """`time level event key=value …`, a line each."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        parts = [_time(record), record.levelname.lower(), record.getMessage()]
        parts += [f"{key}={_quoted(value)}" for key, value in getattr(record, "keys", {}).items()]
        line = " ".join(parts)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """A JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        document = {"time": _time(record), "level": record.levelname.lower(), "event": record.getMessage(), **getattr(record, "keys", {})}
        if record.exc_info:
            document["exception"] = self.formatException(record.exc_info)
        return json.dumps(document, default=str)


def configure(level: str, form: str) -> None:
    """Send our own events, and warnings of libraries, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    _LOGGER.setLevel(level.upper())


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def _quoted(value: object) -> str:
    text = str(value)
    return text if text and not any(sign in text for sign in ' "=\n') else json.dumps(text)
