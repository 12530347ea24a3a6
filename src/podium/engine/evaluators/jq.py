"""jq: cheap queries over small inputs run at once, everything else waits for the sandbox."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Final

import jq

from podium.engine.evaluators.javascript import encoded
from podium.engine.evaluators.script import NeedsTime, ScriptCall, ScriptFailed, answered
from podium.engine.question import Answers
from podium.model.json import Json

LARGEST_DOCUMENT: Final = 16_384
LONGEST_QUERY: Final = 1_024
MOST_STEPS: Final = 50_000
BLOCKED: Final = (
    "env",
    "input",
    "inputs",
    "halt",
    "halt_error",
    "input_filename",
    "input_line_number",
    "get_search_list",
    "modulemeta",
    "debug",
    "stderr",
)

_CHEAP_WORDS: Final = """
    if then elif else end and or not true false null as select keys keys_unsorted length type has empty error first last reverse add any all
    join tostring tonumber values nulls strings numbers booleans arrays objects iterables scalars min max floor ceil round fabs sqrt
    ascii_downcase ascii_upcase startswith endswith ltrimstr rtrimstr index rindex contains inside in
    map map_values to_entries from_entries with_entries sort sort_by group_by unique unique_by min_by max_by flatten abs trim ltrim rtrim
    """
_CHEAP = frozenset(_CHEAP_WORDS.split())
_ITERATES_WORDS: Final = """
    any all map map_values with_entries sort_by group_by unique_by min_by max_by to_entries from_entries add join contains inside
    """
_ITERATES = frozenset(_ITERATES_WORDS.split())
_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)|(?P<string>"(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")|(?P<field>\.[A-Za-z_]\w*)"""
    r"""|(?P<variable>\$[A-Za-z_]\w*)|(?P<word>[A-Za-z_]\w*)|(?P<number>\d{1,15}(?:\.\d{1,15})?)|(?P<iterate>\[\s*\])"""
    r"""|(?P<mark>\?//|//|==|!=|<=|>=|[.\[\](){}|,:;+\-/%<>?])""",
    re.ASCII,
)
_STRING_WITH = re.compile(r'(string|number|object|array|boolean|null) \(("(?:[^"\\]|\\.)*"|[^()]*)\)')
_ENVIRONMENT = re.compile(r"\$ENV\b|\$__prog_args\b")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_LOADS = re.compile(r"\b(?:import|include)\b")
_END_OF_QUERY = re.compile(r"unexpected end of file.*?line (\d+), column (\d+)", re.DOTALL)
_PREFIX = "".join(f"def {name}: error(\"'{name}' is not available\");" for name in BLOCKED) + "{} as $ENV|("
_SUFFIX = "\n)|tojson"


def evaluate_jq(query: str, document: Json, answers: Answers) -> list[Json]:
    """All results of a query over a document; raises ScriptFailed with jq's message, or NeedsTime (`spec/tasks.md §4.6, §8`).

    Numbers that the query only passes on keep their spelling: 9007199254740993 stays exact and 1.0 stays a fraction.
    """
    if _ENVIRONMENT.search(_STRING.sub("", query)):
        raise ScriptFailed("'$ENV' is not available")
    text = encoded(document)
    if answers and (call := ScriptCall("jq", query, text)) in answers:
        return _listed(answered(call, answers))
    if not is_cheap(query, text):
        raise NeedsTime(ScriptCall("jq", query, text))
    try:
        results: list[str] = _program(query).input_text(text.decode()).all()
    except ValueError as error:
        raise ScriptFailed(jq_failure(query, str(error))) from None
    return _listed(f"[{','.join(results)}]".encode())


def whole_query(query: str) -> str:
    """The query inside its frame: what would look out of the process is shadowed, every result becomes JSON text."""
    return f"{_PREFIX}{query}{_SUFFIX}"


def jq_failure(query: str, message: str) -> str:
    """The message of jq in the words that Conductor's readers know (`spec/tasks.md §8`)."""
    if "compile error" in message:
        return _compile_failure(query, message)
    return _STRING_WITH.sub(r"\1 \2", message)


def is_cheap(query: str, document: bytes) -> bool:
    """Whether a query is sure to end soon: only known steps, and their number times the size of the document stays small."""
    if len(document) > LARGEST_DOCUMENT:
        return False
    shape = _shape(query)
    if shape is None:
        return False
    doublings, iterations = shape
    steps: int = 2**doublings * (document.count(b",") + 1) ** iterations
    return steps * (len(document) // 64 + 1) <= MOST_STEPS


@lru_cache(maxsize=1024)
def _shape(query: str) -> tuple[int, int] | None:
    """How often a query can double what it holds and how often it goes through a list; None when it has a step that is not known."""
    if len(query) > LONGEST_QUERY:
        return None
    doublings = iterations = at = 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            return None
        at, kind, text = match.end(), match.lastgroup, match.group()
        if kind == "mark" and text == "." and query[at : at + 1] == ".":
            return None
        if kind == "word" and text not in _CHEAP and not re.match(r"\s*:", query[at:]):
            return None
        doublings += text in (",", "+", "as")
        iterations += kind == "iterate" or (kind == "word" and text in _ITERATES)
    return (doublings, iterations) if doublings <= 16 and iterations <= 8 else None


@lru_cache(maxsize=128)
def _program(query: str) -> jq._Program:
    return jq.compile(whole_query(query))


def _listed(value: bytes) -> list[Json]:
    results: list[Json] = json.loads(value)
    return results


@lru_cache(maxsize=128)
def _compile_failure(query: str, message: str) -> str:
    """The message for the query alone, without the frame around it."""
    if _LOADS.search(query):
        return "jq: error: import and include are not available"
    try:
        jq.compile(query)
    except ValueError as error:
        message = str(error)
    end = _END_OF_QUERY.search(message)
    if end:
        return f'Encountered "<EOF>" at line {end[1]}, column {end[2]}.'
    return message.split("\n", 1)[0].rstrip(":")
