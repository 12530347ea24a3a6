"""Advance: a task that changed wakes its successor, its container and the JOINs that wait for it, and nothing else.

The worklist is handled in turns, as Conductor's decider does (spec/engine.md §3.1-§3.5): first everything that follows is planned and
scheduled in the order of `seq`, then the tasks that run inside the decision are executed, and what they change is the next turn.
"""

from __future__ import annotations

from podium.engine.draft import Draft
from podium.engine.ending import complete, permissive_failures, terminate
from podium.engine.graph import SWITCHES, Node
from podium.engine.question import NeedsAnswer
from podium.engine.retry import retry
from podium.engine.tasks import TASK_TYPES
from podium.engine.turn import Terminated, Turn
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task

# Tasks processed and executed in one decision. A long loop of tasks without a worker is decided and committed in pieces, so that it
# holds up nobody else; one of 500 iterations is decided in one go (spec/engine.md §3.1, §12.18).
MOST_WORK = 1_600
CHEAP_TO_REPEAT = 30  # up to so much work is done again when a script has had its time


def advance(draft: Draft) -> None:
    """Decide until nothing more follows from what has changed, or until enough is decided for one commit."""
    while draft.running and (draft.dirty or _at_rest(draft)):
        if not draft.dirty:
            _leave_unmarked(draft)
            complete(draft, None)
            return
        if draft.work >= MOST_WORK:
            draft.leave_off()
            return
        try:
            _turn(draft)
            draft.turns += 1
        except Terminated as ending:
            terminate(draft, ending.reason, ending.status, ending.task, failure_workflow=True)
        except NeedsAnswer:
            if draft.work < CHEAP_TO_REPEAT:
                raise
            # What was decided before the question is kept: the scripts of a long loop must not make it begin again for each.
            draft.leave_off()
            return


def go_on(draft: Draft) -> None:
    """Have everything looked at that may have been left off halfway, or waited for the end of a pause."""
    draft.set_workflow(unfinished=False)
    draft.look_at_pending()
    for task in draft.open_tasks():
        known = TASK_TYPES.get(task.task_type)
        if known is not None and known.execute is not None:
            draft.look_at(task.task_id)


def begin(draft: Draft) -> None:
    """Schedule the first task (spec/engine.md §3.2: the seed)."""
    turn = Turn(draft, TASK_TYPES)
    try:
        first = draft.program.first
        while first is not None and draft.skipped(first.ref):
            first = first.successor
        if first is None:
            terminate(draft, "No tasks found to be executed", WorkflowStatus.COMPLETED, None, failure_workflow=True)
            return
        turn.schedule(turn.spot("").plan(first))
        for task_id in turn.to_execute:
            draft.look_at(task_id)
    except Terminated as ending:
        terminate(draft, ending.reason, ending.status, ending.task, failure_workflow=True)
        return
    advance(draft)


def _at_rest(draft: Draft) -> bool:
    """Nothing is open and everything was processed (spec/engine.md §3.4)."""
    index = draft.index
    return index.open_count == 0 and any(True for _ in index.tasks) and not any(True for _ in index.pending)


def _turn(draft: Draft) -> None:
    ids, draft.dirty = draft.dirty, {}
    tasks = sorted((task for task_id in ids if (task := draft.task(task_id)) is not None), key=lambda task: task.seq)
    ending = next((task for task in tasks if _terminates(task)), None)
    if ending is not None:
        _end_by_task(draft, ending)
        return
    turn = Turn(draft, TASK_TYPES)
    draft.processed = []
    for task in tasks:
        if task.unprocessed:
            draft.processed.append(task.task_id)
            _process(turn, task)
        elif not task.status.terminal:
            turn.to_execute[task.task_id] = None
    _execute(turn)


def _leave_unmarked(draft: Draft) -> None:
    """The tasks after which nothing follows are not marked `executed`: so it is on the real server, and clients may look (§3.2)."""
    for task_id in draft.processed:
        task = draft.task(task_id)
        if task is not None and task.executed:
            draft.change(task, executed=False)


def _terminates(task: Task) -> bool:
    return task.task_type == "TERMINATE" and task.unprocessed and task.status.successful


def _end_by_task(draft: Draft, task: Task) -> None:
    """A TERMINATE task ends the workflow as it says (spec/engine.md §3.10)."""
    value = task.input.value
    status = WorkflowStatus(str(value["terminationStatus"]))
    given = value.get("terminationReason")
    blank = given is None or not str(given).strip()
    reason = f"Workflow is {status} by TERMINATE task: {task.task_id}" if blank else str(given)
    if status is WorkflowStatus.COMPLETED or permissive_failures(draft):
        complete(draft, task, reason)
    else:
        terminate(draft, reason, status, task, failure_workflow=True)


def _process(turn: Turn, task: Task) -> None:
    """Decide what follows from a task that is over (spec/engine.md §3.2)."""
    draft = turn.draft
    if task.status.failed:
        attempt = retry(turn, task)
        if attempt is not None:
            turn.schedule([attempt])
            return
        node = draft.node(task)
        if node is None or node.task.optional or not node.task.permissive:
            task = draft.change(task, status=TaskStatus.COMPLETED_WITH_ERRORS)
    planned = plan_successor(turn, task)  # first, so that a script that needs time leaves the task unprocessed
    draft.mark_executed(task)
    turn.schedule(planned)
    _wake(draft, task)
    draft.work += 1


def plan_successor(turn: Turn, task: Task) -> list[Task]:
    """The tasks of the node after a task's (spec/engine.md §3.5)."""
    draft = turn.draft
    node = draft.node(task)
    if node is None or node.type == "TERMINATE" or (node.type in SWITCHES and "hasChildren" in task.input.value):
        return []
    following, suffix = node.successor, task.suffix
    while following is not None and draft.skipped(following.ref + suffix):
        following = following.successor
    if following is None or draft.last(following.ref + suffix) is not None:
        return []
    return turn.spot(suffix).plan(following)


def _wake(draft: Draft, task: Task) -> None:
    """Look at the JOINs that wait for a finished task and at the loop around it."""
    index = draft.index
    for join_id in index.waiting.get(task.ref, ()):
        join = index.tasks[join_id]
        if join.task_type != "JOIN" or index.missing_count.get(join_id) == 0 or _scripted(draft.node(join)):
            draft.look_at(join_id)
    loop_id = index.loop_of(task)
    if loop_id is not None and index.loop_open.get(loop_id) == 0 and not index.tasks[loop_id].status.terminal:
        draft.look_at(loop_id)


def _scripted(node: Node | None) -> bool:
    return node is not None and bool(node.task.expression)


def _execute(turn: Turn) -> None:
    """Run the tasks of this turn that run inside the decision; what they schedule belongs to the next turn."""
    ids, turn.to_execute = turn.to_execute, {}
    for task_id in ids:
        task = turn.draft.task(task_id)
        if task is None or task.status.terminal:
            continue
        execute = turn.type_of(task).execute
        if execute is not None:
            execute(turn, task)
            turn.draft.work += turn.draft.task(task_id) is not task
    for task_id in turn.to_execute:
        turn.draft.look_at(task_id)
