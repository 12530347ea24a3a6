"""Whatever the definition, and whatever workers, operators and the clock do: the invariants hold, and every run ends."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import CallerError
from podium.model import command as words
from podium.model.payload import Payload
from podium.model.status import TaskStatus, WorkflowStatus
from podium.model.task import Task
from podium.testing.invariants import SERVER_POLLED
from tests.engine.flow import Flow
from tests.engine.given import Node, child, defined, dynamic_fork, ending, fork, inline, loop, node, setting, switch, wait
from tests.engine.invariants import OUTSIDE, CheckedWorld

WORKER_TYPES = ("pay", "ship", "flaky", "slow")
REPORTS = ("COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "FAILED_WITH_TERMINAL_ERROR", "CANCELED", "IN_PROGRESS")


class Plans:
    """Draws definitions: each reference name once."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.count = 0

    def ref(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def one_of(self, *kinds: Any) -> Any:
        return self.chance.choice(kinds)

    def sequence(self, depth: int, least: int = 1) -> list[Node]:
        """A few tasks in a row."""
        tasks: list[Node] = []
        for _ in range(self.chance.randint(least, 3)):
            made = self.task(depth)
            tasks += made if isinstance(made, list) else [made]
        return tasks

    def task(self, depth: int) -> Node | list[Node]:
        leaves = (self.worker, self.worker, self.worker, self.quick, self.waits, self.http, self.ends)
        containers = (self.switch, self.fork, self.dynamic_fork, self.loop, self.child)
        made: Node | list[Node] = self.one_of(*leaves, *(containers if depth > 0 else ()))(depth)
        return made

    def worker(self, _: int) -> Node:
        flags = self.one_of({}, {}, {"optional": True}, {"permissive": True}, {"retryCount": 1}, {"startDelay": 2})
        return {**node(self.ref()), "name": self.one_of(*WORKER_TYPES), **flags}

    def quick(self, _: int) -> Node:
        ref = self.ref()
        made: Node = self.one_of(
            inline(ref, "1"), inline(ref, "throw 'no'"), setting(ref, k=1), node(ref, "NOOP"), node(ref, "EVENT", sink="conductor")
        )
        return made

    def waits(self, _: int) -> Node:
        ref = self.ref()
        made: Node = self.one_of(
            wait(ref), wait(ref, "3 seconds"), wait(ref, "0 seconds"), node(ref, "HUMAN"), node(ref, "PULL_WORKFLOW_MESSAGES")
        )
        return made

    def http(self, _: int) -> Node:
        return node(self.ref(), "HTTP", inputParameters={"uri": "http://x"}, **self.one_of({}, {"asyncComplete": True}, {"retryCount": 1}))

    def ends(self, depth: int) -> Node:
        if depth > 1 or self.chance.random() < 0.7:
            return self.worker(depth)
        return ending(self.ref(), self.one_of("COMPLETED", "FAILED", "TERMINATED"))

    def switch(self, depth: int) -> Node:
        taken = self.sequence(depth - 1, 0)
        return switch(self.ref(), self.one_of("a", "b", "c"), {"a": taken, "b": []}, self.sequence(depth - 1, 0))

    def fork(self, depth: int) -> list[Node]:
        branches = [self.sequence(depth - 1, 0) for _ in range(self.chance.randint(1, 3))]
        ref = self.ref()
        # A JOIN can only wait for what surely runs.
        refs = [branch[-1]["taskReferenceName"] for branch in branches if branch]
        return fork(ref, *branches, join_on=refs, **self.one_of({}, {}, {"optional": True}))

    def dynamic_fork(self, depth: int) -> list[Node]:
        ref = self.ref()
        if self.chance.random() < 0.5:
            return dynamic_fork(ref, {"forkTaskName": "pay", "forkTaskInputs": [{"n": n} for n in range(self.chance.randint(0, 3))]})
        tasks = [self.worker(0) for _ in range(self.chance.randint(0, 2))]
        return dynamic_fork(ref, {"tasks": tasks, "inputs": {}})

    def loop(self, depth: int) -> Node:
        body = self.sequence(depth - 1)
        return loop(self.ref(), self.chance.randint(1, 3), *body, inputParameters=self.one_of({}, {}, {"keepLastN": 1}, {"keepLastN": 2}))

    def child(self, depth: int) -> Node:
        flags = self.one_of({}, {}, {"optional": True}, {"retryCount": 1})
        ref = self.ref()
        if self.chance.random() < 0.5:
            return child(ref, "registered", **flags)
        return child(
            ref, ref, subWorkflowParam={"workflowDefinition": {"name": ref, "version": 1, "tasks": self.sequence(depth - 1)}}, **flags
        )


def a_definition(chance: Random) -> dict[str, Any]:
    """A definition of any shape, nested two deep."""
    timed: dict[str, Any] = {"timeoutSeconds": 20, "timeoutPolicy": "TIME_OUT_WF"}
    return {"tasks": Plans(chance).sequence(2), **chance.choice([{}, {}, timed])}


class Life:
    """Whoever may do something, in an order that is drawn."""

    def __init__(self, world: CheckedWorld, chance: Random) -> None:
        self.world = world
        self.chance = chance

    def pick(self, things: list[Any]) -> Any:
        return self.chance.choice(things) if things else None

    def step(self) -> None:
        """One thing that happens."""
        happening = self.pick(
            [
                *(self.claim, self.claim, self.claim_and_report, self.claim_and_report, self.report, self.report, self.late),
                *(self.time, self.time, self.again, self.again, self.pause, self.resume, self.terminate, self.skip),
                *(self.repeat_message, self.by_ref, self.push),
            ]
        )
        try:
            happening()
        except CallerError:
            return  # refused, as it may be

    def a_flow(self) -> Flow:
        return self.world.flow(self.pick(list(self.world.runs)))

    def claim(self) -> None:
        if (task := self.pick(self.world.ready())) is not None:
            self.world.claim(task)

    def claim_and_report(self) -> None:
        if (task := self.pick(self.world.ready())) is not None:
            self.report_on(self.world.claim(task))

    def report(self) -> None:
        found = [t for run in self.world.runs.values() for t in run.listed() if not t.status.terminal and reportable(t)]
        if (task := self.pick(found)) is not None:
            self.report_on(task)

    def report_on(self, task: Task) -> None:
        status = self.pick(list(REPORTS))
        if task.task_type in SERVER_POLLED and status in ("COMPLETED", "FAILED", "IN_PROGRESS"):
            seconds = self.pick([0, 5])
            common: dict[str, Any] = {"workflow_id": task.workflow_id, "task_id": task.task_id, "output": {"s": 1}}
            self.world.do(words.FinishSystemTask(status=TaskStatus(status), callback_after_seconds=seconds, **common))
        else:
            self.world.report(task, status, {"r": 1}, callback_after_seconds=self.pick([0, 0, 4]), reason="as drawn")

    def late(self) -> None:
        """A report about a task that is over changes nothing."""
        found = [task for run in self.world.runs.values() for task in run.listed() if task.status.terminal]
        if (task := self.pick(found)) is not None:
            before = self.world.runs[task.workflow_id].workflow
            self.world.report(task, self.pick(list(REPORTS)), {"late": True})
            assert self.world.runs[task.workflow_id].workflow is before

    def time(self) -> None:
        wakes = self.world.wakes()
        self.world.advance(self.pick([1, 5, 70]) if not wakes else max(0, wakes[0] - self.world.now) / 1000)

    def by_ref(self) -> None:
        flow = self.a_flow()
        task = self.pick(flow.tasks)
        if task is not None and reportable(task):
            flow.do(words.UpdateTaskByRef, ref=self.pick([task.ref, task.base_ref]), status=TaskStatus.COMPLETED, output={"by": "ref"})

    def push(self) -> None:
        flow = self.a_flow()
        flow.do(words.PushMessage, pushed_id="m", payload=Payload.of({"d": 1}), most=2, most_bytes=100)

    def pause(self) -> None:
        self.a_flow().pause()

    def resume(self) -> None:
        self.a_flow().resume()

    def terminate(self) -> None:
        if self.pick([True, False]):
            self.a_flow().terminate("as drawn")

    def skip(self) -> None:
        flow = self.a_flow()
        flow.skip(self.pick(list(flow.program.nodes)))

    def again(self) -> None:
        """Retry, rerun or restart something that has ended."""
        ended = [key for key, run in self.world.runs.items() if run.workflow.status.terminal]
        if not ended:
            return
        flow = self.world.flow(self.pick(ended))
        tasks = flow.tasks
        kind = self.pick(["retry", "resume", "restart", "rerun", "rerun from", "rerun from", "rerun from"])
        if kind in ("retry", "resume"):
            flow.retry(resume=kind == "resume")
        elif kind == "restart":
            flow.restart()
        elif kind == "rerun" or not tasks:
            flow.rerun()
        else:
            flow.do(words.RerunWorkflow, task_id=self.pick(tasks).task_id)

    def repeat_message(self) -> None:
        """A message that was delivered comes once more."""
        if (row := self.pick(self.world.delivered)) is not None:
            self.world.deliver(row)
            self.world.settle()


def reportable(task: Task) -> bool:
    return not task.system or task.task_type in OUTSIDE or task.task_type in SERVER_POLLED


def bring_to_end(world: CheckedWorld) -> None:
    """Everybody does their work: every run comes to its end."""
    for run in list(world.runs.values()):
        if run.workflow.status is WorkflowStatus.PAUSED:
            world.flow(run.workflow.workflow_id).resume()
    for _ in range(2_000):
        open_tasks = [task for run in world.runs.values() for task in run.listed() if not task.status.terminal and reportable(task)]
        if open_tasks:
            world.report(open_tasks[0], "COMPLETED", {"done": True})
        elif wakes := world.wakes():
            world.advance((wakes[0] - world.now) / 1000)
        else:
            break
    still = [(key, world.flow(key).standing) for key, run in world.runs.items() if not run.workflow.status.terminal]
    assert not still, f"does not end: {still}"


def live(chance: Random) -> None:
    """A definition, a while in which anything happens, and the way to the end."""
    world = CheckedWorld()
    world.task("pay", retryCount=0, responseTimeoutSeconds=10)
    world.task("flaky", retryCount=2, retryDelaySeconds=3, responseTimeoutSeconds=10)
    world.task("ship", retryCount=0, responseTimeoutSeconds=10, pollTimeoutSeconds=6, timeoutPolicy="RETRY")
    world.task(
        "slow", retryCount=1, retryDelaySeconds=0, timeoutSeconds=8, responseTimeoutSeconds=4, timeoutPolicy="RETRY", totalTimeoutSeconds=30
    )
    world.workflow("registered", {**node("r1"), "name": "pay"}, {**node("r2"), "name": "flaky"})
    world.start_definition(defined("flow", **a_definition(chance)), {})
    life = Life(world, chance)
    for _ in range(chance.randint(0, 25)):
        life.step()
    bring_to_end(world)


@settings(max_examples=120, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_the_invariants_hold_after_every_step_and_every_run_comes_to_its_end(chance: Random) -> None:
    live(chance)


def test_a_loop_that_keeps_few_iterations_forgets_the_tasks_of_loops_within_them() -> None:
    # The inner loop changes, and goes, in the same decision in which its first task only goes.
    world = CheckedWorld()
    body = loop("inner", 1, node("a"), node("b"))
    world.start_definition(defined("flow", tasks=[loop("outer", 3, body, inputParameters={"keepLastN": 1})]), {})
    bring_to_end(world)


def test_a_skipped_task_of_a_loop_leaves_with_its_loop() -> None:
    flow = CheckedWorld().start(loop("l", 2, node("a"), node("b")))
    flow.skip("b")
    flow.terminate()
    flow.restart()
    assert flow.standing == ["l IN_PROGRESS", "a__1 SCHEDULED"]
