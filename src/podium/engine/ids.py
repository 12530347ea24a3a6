"""Ids that are derived, so that a decision made twice names the same things."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import md5

_BEGINS_WITH_TIME = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def name_uuid(text: str) -> str:
    """The name-based UUID (version 3, no namespace) of a text (spec/engine.md §2.5)."""
    digest = bytearray(md5(text.encode(), usedforsecurity=False).digest())
    digest[6] = (digest[6] & 0x0F) | 0x30
    digest[8] = (digest[8] & 0x3F) | 0x80
    return _dashed(digest.hex())


def timed_uuid(when: int, text: str) -> str:
    """A UUID (version 7) of a text that begins with a time (epoch ms)."""
    digest = md5(text.encode(), usedforsecurity=False).hexdigest()
    return _dashed(f"{when & (1 << 48) - 1:012x}7{digest[13:16]}{(int(digest[16], 16) & 3) + 8:x}{digest[17:]}")


def child_id(parent_workflow_id: str, parent_task_id: str, generation: int) -> str:
    """The id of the workflow that a SUB_WORKFLOW task starts (spec/engine.md §2.5)."""
    return name_uuid(f"subworkflow:{parent_workflow_id}:{parent_task_id}:{generation}")


def task_id(workflow_id: str, number: int) -> str:
    """The id of a workflow's n-th task: a UUID (version 8) that ends in the number.

    When the workflow's id begins with a time (version 7), so do those of its tasks: rows that are written together lie together.
    """
    return f"{_prefix(workflow_id)}{number:08x}"


@lru_cache(maxsize=4096)
def _prefix(workflow_id: str) -> str:
    digest = md5(workflow_id.encode(), usedforsecurity=False).hexdigest()
    begin = workflow_id[:13] if _BEGINS_WITH_TIME.fullmatch(workflow_id) else f"{digest[:8]}-{digest[8:12]}"
    return f"{begin}-8{digest[13:16]}-a{digest[17:20]}-{digest[20:24]}"


def _dashed(text: str) -> str:
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
