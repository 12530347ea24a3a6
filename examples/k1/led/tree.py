"""What a pattern is made of, once it has been read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from led.source import Place


@dataclass(frozen=True)
class Number:
    """A literal."""

    value: float
    place: Place


@dataclass(frozen=True)
class Name:
    """A variable of the point, a constant or a `let`."""

    name: str
    place: Place


@dataclass(frozen=True)
class Unary:
    """`-x` or `not x`."""

    sign: str
    operand: Expression
    place: Place


@dataclass(frozen=True)
class Binary:
    """`x + y` and its like, comparisons, `and` and `or`."""

    sign: str
    left: Expression
    right: Expression
    place: Place


@dataclass(frozen=True)
class Choice:
    """`if x then y else z`."""

    condition: Expression
    then: Expression
    otherwise: Expression
    place: Place


@dataclass(frozen=True)
class Call:
    """`sin(x)`."""

    function: str
    arguments: tuple[Expression, ...]
    place: Place


Expression = Number | Name | Unary | Binary | Choice | Call


@dataclass(frozen=True)
class Let:
    """A named expression, read anew for every point."""

    name: str
    value: Expression
    place: Place


@dataclass(frozen=True)
class Stop:
    """A colour (0 to 255 per channel) at a position of a palette."""

    at: float
    color: tuple[int, int, int]
    place: Place


@dataclass(frozen=True)
class Palette:
    """Colours with smooth ways between them."""

    name: str
    stops: tuple[Stop, ...]
    place: Place


@dataclass(frozen=True)
class Property:
    """`hue x`, or `palette sea at x`, where `palette` names the palette."""

    name: str
    value: Expression
    place: Place
    palette: str = ""


@dataclass(frozen=True)
class Layer:
    """One source of light, laid over those before it."""

    name: str
    blend: str
    speed: float
    opacity: Expression | None
    properties: tuple[Property, ...]
    place: Place

    def value(self, name: str) -> Property | None:
        """The property of that name, if the layer has it."""
        return next((each for each in self.properties if each.name == name), None)


@dataclass(frozen=True)
class Setting:
    """A number at the top of a pattern: `strip 60`."""

    value: float
    place: Place


@dataclass(frozen=True)
class Pattern:
    """A whole pattern."""

    name: str
    place: Place
    settings: dict[str, Setting] = field(default_factory=dict)
    palettes: tuple[Palette, ...] = ()
    lets: tuple[Let, ...] = ()
    layers: tuple[Layer, ...] = ()

    def setting(self, name: str) -> float:
        """A setting, or its default."""
        found = self.settings.get(name)
        return found.value if found else DEFAULTS[name]

    @property
    def leds(self) -> int:
        """How many LEDs the strip has."""
        return int(self.setting("strip"))

    @property
    def frames_per_second(self) -> float:
        """How many frames a second the controller must reach."""
        return self.setting("rate")

    @property
    def seconds(self) -> float:
        """After how long the pattern may begin anew."""
        return self.setting("loop")


DEFAULTS = {"strip": 60.0, "rate": 60.0, "loop": 4.0, "brightness": 1.0}
RANGES = {"strip": (1.0, 2000.0), "rate": (1.0, 1000.0), "loop": (0.1, 60.0), "brightness": (0.0, 1.0)}
