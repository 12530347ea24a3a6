"""Workflow message: what somebody sent to a running workflow, until a task of it takes it (spec/tasks.md §4.9)."""

from __future__ import annotations

import msgspec

from podium.model.payload import Payload


class WorkflowMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a workflow's queue."""

    number: int  # 1, 2, 3… in the order in which they came; never used twice within a workflow
    message_id: str
    received_at: int  # epoch ms
    payload: Payload
