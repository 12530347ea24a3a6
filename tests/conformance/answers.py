"""Answers in the form that is compared: without what differs in every run."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, Final

VOLATILE = frozenset(
    """workerId domain queueWaitTime pollCount updateTime createTime createdTime updatedTime endTime startTime scheduledTime firstStartTime
    lastRetriedTime instance executionTime workflowPriority seq callbackAfterSeconds updatedBy createdBy startDelayInSeconds ownerApp
    lastPollTime workerIp host isolationGroupId traceId requestId timestamp history""".split()
)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d[:\d.]*(?:Z|[+-]\d\d:?\d\d)?")
EARLIEST_MS = 1_500_000_000_000  # a larger number looks like a moment
SHOWN = 200  # characters of a value in a message


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


NOTHING: Final = _Nothing()


def at(value: Any, path: str) -> Any:
    """The value at a dotted path, list positions as numbers; NOTHING where there is none."""
    for part in path.split(".") if path else ():
        if isinstance(value, list) and part.lstrip("-").isdigit() and -len(value) <= int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return NOTHING
    return value


def keep(value: Any, paths: Collection[str]) -> Any:
    """What the dotted paths name, `*` for every element or key, in the value's own shape."""
    if isinstance(value, dict):
        return {key: part for key, part in ((key, _kept(key, one, paths)) for key, one in value.items()) if part is not NOTHING}
    if isinstance(value, list):
        return [part for part in (_kept(str(place), one, paths) for place, one in enumerate(value)) if part is not NOTHING]
    return value


def _kept(part: str, value: Any, paths: Collection[str]) -> Any:
    named = [path.partition(".") for path in paths if path.partition(".")[0] in (part, "*")]
    if not named:
        return NOTHING
    deeper = [rest for _, _, rest in named if rest]
    return value if len(deeper) < len(named) else keep(value, deeper)


class Placeholders:
    """Puts the same placeholder wherever the same id stands, in the order of their first appearance."""

    def __init__(self, base: str, suffix: str) -> None:
        self._base = base
        self._suffix = suffix
        self._ids: dict[str, str] = {}

    def plain(self, value: Any, dropped: Collection[str], *, exact: bool = False) -> Any:
        """The value with placeholders, without the keys that are dropped."""
        if isinstance(value, dict):
            kept = {key: one for key, one in value.items() if key not in dropped}
            return {self._text(key): self.plain(one, dropped, exact=exact) for key, one in kept.items()}
        if isinstance(value, list):
            return [self.plain(one, dropped, exact=exact) for one in value]
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int) and value > EARLIEST_MS and not exact:
            return "<ms>"
        return value

    def _text(self, text: str) -> str:
        numbered = UUID.sub(lambda found: self._ids.setdefault(found[0], f"<id{len(self._ids) + 1}>"), text.replace(self._base, "<base>"))
        return MOMENT.sub("<time>", numbered.replace(self._suffix, "<run>"))


def differences(wanted: Any, got: Any, path: str = "") -> Sequence[str]:
    """What is missing or different; more than was wanted is no difference, and 1 is as good as 1.0."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        return [line for key, value in wanted.items() for line in differences(value, got.get(key, NOTHING), f"{path}.{key}")]
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        return [line for place, pair in enumerate(zip(wanted, got, strict=True)) for line in differences(*pair, f"{path}.{place}")]
    same = wanted == got and isinstance(wanted, bool) == isinstance(got, bool)
    return [] if same else [f"{path}: wanted {short(wanted)}, got {short(got)}"]


def short(value: Any) -> str:
    """A value in a message."""
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
