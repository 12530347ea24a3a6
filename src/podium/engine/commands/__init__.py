"""Commands: this table is the list of requests that change a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from podium.engine.commands import admit, child, control, message, offer, rerun, restart, retry, revive, start, tick, update_task
from podium.engine.draft import Draft
from podium.model import command as words

COMMANDS: dict[type[words.Command], Callable[[Draft, Any], object]] = {
    words.StartWorkflow: start.start_workflow,
    words.UpdateTask: update_task.update_task,
    words.UpdateTaskByRef: update_task.update_task_by_ref,
    words.Signal: update_task.signal,
    words.FinishSystemTask: update_task.finish_system_task,
    words.AnnounceStart: update_task.announce_start,
    words.RequeueTask: update_task.requeue_task,
    words.ChildChanged: child.child_changed,
    words.AwaitWorkflow: child.await_workflow,
    words.ChildNotStarted: child.child_not_started,
    words.OtherStarted: child.other_started,
    words.ChildRevived: revive.child_revived,
    words.FailureWorkflowRefused: child.failure_workflow_refused,
    words.Tick: tick.tick,
    words.Evaluate: tick.tick,
    words.AdmitWorkflow: admit.admit,
    words.PauseWorkflow: control.pause,
    words.ResumeWorkflow: control.resume,
    words.TerminateWorkflow: control.terminate_workflow,
    words.RestartWorkflow: restart.restart,
    words.RetryWorkflow: retry.retry_workflow,
    words.RerunWorkflow: rerun.rerun,
    words.SkipTask: control.skip_task,
    words.ResetCallbacks: control.reset_callbacks,
    words.UpdateVariables: control.update_variables,
    words.PushMessage: message.push_message,
    words.OfferEvent: offer.offer_event,
    words.RemoveWorkflow: control.remove_workflow,
}
