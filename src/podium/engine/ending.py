"""The end of a workflow: its output, its open tasks, its parent and its failure workflow (spec/engine.md §3.9, §3.10, §7.8)."""

from __future__ import annotations

from msgspec.structs import replace

from podium.engine.conformity import wrong_output
from podium.engine.draft import Draft
from podium.engine.ids import name_uuid
from podium.engine.outputs import loop_output, output_so_far, plain
from podium.engine.retry import text_of
from podium.model.json import Json, JsonObject
from podium.model.message import StartFailureWorkflow
from podium.model.payload import EMPTY, Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task

FAILURE_WORKFLOW_KEY = "conductor.failure_workflow"
_FAILED = frozenset({TaskStatus.FAILED, TaskStatus.FAILED_WITH_TERMINAL_ERROR})


def complete(draft: Draft, by: Task | None, reason: str | None = None) -> None:
    """End a workflow well; permissive failures (spec/engine.md §3.2) and an output that does not do turn that into FAILED."""
    failures = permissive_failures(draft)
    if failures:
        text = ". ".join(f"Task {t.task_id} failed with status: {t.status} and reason: '{text_of(t.reason)}'" for t in failures)
        terminate(draft, text, WorkflowStatus.FAILED, None, failure_workflow=True)
        return
    output = workflow_output(draft, by)
    refusal = wrong_output(draft.program, output.value)
    if refusal is not None:
        terminate(draft, refusal, WorkflowStatus.FAILED, by, failure_workflow=True)
        return
    draft.set_workflow(
        status=WorkflowStatus.COMPLETED,
        output=output,
        reason=reason if reason is not None else draft.workflow.reason,
        end_time=draft.now,
        **_failed_names(draft),
    )
    _cancel_open_tasks(draft)
    draft.dirty.clear()


def terminate(draft: Draft, reason: str | None, status: WorkflowStatus, task: Task | None, *, failure_workflow: bool) -> None:
    """End a workflow badly, and start its failure workflow if that is called for."""
    workflow = draft.workflow
    known = draft.task(task.task_id) if task is not None else None
    by = known if known is not None and known.task_type == "TERMINATE" and known.status.successful else None
    draft.set_workflow(status=status)  # first: the output may read the status
    draft.set_workflow(
        reason=reason,
        end_time=draft.now,
        failed_task_id=workflow.failed_task_id or (known.task_id if known is not None else None),
        output=workflow_output(draft, by),
        **_failed_names(draft),
    )
    _cancel_open_tasks(draft)
    draft.dirty.clear()
    if failure_workflow:
        start_failure_workflow(draft)


def workflow_output(draft: Draft, by: Task | None) -> Payload:
    """A TERMINATE task's output, else the output parameters, else the output of the last task; nothing without tasks (§3.9)."""
    if by is not None:
        return by.output
    program = draft.program
    if program.output is not None and any(True for _ in draft.index.tasks):
        value = plain(program.output(draft.scope()))
        return Payload.of(value) if isinstance(value, dict) else EMPTY
    last = max(draft.index.tasks.values(), key=lambda task: task.seq, default=None)
    return _as_it_ends(draft, last).output if last is not None else EMPTY


def permissive_failures(draft: Draft) -> list[Task]:
    """The permissive tasks that failed, in order: they make a workflow FAILED however it ends by itself (spec/engine.md §3.2)."""
    # Only attempts that failed can be permissive failures, and those are indexed.
    found = []
    for task in _unsuccessful(draft):
        node = draft.node(task)
        if not task.retried and node is not None and node.task.permissive and not node.task.optional:
            found.append(task)
    return sorted(found, key=lambda task: task.seq)


def _unsuccessful(draft: Draft) -> list[Task]:
    return sorted((draft.index.tasks[task_id] for task_id in draft.index.unsuccessful), key=lambda task: task.number)


def _failed_names(draft: Draft) -> dict[str, tuple[str, ...]]:
    failed = [task for task in _unsuccessful(draft) if task.status in _FAILED]
    refs, names = (task.ref for task in failed), (task.def_name for task in failed)
    return {"failed_refs": tuple(dict.fromkeys(refs)), "failed_task_names": tuple(dict.fromkeys(names))}


def _cancel_open_tasks(draft: Draft) -> None:
    for task in draft.open_tasks():
        draft.change(task, status=TaskStatus.CANCELED, output=_as_it_ends(draft, task).output)
    if draft.workflow.messages:
        draft.set_workflow(messages=())  # nobody takes them any more


def _as_it_ends(draft: Draft, task: Task) -> Task:
    """An open JOIN or loop keeps what it has gathered.

    A JOIN does not see any more what has brought the end. A loop sees its open iteration when what has brought the end follows from
    something else in the same decision: then it was looked at in between (spec/engine.md §3.1).
    """
    if task.task_type == "DO_WHILE" and draft.turns:
        return replace(task, output=Payload.of(loop_output(draft.index, task, task.iteration)))
    known = draft.run.index if task.task_type == "JOIN" else draft.index
    return output_so_far(known, task) if task.task_id in known.tasks else task


def start_failure_workflow(draft: Draft) -> None:
    """Have the failure workflow started, and name it in the output (spec/engine.md §7.8)."""
    definition, workflow = draft.program.definition, draft.workflow
    name = _failure_workflow_name(definition.failure_workflow, workflow.input.value)
    if not name:
        return
    version = definition.failure_workflow_version
    if draft.catalog.workflow_definition(name, version) is None:
        refuse_failure_workflow(draft, name, f"No such workflow defined. name={name}, version={version}")
        return
    failure_id = name_uuid(f"failure:{workflow.workflow_id}:{workflow.revision + 1}")
    draft.send(StartFailureWorkflow(workflow_id=workflow.workflow_id, failure_id=failure_id, name=name, version=version))
    _add_output(draft, {FAILURE_WORKFLOW_KEY: failure_id})


def refuse_failure_workflow(draft: Draft, name: str, reason: str) -> None:
    """Say in the output that the failure workflow could not be started."""
    _add_output(draft, {FAILURE_WORKFLOW_KEY: f"Error workflow {name} failed to start.  reason: {reason}"})


def _add_output(draft: Draft, more: JsonObject) -> None:
    draft.set_workflow(output=Payload.of({**draft.workflow.output.value, **more}))


def _failure_workflow_name(named: str | None, workflow_input: JsonObject) -> str | None:
    """A literal name, or `$workflow.input.KEY`, with braces or without."""
    if not named or not named.startswith("$"):
        return named
    parts = named.replace("{", "").replace("}", "").split(".")
    found: Json = workflow_input.get(parts[2]) if len(parts) > 2 else None
    return str(found) if found is not None else None
