"""The functions of the language, as the C++ runtime computes them; the tests of a pattern are made with these.

Every function is total: a controller on a wall must not stop over a division by zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WORD = 0xFFFFFFFF


@dataclass(frozen=True)
class Function:
    """How many arguments a function takes and what it computes; in C++ it is `k1::` and the same name."""

    arguments: int
    compute: Callable[..., float]


def divide(a: float, b: float) -> float:
    """A quotient; 0 when there is none."""
    return a / b if b else 0.0


def modulo(a: float, b: float) -> float:
    """The rest with the sign of `b`; 0 when there is none."""
    return a - b * math.floor(a / b) if b else 0.0


def power(a: float, b: float) -> float:
    """A power of a positive number; 0 for a base of 0 or less, unless the exponent is 0."""
    if b == 0:
        return 1.0
    return min(math.exp2(max(min(b * math.log2(a), 127.0), -126.0)), 3e38) if a > 0 else 0.0


def fract(a: float) -> float:
    """The part behind the point, counted upwards from the whole number below: 0.8 for -0.2."""
    return a - math.floor(a)


def clamp(value: float, low: float, high: float) -> float:
    """The value, not below `low`, not above `high`."""
    return min(max(value, low), high)


def mix(a: float, b: float, share: float) -> float:
    """From `a` (share 0) to `b` (share 1)."""
    return a + (b - a) * share


def smooth(low: float, high: float, value: float) -> float:
    """0 below `low`, 1 above `high`, an S between them."""
    share = clamp(divide(value - low, high - low), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def random(a: float, b: float) -> float:
    """A number from 0 to 1 that is always the same for the same two whole numbers."""
    word = (math.floor(a) * 0x9E3779B1 + math.floor(b) * 0x85EBCA77) & WORD
    word = ((word ^ (word >> 15)) * 0x2C1B3C6D) & WORD
    word = ((word ^ (word >> 12)) * 0x297A2D39) & WORD
    return float((word ^ (word >> 15)) >> 8) / 16777216.0


def noise(value: float) -> float:
    """Random numbers at whole positions, smooth between them."""
    whole = math.floor(value)
    return mix(random(whole, 0), random(whole + 1, 0), smooth(0.0, 1.0, value - whole))


def triangle(value: float) -> float:
    """Up from 0 to 1 and down again, once per 1."""
    return 1.0 - abs(2.0 * fract(value) - 1.0)


FUNCTIONS = {
    "abs": Function(1, abs),
    "sin": Function(1, math.sin),
    "cos": Function(1, math.cos),
    "sqrt": Function(1, lambda a: power(a, 0.5)),
    "floor": Function(1, math.floor),
    "fract": Function(1, fract),
    "triangle": Function(1, triangle),
    "noise": Function(1, noise),
    "min": Function(2, min),
    "max": Function(2, max),
    "step": Function(2, lambda edge, value: float(value >= edge)),
    "pulse": Function(2, lambda value, width: float(fract(value) < width)),
    "random": Function(2, random),
    "clamp": Function(3, clamp),
    "mix": Function(3, mix),
    "smooth": Function(3, smooth),
}
CONSTANTS = {"pi": math.pi, "tau": math.tau, "true": 1.0, "false": 0.0}
# What a point knows: seconds since the start, number of the LED, number of all LEDs, place on the strip from 0 to 1.
VARIABLES = ("t", "i", "n", "x")
