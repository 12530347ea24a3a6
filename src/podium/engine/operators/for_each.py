"""FOR_EACH: runs its body once for each item of a list, up to `concurrency` of them side by side.

It becomes: a script that deals the items to lanes, one DO_WHILE per lane (side by side in a fork, when there are several), and a script
under its own name that puts the outputs of the bodies in the order of the items.
"""

from __future__ import annotations

from msgspec.structs import replace

from podium.engine.operators.rewriting import rename, rewrite
from podium.engine.operators.scope import Compiled, Scope, computed, generated, nodes_of
from podium.model.definition import WorkflowTask
from podium.model.json import Json

MOST_LANES = 100

# Both work on the lists and maps of the real server too, which are not quite those of JavaScript.
_DEAL = """(function () {
  var all = Array.isArray($.items) ? $.items : $.items == null ? [] : [$.items], lanes = [];
  for (var lane = 0; lane < $.lanes; lane++) { lanes.push([]); }
  for (var at = 0; at < all.length; at++) { lanes[at % $.lanes].push({ index: at, item: all[at] }); }
  return lanes;
})()"""
_GATHER = """(function () {
  var rows = [], lanes = $.outputs.length;
  for (var lane = 0; lane < lanes; lane++) {
    var output = $.outputs[lane] || {}, suffix = lanes > 1 ? "_lane" + (lane + 1) : "";
    for (var round = 1; output["" + round] != null; round++) {
      var row = {};
      for (var name in output["" + round]) {
        row[suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name] = output["" + round][name];
      }
      rows[(round - 1) * lanes + lane] = row;
    }
  }
  return rows;
})()"""


def for_each(task: WorkflowTask, scope: Scope) -> Compiled:
    """The plain tasks of a FOR_EACH."""
    ref, lanes = task.task_reference_name, concurrency(task)
    body = scope.sequence(task.loop_over, scope)
    tasks = [rewrite(one, body.moves) for one in body.tasks]
    deal = computed(f"{ref}_items", _DEAL, items=items(task), lanes=lanes)
    loops = [_lane(task, tasks, lane) for lane in range(lanes)]
    outputs: list[Json] = [f"${{{loop.task_reference_name}.output}}" for loop in loops]
    gather = computed(ref, _GATHER, outputs=outputs)
    made = [replace(deal, start_delay=task.start_delay), *(loops if lanes == 1 else _side_by_side(ref, loops)), gather]
    return Compiled([generated(task, one) for one in made], body.moves if lanes == 1 else {})


def items(task: WorkflowTask) -> Json:
    """The list, or the expression for it; None when there is none."""
    return task.items if task.items and task.items.strip() else task.input_parameters.get("items")


def concurrency(task: WorkflowTask) -> int:
    """How many bodies may run at once; 1 for a number that is none, which is refused on registration."""
    given = task.input_parameters.get("concurrency", 1)
    return given if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= MOST_LANES else 1


def _lane(task: WorkflowTask, body: list[WorkflowTask], lane: int) -> WorkflowTask:
    """The loop over every n-th item; of several each has its own names for the tasks of the body."""
    ref, lanes = task.task_reference_name, concurrency(task)
    loop = f"{ref}_loop" if lanes == 1 else f"{ref}_lane{lane + 1}"
    if lanes > 1:
        names = {node.task_reference_name: f"{node.task_reference_name}_lane{lane + 1}" for node in nodes_of(body)}
        body = [rename(one, names) for one in body]
    fields = {"loopItem": "loopItem.item", "item": "loopItem.item", "loopIndex": "loopItem.index"}
    current = {f"{ref}.output.{name}": f"{loop}.output.{path}" for name, path in fields.items()}
    return WorkflowTask(
        name=loop,
        task_reference_name=loop,
        type="DO_WHILE",
        items=f"${{{ref}_items.output.result[{lane}]}}",
        loop_condition="",
        loop_over=[rewrite(one, current) for one in body],
    )


def _side_by_side(ref: str, loops: list[WorkflowTask]) -> list[WorkflowTask]:
    fork, join = f"{ref}_fork", f"{ref}_join"
    return [
        WorkflowTask(name=fork, task_reference_name=fork, type="FORK_JOIN", fork_tasks=[[loop] for loop in loops]),
        WorkflowTask(name=join, task_reference_name=join, type="JOIN", join_on=[loop.task_reference_name for loop in loops]),
    ]
