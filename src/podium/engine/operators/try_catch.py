"""TRY_CATCH: runs tasks that may fail, others when they have failed, and others in any case.

The tasks to try run as a child workflow, so that a failure ends them together and nothing else. It becomes: the child, a SWITCH with
the tasks to catch, the tasks to run in any case, and a script under its own name that tells how it went. When there are tasks to run in
any case, those to catch run as a child too, and a failure that was not caught ends the workflow after them.
"""

from __future__ import annotations

from msgspec.structs import replace

from podium.engine.operators.enclosure import enclose
from podium.engine.operators.scope import Compiled, Scope, computed, generated, when
from podium.model.definition import WorkflowTask

TRY, CATCH, FINALLY = "try", "catch", "finally"
FAILED = "COMPLETED_WITH_ERRORS"  # the status of an optional task that has failed

# The task that failed, if the block names one; those that were only canceled because of it come last.
_ERROR = """(function () {
  var failed = null, canceled = null;
  for (var name in $.tasks) {
    var status = $.tasks[name].status;
    if (status == "FAILED" || status == "FAILED_WITH_TERMINAL_ERROR" || status == "TIMED_OUT") failed = failed || name;
    if (status == "CANCELED") canceled = canceled || name;
  }
  var task = failed || canceled, found = task ? $.tasks[task] : {};
  return { task: task, status: found.status || $.status, reason: found.reasonForIncompletion || $.reason, workflowId: $.workflowId };
})()"""
_OUTCOME = f"$.status == '{FAILED}' ? ({{ failed: true, error: $.error }}) : ({{ failed: false, error: null }})"


def try_catch(task: WorkflowTask, scope: Scope) -> Compiled:
    """The plain tasks of a TRY_CATCH."""
    ref = task.task_reference_name
    block = enclose(f"{ref}_try", task.decision_cases.get(TRY, []), scope)
    tried = replace(
        block.tasks[0],
        name=task.name,
        optional=True,
        retry_count=task.retry_count,
        start_delay=task.start_delay,
        task_definition=task.task_definition,
    )
    moves: dict[str, str] = {**block.moves, f"{ref}.error": f"{ref}_error.output.result"}
    caught = when(f"{ref}_caught", f"${{{ref}_try.status}}", FAILED, _caught(task, scope, moves))
    finally_ = _sequence(task, FINALLY, scope, moves)
    outcome = computed(ref, _OUTCOME, status=f"${{{ref}_try.status}}", error=f"${{{ref}_error.output.result}}")
    before, after = [tried, *block.tasks[1:], caught], [*([_settled(task)] if finally_ else []), outcome]
    return Compiled([*(generated(task, one) for one in before), *finally_, *(generated(task, one) for one in after)], moves)


def _sequence(task: WorkflowTask, part: str, scope: Scope, moves: dict[str, str]) -> list[WorkflowTask]:
    """A part that runs in the workflow itself."""
    compiled = scope.sequence(task.decision_cases.get(part, []), scope)
    moves.update(compiled.moves)
    return compiled.tasks


def _caught(task: WorkflowTask, scope: Scope, moves: dict[str, str]) -> list[WorkflowTask]:
    """What to do about a failure: find out what it was, and then the tasks of the part."""
    ref = task.task_reference_name
    found = computed(
        f"{ref}_error",
        _ERROR,
        tasks=f"${{{ref}_try.output.tasks}}",
        status=f"${{{ref}_try.output.status}}",
        reason=f"${{{ref}_try.reasonForIncompletion}}",
        workflowId=f"${{{ref}_try.output.subWorkflowId}}",
    )
    if not task.decision_cases.get(CATCH):
        return [found]
    if not task.decision_cases.get(FINALLY):
        return [found, *_sequence(task, CATCH, scope, moves)]
    block = enclose(f"{ref}_catch", task.decision_cases[CATCH], scope)
    moves.update(block.moves)
    return [found, replace(block.tasks[0], optional=True), *block.tasks[1:]]


def _settled(task: WorkflowTask) -> WorkflowTask:
    """The end of the workflow, after all, for a failure that was not caught."""
    ref, catches = task.task_reference_name, bool(task.decision_cases.get(CATCH))
    uncaught = f"{ref}_catch" if catches else f"{ref}_try"
    reason = f"${{{ref}_catch.reasonForIncompletion}}" if catches else f"${{{ref}_error.output.result.reason}}"
    ending = WorkflowTask(
        name=f"{ref}_rethrown",
        task_reference_name=f"{ref}_rethrown",
        type="TERMINATE",
        input_parameters={"terminationStatus": "FAILED", "terminationReason": reason},
    )
    return when(f"{ref}_settled", f"${{{uncaught}.status}}", FAILED, [ending])
