"""Random values of definitions: templates that read what ran before, in all their forms, beside plain values."""

from __future__ import annotations

import random
from typing import Any, Final

Json = Any

WORKER, SCRIPT, CHILD, LOOP, CHOICE, JOIN, OTHER = "worker", "script", "child", "loop", "choice", "join", "other"

# What a template may ask a task for, by the kind of the task: what is there, what is not, and every form of path.
TAILS: Final[dict[str, tuple[str, ...]]] = {
    WORKER: (
        *("output", "output.n", "output.s", "output.l", "output.m", "output.f", "output.b", "output.z", "output.big", "output.u"),
        *("output.l[0]", "output.l[-1]", "output.l[0:2]", "output.l[0,2]", "output.m.k", "output.m['k']", "output.['s']", "output.m.*"),
        *("output.rows[1].y", "output.rows[0]", "output.rows[5].x", "output.rows[*].x", "output..x", "output.missing", "output.s.x"),
        *("output.rows[?(@.x>1)].y", "output.rows[?(@.y=='b')]", "output.l.length()", "output.rows.size()", "output.l.sum()"),
        *("output.l.max()", "output.m.keys()", "input", "status", "taskType", "referenceTaskName", "taskDefName", "retryCount"),
        *("iteration", "reasonForIncompletion"),
    ),
    SCRIPT: ("output.result", "output", "output.result.a", "output.result[0]", "output.result.n", "output.resultList", "input"),
    CHILD: ("output", "output.r", "output.n", "output.s", "status"),
    LOOP: (
        *("output", "output.iteration", "output.1", "output['1']", "output.2", "output.loopItem", "output.loopIndex"),
        *("status", "iteration"),
    ),
    CHOICE: (*("output.selectedCase", "output.evaluationResult[0]", "output", "output.caseOutput", "input.case", "input.hasChildren"),),
    JOIN: ("output", "status", "input.joinOn"),
    OTHER: ("output", "output.result", "input", "status"),
}
WORKFLOW_PATHS: Final = (
    *("workflow.input.a", "workflow.input.k", "workflow.input.m.x", "workflow.input.m", "workflow.input.l", "workflow.input.l[1]"),
    *("workflow.input.none", "workflow.input.nul", "workflow.input.f", "workflow.input.t", "workflow.input.m['x y']", "workflow.input"),
    *("workflow.variables.v1", "workflow.variables.v2.q", "workflow.variables", "workflow.output.x", "workflow.status"),
    *("workflow.version", "workflow.workflowType", "workflow.correlationId", "workflow.schemaVersion", "workflow.parentWorkflowTaskId"),
    *("workflow.input.m.${workflow.input.k}", "workflow.input.l[${workflow.input.one}]"),
    "workflow.input.rows[?(@.x>=${workflow.input.one})]",
)
INPUT: Final[dict[str, Json]] = {
    "a": 1,
    "k": "x",
    "m": {"x": 5, "x y": 2, "n": None, "e": {}, "el": []},
    "l": [10, "s", None, 2.5],
    "one": 1,
    "nul": None,
    "f": 1.0,
    "t": "true",
    "rows": [{"x": 1, "y": "a"}, {"x": 2, "y": "b"}],
    "empty": [],
}
PLAIN: Final = (1, 0, -3, 1.5, 2.0, True, False, None, "text", "", "5", 12345678901, 1e10, "ünï", 1e-5)
PARAMETERS: Final = ("p1", "p2", "p3", "x", "y", "o")
DEEPEST: Final = 3


class Values:
    """A source of values; `known` are the tasks that may be read, with their kinds, and `odd` allows texts that resemble templates."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.known: list[tuple[str, str]] = []
        self.odd = False

    def chance(self, share: float) -> bool:
        """True for a share of all throws."""
        return self.dice.random() < share

    def path(self) -> str:
        """The inside of a template."""
        if self.known and self.chance(0.6):
            ref, kind = self.dice.choice(self.known)
            return f"{ref}.{self.dice.choice(TAILS[kind])}"
        return self.dice.choice(WORKFLOW_PATHS)

    def template(self) -> str:
        """One expression alone, whose value keeps its type."""
        return "${" + self.path() + "}"

    def value(self, depth: int = 0) -> Json:
        """Anything an input parameter may be."""
        thrown = self.dice.random()
        if thrown < 0.5:
            return self.template()
        if thrown < 0.66:
            return self._text() if thrown < 0.62 else self._odd_text()
        if thrown < 0.8 or depth >= DEEPEST:
            return self.dice.choice(PLAIN)
        if thrown < 0.9:
            return {key: self.value(depth + 1) for key in self.dice.sample(("p", "q", "r s", "a.b", "x"), self.dice.randint(0, 3))}
        return [self.value(depth + 1) for _ in range(self.dice.randint(0, 3))]

    def parameters(self, least: int = 0, most: int = 3) -> dict[str, Json]:
        """Input parameters of a task."""
        return {key: self.value() for key in self.dice.sample(PARAMETERS, self.dice.randint(least, most))}

    def _text(self) -> str:
        before, between, after = (self.dice.choice(some) for some in (("pre ", "", "a-"), (" mid ", "-", ""), ("", " end")))
        return f"{before}{self.template()}{between}{self.template()}{after}"

    def _odd_text(self) -> str:
        calm = ("plain", "$", "{x}", "a\\b", f"$1 {self.template()}")
        wild = (
            "$${esc}",
            f"$${{a}} {self.template()}",
            f"100$ {self.template()}",
            "${",
            "}",
            f" {self.template()} ",
            f"{self.template()}\n",
        )
        return self.dice.choice(calm + wild if self.odd else calm)
