"""Errors: what a client is told when a request is not granted (spec/api.md §1.5)."""

from __future__ import annotations

import uuid

from podium import log
from podium.api.answer import Answer, json_answer
from podium.errors import (
    Busy,
    CallerError,
    Conflict,
    Forbidden,
    Invalid,
    Limited,
    LostKey,
    LostRace,
    NotFound,
    NotSupported,
    PodiumError,
    Problem,
    TooLarge,
    TryAgain,
)
from podium.model.body import ErrorResponse, ValidationError

RETRY_AFTER_SECONDS = 1


class WrongMethod(CallerError):
    """This path knows other verbs."""


class WrongMediaType(CallerError):
    """The body has a media type that is not understood here."""


STATUS: dict[type[PodiumError], int] = {
    Invalid: 400,
    Forbidden: 403,
    NotFound: 404,
    WrongMethod: 405,
    Conflict: 409,
    TooLarge: 413,
    WrongMediaType: 415,
    Limited: 429,
    NotSupported: 501,
    CallerError: 400,
    Busy: 503,
    LostKey: 503,
    LostRace: 503,
    TryAgain: 503,
    PodiumError: 500,
}


def error_answer(error: PodiumError, instance: str) -> Answer:
    """The answer to a request that failed for a known reason."""
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    retryable = isinstance(error, TryAgain)
    problems = error.problems if isinstance(error, Invalid) else []
    answer = json_answer(
        ErrorResponse(
            status=status,
            message=error.message,
            retryable=retryable,
            instance=None if problems else instance,
            validation_errors=[_validation_error(problem) for problem in problems] or None,
        ),
        status,
    )
    if retryable or isinstance(error, Limited):
        answer.headers = ((b"retry-after", b"%d" % RETRY_AFTER_SECONDS),)
    allowed = error.fields.get("allowed")
    if isinstance(allowed, frozenset):
        answer.headers = ((b"allow", ", ".join(sorted(allowed)).encode()),)
    return answer


def failure_answer(error: Exception, method: str, path: str, instance: str) -> Answer:
    """The answer to a request that failed for a reason nobody foresaw: it is logged, under an id that the client is told."""
    error_id = uuid.uuid4().hex
    log.error(log.Event.REQUEST_FAILED, error, path=f"{method} {path}", reason=error_id)
    message = f"The server made a mistake; it is logged as {error_id}"
    return json_answer(ErrorResponse(status=500, message=message, instance=instance, code="INTERNAL_ERROR"), 500)


def _validation_error(problem: Problem) -> ValidationError:
    value = problem.invalid_value
    shown = None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return ValidationError(path=problem.path, message=problem.message, invalid_value=shown)
