"""Computes a pattern in Python: slow, plain, and the measure for the C++ that is made from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from led import functions, tree

if TYPE_CHECKING:
    from collections.abc import Callable

Color = tuple[float, float, float]
BLACK: Color = (0.0, 0.0, 0.0)

OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": functions.divide,
    "%": functions.modulo,
    "^": functions.power,
    "<": lambda a, b: float(a < b),
    "<=": lambda a, b: float(a <= b),
    ">": lambda a, b: float(a > b),
    ">=": lambda a, b: float(a >= b),
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "and": lambda a, b: float(bool(a) and bool(b)),
    "or": lambda a, b: float(bool(a) or bool(b)),
}

BLENDS: dict[str, Callable[[float, float], float]] = {
    "normal": lambda _, top: top,
    "add": lambda below, top: below + top,
    "multiply": lambda below, top: below * top,
    "screen": lambda below, top: 1.0 - (1.0 - below) * (1.0 - top),
    "lighten": max,
}


@dataclass(frozen=True)
class Point:
    """One LED at one moment: seconds, its number, the number of all, its place from 0 to 1."""

    t: float
    i: float
    n: float
    x: float


def point(pattern: tree.Pattern, seconds: float, led: int) -> Point:
    """The point of an LED of that pattern's strip."""
    return Point(seconds, led, pattern.leds, led / pattern.leds)


def pixel(pattern: tree.Pattern, at: Point) -> tuple[int, int, int]:
    """The colour of a point, 0 to 255 per channel."""
    color = BLACK
    for layer in pattern.layers:
        moved = replace(at, t=at.t * layer.speed)
        opacity = 1.0 if layer.opacity is None else functions.clamp(value(pattern, layer.opacity, moved), 0.0, 1.0)
        above = _layer_color(pattern, layer, moved)
        color = _over(layer.blend, color, above, opacity)
    brightness = pattern.setting("brightness")
    red, green, blue = (int(functions.clamp(channel * brightness, 0.0, 1.0) * 255.0 + 0.5) for channel in color)
    return red, green, blue


def _over(blend: str, below: Color, top: Color, opacity: float) -> Color:
    both = BLENDS[blend]
    red, green, blue = (functions.mix(low, both(low, high), opacity) for low, high in zip(below, top, strict=True))
    return red, green, blue


def value(pattern: tree.Pattern, expression: tree.Expression, at: Point) -> float:
    """The number an expression has at a point."""
    match expression:
        case tree.Number(number, _):
            return number
        case tree.Name(name, _):
            return _named(pattern, name, at)
        case tree.Unary(sign, operand, _):
            number = value(pattern, operand, at)
            return -number if sign == "-" else float(not number)
        case tree.Binary(sign, left, right, _):
            return OPERATORS[sign](value(pattern, left, at), value(pattern, right, at))
        case tree.Choice(condition, then, otherwise, _):
            return value(pattern, then if value(pattern, condition, at) else otherwise, at)
        case tree.Call(name, arguments, _):
            return float(functions.FUNCTIONS[name].compute(*(value(pattern, each, at) for each in arguments)))


def _named(pattern: tree.Pattern, name: str, at: Point) -> float:
    if name in functions.VARIABLES:
        return float(getattr(at, name))
    if name in functions.CONSTANTS:
        return functions.CONSTANTS[name]
    return value(pattern, next(let.value for let in pattern.lets if let.name == name), at)


def _layer_color(pattern: tree.Pattern, layer: tree.Layer, at: Point) -> Color:
    def number(name: str, default: float) -> float:
        found = layer.value(name)
        return value(pattern, found.value, at) if found else default

    along = layer.value("palette")
    if along:
        palette = next(each for each in pattern.palettes if each.name == along.palette)
        return _on_palette(palette, value(pattern, along.value, at))
    if any(layer.value(name) for name in ("red", "green", "blue")):
        return number("red", 0.0), number("green", 0.0), number("blue", 0.0)
    return hsv(number("hue", 0.0), number("saturation", 1.0), number("value", 1.0))


def _on_palette(palette: tree.Palette, at: float) -> Color:
    stops = palette.stops
    share, before, after = 0.0, stops[0], stops[0]
    for left, right in pairwise(stops):
        if at >= left.at:
            before, after = left, right
            share = functions.clamp((at - left.at) / (right.at - left.at), 0.0, 1.0)
    red, green, blue = (functions.mix(low, high, share) / 255.0 for low, high in zip(before.color, after.color, strict=True))
    return red, green, blue


def hsv(hue: float, saturation: float, brightness: float) -> Color:
    """A colour by hue (turns round the circle by 1), saturation and value (0 to 1)."""
    saturation, brightness = functions.clamp(saturation, 0.0, 1.0), functions.clamp(brightness, 0.0, 1.0)

    def channel(shift: float) -> float:
        distance = abs(functions.fract(hue + shift) * 6.0 - 3.0)
        return brightness * functions.mix(1.0, functions.clamp(distance - 1.0, 0.0, 1.0), saturation)

    return channel(1.0), channel(2.0 / 3.0), channel(1.0 / 3.0)
