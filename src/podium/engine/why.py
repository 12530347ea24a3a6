"""Why: what each open task of a run waits for, and why the run as a whole stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from podium.engine.deadlines import lease_deadline, response_deadline, wait_deadline
from podium.engine.index import awaited
from podium.engine.retry import text_of
from podium.engine.run import Run
from podium.engine.tasks import TASK_TYPES
from podium.engine.when import moment_text
from podium.model.insight import Cause, CauseKind, WaitingTask, Why
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import PollData, Task

NAMED = 5  # reference names in a sentence


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What lies around a run: the workers and the limits of its queues, and the state of its children."""

    now: int  # epoch ms
    polls: Mapping[str, Sequence[PollData]] = {}  # by queue
    limits: Mapping[str, Cause] = {}  # queue -> the limit that holds it up now
    children: Mapping[str, WorkflowStatus] = {}  # by workflow id


Waits = Callable[[Run, Task, Around], Cause]


def why(run: Run, around: Around) -> Why:
    """The answer to the question why a workflow does not go on."""
    workflow = run.workflow
    tasks = [] if workflow.status.terminal else [_waiting(run, task, around) for task in open_tasks(run)]
    causes = [*_ends(run), *_stands(run)]
    text = " ".join([*(cause.text for cause in causes), _summary(run, tasks)]).strip()
    return Why(workflow_id=workflow.workflow_id, status=workflow.status, text=text, causes=causes, tasks=tasks)


def open_tasks(run: Run) -> list[Task]:
    """The tasks that are not over, in order of their creation."""
    return sorted((run.index.tasks[task_id] for task_id in run.index.open), key=lambda task: task.number)


def queued(task: Task) -> bool:
    """The task waits in a queue until a worker or the server takes it."""
    return task.ready_at > 0


# The workflow


def _ends(run: Run) -> list[Cause]:
    """By what a workflow was ended."""
    workflow = run.workflow
    if not workflow.status.terminal:
        return []
    task = run.task(workflow.failed_task_id) if workflow.failed_task_id else None
    if task is not None and workflow.status is not WorkflowStatus.COMPLETED:
        text = f"Task '{task.ref}' ended it: {task.status}, {text_of(task.reason)}."
        return [Cause(kind=CauseKind.FAILED_TASK, text=text, task_id=task.task_id, refs=[task.ref], workflow_id=task.sub_workflow_id)]
    reason = f": {workflow.reason}" if workflow.reason else ""
    return [Cause(kind=CauseKind.ENDED, text=f"It is {workflow.status}{reason}.")]


def _stands(run: Run) -> list[Cause]:
    """What holds up a workflow that is not over."""
    workflow, found = run.workflow, []
    if workflow.status is WorkflowStatus.PAUSED:
        found.append(Cause(kind=CauseKind.PAUSED, text="It is paused: nothing new is scheduled until somebody resumes it."))
    if workflow.rate_limited and not workflow.status.terminal:
        text = f"It waits for a place among the executions with the key '{workflow.rate_limit_key}'."
        found.append(Cause(kind=CauseKind.RATE_LIMIT, text=text))
    if workflow.unfinished and not workflow.status.terminal:
        found.append(Cause(kind=CauseKind.SERVER, text="The server is in the middle of a long decision about it."))
    return found


def _summary(run: Run, tasks: Sequence[WaitingTask]) -> str:
    if run.workflow.status.terminal:
        return ""
    if len(tasks) == 1:
        return f"It waits for task '{tasks[0].reference_task_name}': {tasks[0].text}"
    return f"It waits for {len(tasks)} tasks: {_listed([task.reference_task_name for task in tasks])}." if tasks else ""


# Its tasks


def _waiting(run: Run, task: Task, around: Around) -> WaitingTask:
    causes = _causes(run, task, around)
    return WaitingTask(
        task_id=task.task_id,
        reference_task_name=task.ref,
        task_type=task.task_type,
        status=task.status,
        text=" ".join(cause.text for cause in causes),
        waits_for=causes,
    )


def _causes(run: Run, task: Task, around: Around) -> list[Cause]:
    if queued(task):
        return _in_queue(task, around)
    if not task.system:
        return [_with_worker(run, task)]
    return [_BY_TYPE.get(task.task_type, _served)(run, task, around)]


def _in_queue(task: Task, around: Around) -> list[Cause]:
    if task.ready_at > around.now:
        return [_delayed(task)]
    if task.system:
        return [Cause(kind=CauseKind.SERVER, text="It waits for the server to run it.", queue=task.queue)]
    limit = around.limits.get(task.queue)
    return [limit] if limit is not None else [_for_worker(task, around)]


def _delayed(task: Task) -> Cause:
    if task.retry_count and not task.poll_count:
        reason = f"attempt {task.retry_count + 1} begins after the delay of its retry policy"
    elif task.poll_count:
        reason = "it was asked to be called again later"
    else:
        reason = "its start is delayed"
    return Cause(kind=CauseKind.DELAY, text=f"Not before {moment_text(task.ready_at)}: {reason}.", until=task.ready_at)


def _for_worker(task: Task, around: Around) -> Cause:
    """It could be taken: who asks for such tasks, and who nearly does."""
    polls = around.polls.get(task.queue, ())
    own = next((poll for poll in polls if poll.domain == task.domain), None)
    where = f"'{task.queue}'" + (f" in domain '{task.domain}'" if task.domain else "")
    cause = Cause(kind=CauseKind.WORKER, text="", queue=task.queue, domain=task.domain)
    if own is None:
        elsewhere = [f"in domain '{poll.domain}'" if poll.domain else "without a domain" for poll in polls]
        hint = f" Workers have asked for it {_listed(elsewhere)}." if elsewhere else ""
        return replace(cause, text=f"It waits for a worker of {where}; none has ever asked for it.{hint}")
    text = f"It waits for a worker of {where}; {own.worker_id or 'somebody'} was the last to ask, at {moment_text(own.last_poll_time)}."
    return replace(cause, text=text, worker_id=own.worker_id, last_poll_time=own.last_poll_time)


def _with_worker(run: Run, task: Task) -> Cause:
    node = run.index.node(task)
    until = response_deadline(task, node.policy if node is not None else None)
    patience = f" and must report until {moment_text(until)}" if until else ""
    text = f"{task.worker_id or 'A worker'} has had it since {moment_text(task.update_time)}{patience}."
    return Cause(kind=CauseKind.REPORT, text=text, until=until or None, queue=task.queue, domain=task.domain, worker_id=task.worker_id)


def _wait(_: Run, task: Task, around: Around) -> Cause:
    until = wait_deadline(task)
    if task.status is TaskStatus.SCHEDULED and until > around.now:
        return Cause(kind=CauseKind.DELAY, text=f"Not before {moment_text(until)}: its attempt begins later.", until=until)
    if task.wait_timeout:
        return Cause(kind=CauseKind.TIMER, text=f"It ends at {moment_text(task.wait_timeout)}.", until=task.wait_timeout)
    return Cause(kind=CauseKind.SIGNAL, text="It waits until somebody ends it.")


def _human(_run: Run, _task: Task, _around: Around) -> Cause:
    return Cause(kind=CauseKind.PERSON, text="It waits for a person.")


def _join(run: Run, task: Task, _: Around) -> Cause:
    missing = [ref for ref in awaited(task) if (task.task_id, ref) in run.index.missing]
    node = run.index.node(task)
    scripted = " Its script decides when it is over." if node is not None and node.task.expression else ""
    text = f"It waits for {_listed(missing)}.{scripted}" if missing else f"All tasks that it names are over.{scripted}"
    return Cause(kind=CauseKind.JOIN, text=text, refs=missing)


def _loop(run: Run, task: Task, _: Around) -> Cause:
    ids = (
        run.index.loop_tasks[task.task_id, task.iteration, n] for n in range(run.index.loop_count.get((task.task_id, task.iteration), 0))
    )
    refs = [run.index.tasks[task_id].ref for task_id in ids if task_id in run.index.open]
    return Cause(kind=CauseKind.LOOP, text=f"Iteration {task.iteration} waits for {_listed(refs)}.", refs=refs)


def _child(_: Run, task: Task, around: Around) -> Cause:
    if task.status is TaskStatus.SCHEDULED or task.sub_workflow_id is None:
        delay = task.scheduled_time + task.callback_after_seconds * 1000
        if delay > around.now:
            return Cause(kind=CauseKind.DELAY, text=f"Not before {moment_text(delay)}: its start is delayed.", until=delay)
        return Cause(kind=CauseKind.CHILD, text="Its workflow is being started.")
    status = around.children.get(task.sub_workflow_id)
    text = f"It waits for the end of workflow {task.sub_workflow_id}" + (f", which is {status}." if status else ".")
    return Cause(kind=CauseKind.CHILD, text=text, workflow_id=task.sub_workflow_id, workflow_status=status)


def _event(_run: Run, _task: Task, _around: Around) -> Cause:
    return Cause(kind=CauseKind.EVENT, text="It waits for an event, or for somebody to end it.")


def _message(_run: Run, _task: Task, _around: Around) -> Cause:
    return Cause(kind=CauseKind.EVENT, text="It waits for a message to its workflow.")


def _served(_: Run, task: Task, __: Around) -> Cause:
    """A task of the server: being run, or left open for somebody outside."""
    lease = lease_deadline(task)
    if lease:
        return Cause(kind=CauseKind.SERVER, text="The server runs it.", until=lease)
    known = TASK_TYPES.get(task.task_type)
    if known is not None and known.polled:
        return Cause(kind=CauseKind.SIGNAL, text="The server has run its part; it waits until somebody ends it.")
    return Cause(kind=CauseKind.SERVER, text="The server looks at it with its next decision.")


_BY_TYPE: dict[str, Waits] = {
    "DO_WHILE": _loop,
    "EVENT": _event,
    "EXCLUSIVE_JOIN": _join,
    "HUMAN": _human,
    "JOIN": _join,
    "PULL_WORKFLOW_MESSAGES": _message,
    "START_WORKFLOW": _child,
    "SUB_WORKFLOW": _child,
    "WAIT": _wait,
    "WAIT_FOR_WEBHOOK": _event,
    "YIELD": _wait,
}


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown or "nothing"
