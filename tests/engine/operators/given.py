"""Operators in as few words as possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from podium.model.json import Json
from tests.engine.given import Node, node


def for_each(ref: str, items: Json, *body: Node, concurrency: Any = None, **fields: Any) -> Node:
    """A FOR_EACH."""
    parameters = {"items": items, **({} if concurrency is None else {"concurrency": concurrency})}
    return node(ref, "FOR_EACH", inputParameters=parameters, loopOver=list(body), **fields)


def try_catch(ref: str, tried: Sequence[Node], catch: Sequence[Node] = (), finally_: Sequence[Node] = (), **fields: Any) -> Node:
    """A TRY_CATCH."""
    cases = {"try": list(tried), "catch": list(catch), "finally": list(finally_)}
    return node(ref, "TRY_CATCH", decisionCases={name: tasks for name, tasks in cases.items() if tasks}, **fields)
