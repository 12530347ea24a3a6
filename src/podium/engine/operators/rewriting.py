"""Rewriting: gives expressions and scripts of tasks other beginnings, and tasks other names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from podium.model.definition import WorkflowTask
from podium.model.json import Json, JsonObject

T = TypeVar("T")

Moves = Mapping[str, str]  # how an expression begins -> how it begins afterwards, each up to a whole component

_LOOP_SCRIPT, _JOIN_SCRIPT = "loopCondition", "expression"  # scripts that read outputs by reference
_NAMES = frozenset({"joinOn", "defaultExclusiveJoinTask"})
_OTHER_SCOPE = "workflowDefinition"  # of a child: its expressions see nothing of what is around it
_OF_JOIN = f"JOIN.{_JOIN_SCRIPT}"
_ROOT = re.compile(r"\s*([^.\[\s]*)")


def root_of(inside: str) -> str:
    """The first component of what stands between the braces of an expression."""
    found = _ROOT.match(inside)
    return found[1] if found is not None else ""


def rewrite(value: T, moves: Moves) -> T:
    """Tasks or payloads whose expressions, and scripts that read outputs by reference (`$.ref`), begin as `moves` says."""
    if not moves:
        return value
    expression, script = _expressions(moves), _scripts(moves)
    return _walked(value, lambda key, text: script(text) if key in {_LOOP_SCRIPT, _OF_JOIN} else expression(text))


def rename(task: WorkflowTask, names: Moves) -> WorkflowTask:
    """The task, and all in it, under other reference names (old -> new); whatever reads them reads the new ones."""
    renamed = rewrite(task, names)
    return _walked(renamed, lambda key, text: names.get(text, text) if key == "taskReferenceName" or key in _NAMES else text)


def replace_expressions(task: WorkflowTask, change: Callable[[str], str]) -> WorkflowTask:
    """The task with every text in it that holds an expression changed."""
    return _walked(task, lambda _, text: change(text) if "${" in text else text)


def _expressions(moves: Moves) -> Callable[[str], str]:
    beginnings = "|".join(re.escape(old) for old in sorted(moves, key=len, reverse=True))
    pattern = re.compile(rf"(?<!\$)\$\{{({beginnings})(?=[.\[}}])")
    return lambda text: pattern.sub(lambda found: "${" + moves[found[1]], text) if "${" in text else text


def _scripts(moves: Moves) -> Callable[[str], str]:
    """A script sees outputs alone: what an expression calls `a.output.b` is `$.a.b` there."""
    short = {old: _seen_by_script(new) for old, new in moves.items() if "." not in old}
    if not short:
        return lambda text: text
    names = "|".join(re.escape(old) for old in sorted(short, key=len, reverse=True))
    pattern = re.compile(rf"""\$(?:\.({names})(?![\w$])|\[(['"])({names})\2\])""")
    return lambda text: pattern.sub(lambda found: f"${short[found[1] or found[3]]}", text)


def _seen_by_script(path: str) -> str:
    root, _, rest = path.partition(".output.")
    parts = [root, *rest.split("."), "output"] if rest else [root]
    return "".join(f"['{part}']" for part in parts)


def _walked(value: T, change: Callable[[str, str], str]) -> T:
    """A copy with every text changed, of which the nearest key is known; lists hand their key down."""

    def walk(key: str, current: Json) -> Json:
        if isinstance(current, str):
            return change(key, current)
        if isinstance(current, list):
            return [walk(key, one) for one in current]
        if isinstance(current, dict):
            return {
                name: one if name == _OTHER_SCOPE and isinstance(one, dict) else walk(_key(name, current), one)
                for name, one in current.items()
            }
        return current

    json: Any = walk("", msgspec.to_builtins(value))
    return msgspec.convert(json, type(value))


def _key(name: str, owner: JsonObject) -> str:
    return _OF_JOIN if name == _JOIN_SCRIPT and owner.get("type") == "JOIN" else name
