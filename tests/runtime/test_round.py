"""A round: each poller gets what became durable for it, and nothing else."""

from __future__ import annotations

from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.line import Line, Waiter
from podium.runtime.round import Round, Serving
from podium.store.store import Claimed, Saved, Want


def a_task(name: str) -> Task:
    return Task(
        workflow_id=name,
        task_id=name,
        number=1,
        ref="a",
        base_ref="a",
        task_type="a",
        def_name="a",
        status=TaskStatus.IN_PROGRESS,
        ready_at=0,
    )


class Heard:
    """Pollers that remember what they got."""

    def __init__(self) -> None:
        self.got: dict[str | None, list[str]] = {}
        self.waiting: list[str | None] = []

    def settle(self, serving: Serving, tasks: list[Task]) -> None:
        self.got[serving.waiter.worker_id] = [task.task_id for task in tasks]

    def wait_on(self, unserved: dict[Line, list[Waiter]]) -> None:
        self.waiting = [waiter.worker_id for waiters in unserved.values() for waiter in waiters]


def a_want(worker_id: str, count: int) -> Want:
    return Want(queue="a", domain=None, worker_id=worker_id, count=count)


async def test_a_worker_gets_claims_and_hand_offs_but_nothing_of_a_decision_that_lost() -> None:
    heard, line = Heard(), Line("a", None)
    one = Round(heard)
    ada, ben = one.serve(Waiter(line, "ada", 3), a_want("ada", 1)), one.serve(Waiter(line, "ben", 2))
    ada.handed += [(0, a_task("lost")), (1, a_task("good"))]
    ben.handed += [(2, a_task("broken"))]
    claim = Claimed(want=0, task=a_task("claimed"), revision=2, wake_at=0)
    one.settle(Saved(conflicts=frozenset({0}), failures={2: "a constraint"}, claimed=[claim]))
    assert heard.got == {"ada": ["claimed", "good"], "ben": []}
    assert heard.waiting == ["ben"]


async def test_a_worker_that_the_store_has_nothing_for_waits_until_its_next_task_is_ready() -> None:
    heard, line = Heard(), Line("a", None)
    one = Round(heard)
    one.serve(Waiter(line, "ada", 1), a_want("ada", 1))
    one.settle(Saved(next_ready={("a", None): 77}))
    assert (heard.waiting, line.filled, line.next_ready) == (["ada"], False, 77)


async def test_a_line_asks_the_store_again_when_a_task_of_its_head_has_changed() -> None:
    heard, line = Heard(), Line("a", None)
    line.stocked = False
    one = Round(heard)
    one.serve(Waiter(line, "ada", 1), Want(queue="a", domain=None, worker_id="ada", count=1, candidates=[]))
    one.settle(Saved())
    assert (heard.waiting, line.filled) == (["ada"], True)
