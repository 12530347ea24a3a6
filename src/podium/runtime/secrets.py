"""Secrets: where the values come from that only workers and calls to the outside get to see."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

Known = Callable[[str], str | None]


class Secrets(msgspec.Struct, frozen=True):
    """Two sources of values by name."""

    secret: Known
    environment: Known
