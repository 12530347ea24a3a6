"""The functions a path can end in: length, sum, keys, concat and their like."""

import math
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from podium.engine.java_text import java_text
from podium.engine.jsonpath.reading import Reading, Unanswerable
from podium.engine.jsonpath.step import Track, children, unanswerable
from podium.model.json import Json

# What was written between the parentheses: values, and paths into the document.
Argument: TypeAlias = Track | tuple[Json]
Function: TypeAlias = Callable[[Json, Reading], Json]


def function(name: str, arguments: Sequence[Argument]) -> Function:
    """The function `name` with its arguments bound. One that does not exist is known only when it is asked: it has no answer."""
    if (aggregate := _AGGREGATES.get(name)) is not None:
        return lambda value, reading: aggregate(_numbers(value, arguments, reading))
    if (make := _OTHERS.get(name)) is not None:
        return make(arguments)
    return unanswerable


def _values(argument: Argument, item: Json, reading: Reading) -> Json:
    if isinstance(argument, tuple):
        return argument[0]
    found = argument.found(item, reading)
    if not argument.definite:
        return found
    return found[-1] if found else None


def _numbers(value: Json, arguments: Sequence[Argument], reading: Reading) -> list[float]:
    """All numbers in the list `value` and in the arguments, as doubles. Raises Unanswerable when there is none."""
    candidates: list[Json] = list(value) if isinstance(value, list) else []
    for argument in arguments:
        given = _values(argument, value, reading)
        candidates.extend(given if isinstance(given, list) else [given])
    reading.spend(len(candidates))
    numbers = [_double(item) for item in candidates if isinstance(item, int | float) and not isinstance(item, bool)]
    if not numbers:
        raise Unanswerable
    return numbers


def _double(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, number)


def _mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def _deviation(numbers: list[float]) -> float:
    mean = _mean(numbers)
    return math.sqrt(sum((number - mean) * (number - mean) for number in numbers) / len(numbers))


def _length(arguments: Sequence[Argument]) -> Function:
    def answer(value: Json, reading: Reading) -> Json:
        """How many children; of the argument's values together when there is one."""
        if arguments and isinstance(arguments[0], Track):
            return sum(len(children(found)) for found in arguments[0].found(value, reading))
        return len(value) if isinstance(value, dict | list) else None

    return answer


def _keys(_: Sequence[Argument]) -> Function:
    return lambda value, _: list(value) if isinstance(value, dict) else None


def _first(_: Sequence[Argument]) -> Function:
    return lambda value, _: value[0] if isinstance(value, list) and value else None


def _last(_: Sequence[Argument]) -> Function:
    return lambda value, _: value[-1] if isinstance(value, list) and value else None


def _index(arguments: Sequence[Argument]) -> Function:
    def answer(value: Json, reading: Reading) -> Json:
        number = _values(arguments[0], value, reading) if arguments else None
        if not isinstance(value, list) or not isinstance(number, int):
            raise Unanswerable
        return value[number] if -len(value) <= number < len(value) else None

    return answer


def _append(arguments: Sequence[Argument]) -> Function:
    def answer(value: Json, reading: Reading) -> Json:
        if not isinstance(value, list):
            return value
        return [*value, *(_values(argument, value, reading) for argument in arguments)]

    return answer


def _concat(arguments: Sequence[Argument]) -> Function:
    def answer(value: Json, reading: Reading) -> Json:
        """The strings of the list, then the arguments, as one text."""
        texts = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
        for argument in arguments:
            given = _values(argument, value, reading)
            texts.extend(java_text(item) for item in (given if isinstance(given, list) else [given]) if item is not None)
        return "".join(texts)

    return answer


_AGGREGATES: Final[dict[str, Callable[[list[float]], float]]] = {
    "sum": sum,
    "min": min,
    "max": max,
    "avg": _mean,
    "stddev": _deviation,
}
_OTHERS: Final[dict[str, Callable[[Sequence[Argument]], Function]]] = {
    "length": _length,
    "size": _length,
    "keys": _keys,
    "first": _first,
    "last": _last,
    "index": _index,
    "append": _append,
    "concat": _concat,
}
