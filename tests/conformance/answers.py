"""Answers in the form that is compared: without what differs in every run."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

# fmt: off
VOLATILE = frozenset({
    "callbackAfterSeconds", "createTime", "createdBy", "createdTime", "domain", "endTime", "executionTime", "firstStartTime", "history",
    "host", "instance", "isolationGroupId", "lastPollTime", "lastRetriedTime", "ownerApp", "pollCount", "queueWaitTime", "requestId",
    "scheduledTime", "seq", "startDelayInSeconds", "startTime", "timestamp", "traceId", "updateTime", "updatedBy", "updatedTime",
    "workerId", "workerIp", "workflowPriority",
})
# fmt: on
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NAME = re.compile(r"<id\d+>")  # of an id in a recording
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d[:\d.]*(?:Z|[+-]\d\d:?\d\d)?")
EARLIEST_MS = 1_500_000_000_000  # a larger number looks like a moment
SHOWN = 200  # characters of a value in a message


class _Nothing:
    def __repr__(self) -> str:
        return "<nothing>"  # before all letters: rows without a key come first


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


class Disguise:
    """Takes out of an answer what differs in every run. Ids stay: they are compared by what they are called in the recording."""

    def __init__(self, base: str, suffix: str) -> None:
        self._base = base
        self._suffix = suffix

    def plain(self, value: Any, dropped: Collection[str], *, exact: bool = False) -> Any:
        """The value with placeholders for times, address and suffix, without the keys that are dropped."""
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
        return MOMENT.sub("<time>", text.replace(self._base, "<base>").replace(self._suffix, "<run>"))


class Comparison:
    """Compares answers with a recording. An id has the same name wherever it stands, and no two ids have the same name."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    def differences(self, wanted: Any, got: Any, path: str = "") -> list[str]:
        """What is missing or different; more than was wanted is no difference, and 1 is as good as 1.0."""
        if isinstance(wanted, dict) and isinstance(got, dict):
            pairs = [(key, value, got.get(self._key(key, got), NOTHING)) for key, value in wanted.items()]
            return [line for key, value, found in pairs for line in self.differences(value, found, f"{path}.{key}")]
        if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
            return [line for place, pair in enumerate(zip(wanted, got, strict=True)) for line in self.differences(*pair, f"{path}.{place}")]
        if isinstance(wanted, str) and isinstance(got, str):
            same = self._same_text(wanted, got)
        else:
            same = wanted == got and isinstance(wanted, bool) == isinstance(got, bool)
        return [] if same else [f"{path}: wanted {short(wanted)}, got {short(got)}"]

    def _same_text(self, wanted: str, got: str) -> bool:
        names, ids = NAME.findall(wanted), UUID.findall(got)
        if len(names) != len(ids) or NAME.sub("", wanted) != UUID.sub("", got):
            return False
        return all(
            self._ids.setdefault(one, name) == name and self._names.setdefault(name, one) == one
            for name, one in zip(names, ids, strict=True)
        )

    def _key(self, wanted: str, got: dict[str, Any]) -> str:
        """The key of `got` that the recording calls `wanted`: for an id without a name yet, the first one that has none."""
        if NAME.fullmatch(wanted) is None or wanted in self._names:
            return self._names.get(wanted, wanted)
        return next((key for key in got if UUID.fullmatch(key) and key not in self._ids and self._same_text(wanted, key)), wanted)


def short(value: Any) -> str:
    """A value in a message."""
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
