"""Tags: words that people hang on what they keep, to find it again."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from podium.model.json import Json


class TagType(StrEnum):
    """What a tag is for; RATE_LIMIT is the older way to limit a workflow."""

    METADATA = "METADATA"
    RATE_LIMIT = "RATE_LIMIT"


class Tag(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key and a value (spec/platform.md §0.7). The value keeps its JSON type."""

    key: str
    value: Json = None
    type: TagType = TagType.METADATA
