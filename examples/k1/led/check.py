"""Finds what is wrong with a pattern that could be read: all of it, in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from led import tree
from led.functions import CONSTANTS, FUNCTIONS, VARIABLES
from led.parser import parse
from led.source import Mistake, PatternError, Place, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BLENDS = ("normal", "add", "multiply", "screen", "lighten")
MODELS = {
    "palette": {"palette"},
    "hue, saturation and value": {"hue", "saturation", "value"},
    "red, green and blue": {"red", "green", "blue"},
}
FEWEST_STOPS = 2
LARGEST = 1e30


def read(source: str) -> tree.Pattern:
    """A pattern that can be built; PatternError shows the first syntax error, or every other mistake."""
    try:
        pattern = parse(source)
        mistakes = list(check(pattern))
    except RecursionError:
        raise PatternError(
            source, [Mistake(Place(1, 1), "an expression is nested too deeply; give parts of it names with 'let'")]
        ) from None
    if mistakes:
        raise PatternError(source, mistakes)
    return pattern


def check(pattern: tree.Pattern) -> Iterator[Mistake]:
    """Every mistake, in no order."""
    yield from _settings(pattern)
    for kind, named in (("palette", pattern.palettes), ("let", pattern.lets), ("layer", pattern.layers)):
        yield from _twice(kind, named)
    for palette in pattern.palettes:
        yield from _palette(palette)
    known = {*VARIABLES, *CONSTANTS}
    for let in pattern.lets:
        if let.name in {*VARIABLES, *CONSTANTS, *FUNCTIONS}:
            yield Mistake(let.place, f"'{let.name}' already means something; choose another name")
        yield from _expression(let.value, known)
        known.add(let.name)
    if not pattern.layers:
        yield Mistake(pattern.place, "a pattern needs at least one layer")
    for layer in pattern.layers:
        yield from _layer(layer, known, {palette.name for palette in pattern.palettes})


def _settings(pattern: tree.Pattern) -> Iterator[Mistake]:
    for name, setting in pattern.settings.items():
        low, high = tree.RANGES[name]
        if not low <= setting.value <= high:
            yield Mistake(setting.place, f"'{name}' goes from {low:g} to {high:g}, not {setting.value:g}")
        elif name == "strip" and setting.value != int(setting.value):
            yield Mistake(setting.place, f"a strip has a whole number of LEDs, not {setting.value:g}")


def _twice(kind: str, named: Iterable[tree.Palette | tree.Let | tree.Layer]) -> Iterator[Mistake]:
    seen: dict[str, int] = {}
    for each in named:
        if each.name in seen:
            yield Mistake(each.place, f"there is a {kind} '{each.name}' in line {seen[each.name]} already")
        seen.setdefault(each.name, each.place.line)


def _palette(palette: tree.Palette) -> Iterator[Mistake]:
    if len(palette.stops) < FEWEST_STOPS:
        yield Mistake(palette.place, f"palette '{palette.name}' needs at least two colours")
    before = -1.0
    for stop in palette.stops:
        if not 0 <= stop.at <= 1:
            yield Mistake(stop.place, f"positions in a palette go from 0 to 1, not {stop.at:g}")
        elif stop.at <= before:
            yield Mistake(stop.place, f"positions in a palette rise: {stop.at:g} comes after {before:g}")
        before = stop.at


def _layer(layer: tree.Layer, known: set[str], palettes: set[str]) -> Iterator[Mistake]:
    if layer.blend not in BLENDS:
        yield Mistake(
            layer.place, f"layer '{layer.name}' blends with {', '.join(BLENDS)}, not '{layer.blend}'{suggestion(layer.blend, BLENDS)}"
        )
    names = [each.name for each in layer.properties]
    for each in layer.properties:
        if names.count(each.name) > 1:
            yield Mistake(each.place, f"layer '{layer.name}' has '{each.name}' more than once")
        if each.palette and each.palette not in palettes:
            yield Mistake(each.place, f"there is no palette '{each.palette}'{suggestion(each.palette, palettes)}")
        yield from _expression(each.value, known)
    if not any(set(names) <= model for model in MODELS.values()) or not names:
        yield Mistake(layer.place, f"the colour of layer '{layer.name}' comes from one of: {'; '.join(MODELS)}")
    if layer.opacity:
        yield from _expression(layer.opacity, known)


def _expression(expression: tree.Expression, known: set[str]) -> Iterator[Mistake]:
    match expression:
        case tree.Number(number, place) if number > LARGEST:
            yield Mistake(place, f"a controller computes with numbers up to {LARGEST:g}")
        case tree.Name(name, place) if name not in known:
            extra = "; it is a function and needs arguments" if name in FUNCTIONS else suggestion(name, known)
            yield Mistake(place, f"nothing is called '{name}' here{extra}")
        case tree.Call(name, arguments, place):
            yield from _call(name, len(arguments), place)
        case tree.Binary("/" | "%" as sign, _, tree.Number(0.0), place):
            yield Mistake(place, f"the right side of '{sign}' is always 0")
    for child in children(expression):
        yield from _expression(child, known)


def _call(name: str, given: int, place: Place) -> Iterator[Mistake]:
    function = FUNCTIONS.get(name)
    if function is None:
        yield Mistake(place, f"there is no function '{name}'{suggestion(name, FUNCTIONS)}")
    elif function.arguments != given:
        yield Mistake(place, f"'{name}' takes {function.arguments} argument{'s' * (function.arguments > 1)}, not {given}")


def children(expression: tree.Expression) -> tuple[tree.Expression, ...]:
    """The expressions directly inside one."""
    match expression:
        case tree.Unary(_, operand, _):
            return (operand,)
        case tree.Binary(_, left, right, _):
            return (left, right)
        case tree.Choice(condition, then, otherwise, _):
            return (condition, then, otherwise)
        case tree.Call(_, arguments, _):
            return arguments
        case _:
            return ()
