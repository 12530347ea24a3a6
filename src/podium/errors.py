"""Errors, by whose move it is.

PodiumError
    CallerError             the caller's move: the request cannot be granted as it stands
        Invalid             it is malformed, or breaks a rule (with every problem found)
        NotFound            what it names does not exist
        Conflict            what it names is not in a state for it
        Forbidden           the caller may not do this
        TooLarge            it carries more than is allowed
        NotSupported        this server is not set up for it
        Limited             too many already; the same request may be granted later
    TryAgain                nobody's move: the same request may be granted now
        Busy                more work is waiting than we take on
        LostRace            another server was faster too many times
    NewerDatabase           the operator's move: this program is too old for its database
    LostKey                 the operator's move: a key that is needed to decrypt is not there

The HTTP status of each is in the table of the API, not here.
"""

from __future__ import annotations

from dataclasses import dataclass


class PodiumError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None, **fields: object) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.fields = fields
        super().__init__(self.message)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a request."""

    path: str  # JSON path of the place, e.g. $.tasks[2].decisionCases
    message: str
    invalid_value: str | int | float | bool | None = None


class CallerError(PodiumError):
    """The request cannot be granted."""


class Invalid(CallerError):
    """The request is not valid."""

    def __init__(self, message: str | None = None, problems: list[Problem] | None = None, **fields: object) -> None:
        super().__init__(message, **fields)
        self.problems = problems or []


class NotFound(CallerError):
    """There is no such thing."""


class Conflict(CallerError):
    """The present state does not allow this."""


class Forbidden(CallerError):
    """You may not do this."""


class TooLarge(CallerError):
    """The request carries too much."""


class NotSupported(CallerError):
    """This server is not set up for it."""


class Limited(CallerError):
    """A limit is reached; try again later."""


class TryAgain(PodiumError):
    """Try again."""


class Busy(TryAgain):
    """The server has more work waiting than it takes on; try again shortly."""


class LostRace(TryAgain):
    """Another server changed this workflow at the same time, again and again; try again."""


class NewerDatabase(PodiumError):
    """The database was written by a newer Podium."""


class LostKey(PodiumError):
    """A key that is needed to decrypt is not there."""
