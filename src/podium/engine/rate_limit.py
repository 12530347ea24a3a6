"""Rate limit: of the runs with one key only so many go at once, the others wait in order (spec/engine.md §6.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from podium.engine.output_cache import bounded
from podium.engine.question import NeedsAnswer, SlotAsked
from podium.engine.template import Scope, Template, compile_template
from podium.errors import Busy, Limited, PodiumError
from podium.model.command import AnyCommand, ChildRevived, RerunWorkflow, RestartWorkflow, RetryWorkflow
from podium.model.definition import RateLimitPolicy, WorkflowDef
from podium.model.slot import Slot, SlotStanding, SlotState
from podium.model.workflow import Workflow

if TYPE_CHECKING:
    from podium.engine.draft import Draft

_REVIVING = (RestartWorkflow, RetryWorkflow, RerunWorkflow, ChildRevived)


class RateRule:
    """How the key is made when a run starts, how many with one key may run, and what happens to one too many."""

    __slots__ = ("_key", "_name", "limit", "reject")

    def __init__(self, key: Template, name: str, limit: int, *, reject: bool) -> None:
        self._key = key
        self._name = name
        self.limit = limit
        self.reject = reject

    def key(self, scope: Scope) -> str:
        """The key; the workflow's name when it comes to nothing."""
        found = self._key(scope)
        text = found if isinstance(found, str) else "" if found is None else msgspec.json.encode(found).decode()
        return bounded(text or self._name)


def rate_rule(definition: WorkflowDef) -> RateRule | None:
    """The rule of a definition; None when any number may run."""
    config = definition.rate_limit_config
    if config is None or config.concurrent_exec_limit <= 0:
        return None
    reject = config.policy is RateLimitPolicy.REJECT
    return RateRule(compile_template(config.rate_limit_key), definition.name, config.concurrent_exec_limit, reject=reject)


def enter(draft: Draft) -> bool:
    """Whether a run that is about to start may go; else it waits for its turn. Raises Limited when it is not to wait."""
    rule = draft.program.rate_rule
    if rule is None:
        return True
    key = rule.key(draft.scope())
    standing = _standing(draft, key)
    free = standing.held < rule.limit and standing.waiting is None
    if rule.reject and not free:
        raise _refusal(key, rule.limit)
    draft.set_workflow(rate_limit_key=key, rate_limited=not free)
    return free


def turn_has_come(draft: Draft) -> bool:
    """Whether a slot is free for a run that waits."""
    rule, key = draft.program.rate_rule, draft.workflow.rate_limit_key
    return rule is None or key is None or _standing(draft, key).held < rule.limit


def check_revival(draft: Draft, command: AnyCommand) -> None:
    """A run that has ended needs a slot to run again. Raises Limited when none is free, Busy for a message, which comes again."""
    rule, workflow = draft.program.rate_rule, draft.workflow
    key = workflow.rate_limit_key
    if rule is None or key is None or not workflow.status.terminal or not isinstance(command, _REVIVING):
        return
    standing = _standing(draft, key)
    if standing.held >= rule.limit or standing.waiting is not None:
        refusal: PodiumError = _refusal(key, rule.limit)
        raise refusal if command.message_id is None else Busy(refusal.message)


def slot_change(draft: Draft, before: Workflow | None) -> Slot | None:
    """Where the run stands now, if that has changed."""
    after, rule = draft.workflow, draft.program.rate_rule
    if after.rate_limit_key is None:
        return None
    state = None if draft.removed else _state(after)
    if state is (_state(before) if before is not None else None):
        return None
    return Slot(key=after.rate_limit_key, limit=rule.limit if rule is not None else 0, state=state)


def _state(workflow: Workflow) -> SlotState | None:
    if workflow.status.terminal:
        return None
    if not workflow.rate_limited:
        return SlotState.HELD
    return SlotState.PAUSED if workflow.status == "PAUSED" else SlotState.WAITING


def _standing(draft: Draft, key: str) -> SlotStanding:
    question = SlotAsked(draft.workflow.workflow_id, key)
    if question not in draft.answers:
        raise NeedsAnswer([question])
    standing = draft.answers[question]
    assert isinstance(standing, SlotStanding)
    return standing


def _refusal(key: str, limit: int) -> Limited:
    return Limited(f"Rate limit key {key}: {limit} of {limit} workflows run or wait already; try again when one has ended")
