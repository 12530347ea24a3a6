"""A finished task's output that the next task with the same key takes over."""

from __future__ import annotations

import msgspec

from podium.model.payload import Payload


class CachedOutput(msgspec.Struct, frozen=True, kw_only=True):
    """The output of a task of this definition name, under a key that was made from the task's input (spec/engine.md §10.7)."""

    def_name: str
    key: str
    expires_at: int  # epoch ms: from then on it is worth nothing
    output: Payload
