"""The steps of a path: each turns the values found so far into the values found next."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from podium.engine.jsonpath.reading import Reading, Unanswerable
from podium.model.json import Json

Step: TypeAlias = Callable[[list[Json], Reading], list[Json]]
Test: TypeAlias = Callable[[Json, Reading], bool]


class Track:
    """A row of steps, and whether it leads to one value at most."""

    __slots__ = ("definite", "from_document", "steps")

    def __init__(self, steps: Sequence[Step], *, definite: bool, from_document: bool) -> None:
        self.steps = tuple(steps)
        self.definite = definite
        self.from_document = from_document  # begins at `$`; otherwise at `@`, the item at hand

    def found(self, item: Json, reading: Reading) -> list[Json]:
        """Every value the steps lead to, from the document or from `item`."""
        if self.from_document:
            return reading.once(self, lambda: follow(self.steps, [reading.document()], reading))
        return follow(self.steps, [item], reading)


def follow(steps: Sequence[Step], values: list[Json], reading: Reading) -> list[Json]:
    """Take `steps` one after another from all of `values`."""
    for step in steps:
        values = step(values, reading)
        reading.spend(len(values) + 1)
    return values


def key(name: str) -> Step:
    """`.name` or `['name']`: that member of each map; anything else has none."""
    return lambda values, _: [value[name] for value in values if isinstance(value, dict) and name in value]


def members(names: Sequence[str]) -> Step:
    """`['a','b']` in the middle of a path: those members one by one."""
    return lambda values, _: [value[name] for value in values if isinstance(value, dict) for name in names if name in value]


def excerpt(names: Sequence[str]) -> Step:
    """`['a','b']` at the end of a path: a map of those members."""
    return lambda values, _: [{name: value[name] for name in names if name in value} for value in values if isinstance(value, dict)]


def indexes(numbers: Sequence[int]) -> Step:
    """`[0]`, `[-1]`, `[0,2]`: those elements of each list, negative ones counted from its end."""
    return lambda values, _: [
        value[number] for value in values if isinstance(value, list) for number in numbers if -len(value) <= number < len(value)
    ]


def part(begin: int | None, end: int | None) -> Step:
    """`[1:]`, `[:-1]`, `[1:3]`: that part of each list.

    With both ends given they are not counted from the end before they are compared, so that `[1:-1]` is empty and `[-2:1]`
    runs across the end of the list: Jayway's way.
    """
    if begin is None or end is None:
        return lambda values, _: [element for value in values if isinstance(value, list) for element in value[begin:end]]
    return lambda values, _: [
        value[number] for value in values if isinstance(value, list) for number in range(max(begin, -len(value)), min(end, len(value)))
    ]


def children(value: Json) -> list[Json]:
    """The members of a map, the elements of a list; nothing else has any."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def wildcard(values: list[Json], _: Reading) -> list[Json]:
    """`[*]`, `.*`: all members and elements."""
    return [child for value in values for child in children(value)]


def chosen(test: Test) -> Step:
    """`[?(…)]`: the elements of each list that pass; a map passes, or not, as a whole."""

    def step(values: list[Json], reading: Reading) -> list[Json]:
        found: list[Json] = []
        for value in values:
            for item in value if isinstance(value, list) else [value] if isinstance(value, dict) else []:
                reading.spend(1)
                if test(item, reading):
                    found.append(item)
        return found

    return step


def chosen_below(test: Test) -> Step:
    """`..[?(…)]`: the maps, at any depth, that pass."""

    def step(values: list[Json], reading: Reading) -> list[Json]:
        return [item for item in below(values, reading) if isinstance(item, dict) and test(item, reading)]

    return step


def excerpt_below(names: Sequence[str]) -> Step:
    """`..['a','b']` at the end of a path: a map of those members from every map that has them all."""

    def step(values: list[Json], reading: Reading) -> list[Json]:
        return [
            {name: item[name] for name in names}
            for item in below(values, reading)
            if isinstance(item, dict) and all(name in item for name in names)
        ]

    return step


def everywhere(inner: Step) -> Step:
    """`..` before `inner`: take it from every map and list at any depth."""
    return lambda values, reading: inner(list(below(values, reading)), reading)


def below(values: list[Json], reading: Reading) -> Iterator[Json]:
    """The maps and lists among `values` and inside of them, each before what it contains. Any depth will do."""
    pending = values[::-1]
    while pending:
        value = pending.pop()
        if isinstance(value, dict | list):
            reading.spend(1)
            yield value
            pending.extend(reversed(children(value)))


def call(function: Callable[[Json, Reading], Json]) -> Step:
    """`.name(…)`: the answer for each value."""
    return lambda values, reading: [function(value, reading) for value in values]


def unanswerable(_: Json, __: Reading) -> Json:
    """The answer of a function that does not exist: none."""
    raise Unanswerable


def nothing(_: list[Json], __: Reading) -> list[Json]:
    """`..length()`: a function has nothing to be called on right after `..`."""
    return []
