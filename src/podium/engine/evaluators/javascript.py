"""JavaScript: small calm scripts run at once in a locked realm that all of them share; everything else waits for the sandbox."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Final

import _quickjs
import msgspec

from podium.engine.evaluators.prelude import CHECK, SHARED
from podium.engine.evaluators.reads import reads
from podium.engine.evaluators.scan import calm
from podium.engine.evaluators.script import NeedsTime, ScriptCall, ScriptFailed, ScriptOutcome, answered
from podium.engine.question import Answers
from podium.model.json import Json

BUDGET_MS: Final = 25.0
LARGEST_DOCUMENT: Final = 32_768
LARGEST_SOURCE: Final = 1_000_000
ROOM: Final = 1 << 20
STACK: Final = 512 << 10
PRELUDE_LINE: Final = 100_000
_COLLECT_EVERY: Final = 256
_LONGEST_ERROR: Final = 2_000
_MADE_BY_A_SCRIPT: Final = "Error: "  # no error of the language itself is a plain Error
_BIG_INTEGER = re.compile(rb"-?\d{16,}")
_FRAME = re.compile(r"\(<input>:(\d+):\d+\)")
_BARE = re.compile(r"\s*at <input>:(\d+):\d+")
_BEYOND = re.compile(r'^E\["null"|InternalError|Maximum call stack|read-only|not extensible|not configurable|no setter')


def evaluate_javascript(source: str, document: Json, answers: Answers) -> Json:
    """The completion value of a sloppy script whose `$` is `document`; raises ScriptFailed or NeedsTime (`spec/tasks.md §6.2`)."""
    text = encoded(_mentioned(source, document))
    if answers and (call := ScriptCall("javascript", source, text)) in answers:
        return _decoded(answered(call, answers), text)
    outcome = _at_once(source, text)
    if outcome is None:
        raise NeedsTime(ScriptCall("javascript", source, text))
    if outcome.value is None:
        raise ScriptFailed(outcome.error or "")
    return _decoded(outcome.value, text)


def evaluate_function_body(source: str, document: Json, answers: Answers) -> Json:
    """What a function with this body returns: the rule of LAMBDA (`spec/tasks.md §4.5`)."""
    return evaluate_javascript(f"function scriptFun(){{{source}\n}} scriptFun();", document, answers)


@lru_cache(maxsize=1024)
def javascript_problem(source: str) -> str | None:
    """The parser's message when the source is no script; nothing of it is evaluated (`spec/tasks.md §1.5`)."""
    if len(source) > LARGEST_SOURCE:
        return "SyntaxError: the script is too long"
    context = _quickjs.Context()
    check = context.eval(CHECK)
    try:
        words: str = check("throw __stop;" + source)
    except (ValueError, UnicodeEncodeError):
        return "SyntaxError: the script has a character that no script can have"
    except _quickjs.JSException as error:
        return str(error).split("\n", 1)[0]
    return words or None


def outcome_of(answer: str, source: str) -> ScriptOutcome:
    """What the prelude's answer means: V a value, E an error with its stack (`podium.engine.evaluators.prelude`)."""
    if answer.startswith("V"):
        return ScriptOutcome(value=answer[1:].encode())
    words, stack = json.loads(answer[1:])
    if words == "null" and "throw" not in source:
        words = "InternalError: out of memory"  # the engine throws null when it has no memory left for an error
    return ScriptOutcome(error=error_text(words, stack, source))


def error_text(words: str, stack: str, source: str) -> str:
    """Conductor's sentence about a script error: ``Error evaluating the script `TypeError: ...` at line 3``."""
    if words.startswith("TypeError: cannot"):
        words = words.replace("cannot", "Cannot", 1)
    line = _line(words, stack, source)
    return f"Error evaluating the script `{words[:_LONGEST_ERROR]}`" + (f" at line {line}" if line else "")


def _line(words: str, stack: str, source: str) -> int | None:
    if words.startswith(_MADE_BY_A_SCRIPT):
        return None  # only what the language itself raises has a place
    frames = stack.split("\n")
    bare = _BARE.match(frames[0])
    if bare and words.startswith("SyntaxError") and not any("parse (" in frame for frame in frames[1:2]):
        return int(bare.group(1))
    for frame in frames:
        match = _FRAME.search(frame)
        if match and int(match.group(1)) < PRELUDE_LINE:
            return int(match.group(1))
    return None if "\n" in source else 1


def encoded(document: Json) -> bytes:
    """A document as JSON; numbers and texts that msgspec refuses (over 64 bits, half a surrogate pair) go the slow way."""
    try:
        return msgspec.json.encode(document)
    except (OverflowError, UnicodeEncodeError, msgspec.MsgspecError):
        return json.dumps(document).encode()
    except RecursionError:
        raise ScriptFailed("The input of the script is nested too deeply") from None


def _mentioned(source: str, document: Json) -> Json:
    """The part of the document that the script can see: keys it does not mention need not be handed over."""
    paths = reads(source)
    if paths is None or not isinstance(document, dict):
        return document
    names = sorted({path[0] for path in paths})
    return document if len(names) >= len(document) else {name: document[name] for name in names if name in document}


def _decoded(value: bytes, document: bytes) -> Json:
    result: Json = msgspec.json.decode(value)
    if _BIG_INTEGER.search(document):
        return _whole(result, {float(int(digits)): int(digits) for digits in _BIG_INTEGER.findall(document) if len(digits) < 21})
    return result


def _whole(value: Json, whole: dict[float, int]) -> Json:
    """The value with integers of the input that JavaScript rounded put right again."""
    if isinstance(value, dict):
        return {key: _whole(item, whole) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item, whole) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) >= 2**53:
        return whole.get(float(value), value)
    return value


class _Realm:
    """The locked realm that calm scripts share."""

    def __init__(self) -> None:
        self.context = _quickjs.Context()
        self.context.set_max_stack_size(STACK)
        self.function = self.context.eval("\n" * PRELUDE_LINE + SHARED)
        self.context.gc()
        self.context.set_memory_limit(self.context.memory()["malloc_size"] + ROOM)
        self.context.set_time_limit(BUDGET_MS / 1000)
        self.uses = 0

    def run(self, source: str, document: str) -> str:
        """The prelude's answer; raises JSException when a limit cut the script off."""
        self.uses += 1
        if self.uses % _COLLECT_EVERY == 0:
            self.context.gc()
        answer: str = self.function(source, document, BUDGET_MS)
        return answer


# Realms that are not in use. One is taken out while a script runs: two threads may ask the engine at the same time, but not one realm.
# One that was cut off in the middle of a script is not put back.
_realms: list[_Realm] = []


def _at_once(source: str, document: bytes) -> ScriptOutcome | None:
    """The outcome of a calm script, None when it belongs into the sandbox or was too much for the budget."""
    script = calm(source) if len(document) <= LARGEST_DOCUMENT else None
    if script is None:
        return None
    try:
        realm = _realms.pop()
    except IndexError:
        realm = _Realm()
    try:
        answer = realm.run(script, document.decode())
    except (_quickjs.JSException, UnicodeError, ValueError):
        return None
    _realms.append(realm)
    if answer.startswith("A") or (answer.startswith("E") and _BEYOND.search(answer)):
        return None
    return outcome_of(answer, source)
