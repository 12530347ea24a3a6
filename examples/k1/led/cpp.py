"""Turns a pattern into C++: one function per `let` and per layer, one that renders a frame."""

from __future__ import annotations

from pathlib import Path

from led import tree
from led.functions import CONSTANTS, VARIABLES

NATIVE = Path(__file__).parent / "native"
INFIX = {"+", "-", "*"}
LOGIC = {"and": "&&", "or": "||"}
CALLED = {"/": "k1::divide", "%": "k1::modulo", "^": "k1::power"}
# A call per channel shows which colours a layer is made of, in the order of the C++ structure.
CHANNELS = {"rgb": (("red", 0.0), ("green", 0.0), ("blue", 0.0)), "hsv": (("hue", 0.0), ("saturation", 1.0), ("value", 1.0))}


def files(pattern: tree.Pattern) -> dict[str, str]:
    """File names and contents of the C++ of a pattern, the runtime's header among them."""
    return {"pattern.hpp": header(pattern), "pattern.cpp": body(pattern), "k1.hpp": (NATIVE / "k1.hpp").read_text()}


def header(pattern: tree.Pattern) -> str:
    """What the player, the firmware and the tests need to know."""
    return (
        f'// Pattern "{pattern.name}". Made by the LED pattern compiler: change the pattern, not this file.\n'
        '#pragma once\n#include "k1.hpp"\n\n'
        f"#define K1_LEDS {pattern.leds}\n#define K1_SECONDS {literal(pattern.seconds)}\n\n"
        "// Fills 3 bytes (red, green, blue) per LED.\n"
        'extern "C" void k1_render(float seconds, uint8_t* frame);\n'
    )


def body(pattern: tree.Pattern) -> str:
    """The pattern itself."""
    parts = ['#include "pattern.hpp"\n', *map(_palette, pattern.palettes), *map(_let, pattern.lets), *map(_layer, pattern.layers)]
    return "\n".join([*parts, _render(pattern)])


def literal(number: float) -> str:
    """A number as a C++ float."""
    return f"{number!r}f" if number >= 0 else f"({number!r}f)"


def expression(node: tree.Expression) -> str:
    """An expression as C++ on a point `p`."""
    match node:
        case tree.Number(number, _):
            return literal(number)
        case tree.Name(name, _):
            return _name(name)
        case tree.Unary(sign, operand, _):
            inner = expression(operand)
            return f"(-{inner})" if sign == "-" else f"k1::truth({inner} == 0.0f)"
        case tree.Binary(sign, left, right, _):
            return _binary(sign, expression(left), expression(right))
        case tree.Choice(condition, then, otherwise, _):
            return f"({expression(condition)} != 0.0f ? {expression(then)} : {expression(otherwise)})"
        case tree.Call(function, arguments, _):
            return f"k1::{function}({', '.join(map(expression, arguments))})"


def _name(name: str) -> str:
    if name in VARIABLES:
        return f"p.{name}"
    return literal(CONSTANTS[name]) if name in CONSTANTS else f"let_{name}(p)"


def _binary(sign: str, left: str, right: str) -> str:
    if sign in INFIX:
        return f"({left} {sign} {right})"
    if sign in CALLED:
        return f"{CALLED[sign]}({left}, {right})"
    if sign in LOGIC:
        return f"k1::truth({left} != 0.0f {LOGIC[sign]} {right} != 0.0f)"
    return f"k1::truth({left} {sign} {right})"


def _palette(palette: tree.Palette) -> str:
    stops = ",\n".join(
        f"    {{{literal(stop.at)}, {{{', '.join(literal(channel / 255) for channel in stop.color)}}}}}" for stop in palette.stops
    )
    return f"[[maybe_unused]] static const k1::Stop palette_{palette.name}[] = {{\n{stops},\n}};\n"


def _let(let: tree.Let) -> str:
    return f"[[maybe_unused]] static float let_{let.name}([[maybe_unused]] const k1::Point& p) {{ return {expression(let.value)}; }}\n"


def _layer(layer: tree.Layer) -> str:
    return f"static k1::Color layer_{layer.name}([[maybe_unused]] const k1::Point& p) {{\n    return {_color(layer)};\n}}\n"


def _color(layer: tree.Layer) -> str:
    along = layer.value("palette")
    if along:
        return f"k1::on_palette(palette_{along.palette}, {expression(along.value)})"
    model = "rgb" if any(layer.value(name) for name, _ in CHANNELS["rgb"]) else "hsv"
    found = [(layer.value(name), default) for name, default in CHANNELS[model]]
    numbers = ", ".join(expression(each.value) if each else literal(default) for each, default in found)
    return f"k1::Color{{{numbers}}}" if model == "rgb" else f"k1::hsv({numbers})"


def _render(pattern: tree.Pattern) -> str:
    lines = []
    for layer in pattern.layers:
        opacity = expression(layer.opacity) if layer.opacity else literal(1.0)
        lines.append(
            f"        {{\n            const k1::Point p = point.at_speed({literal(layer.speed)});\n"
            f"            color = k1::over(color, layer_{layer.name}(p), {opacity}, k1::blend_{layer.blend});\n        }}",
        )
    layers = "\n".join(lines)
    brightness = literal(pattern.setting("brightness"))
    return f"""extern "C" void k1_render(float seconds, uint8_t* frame) {{
    for (int led = 0; led < K1_LEDS; ++led) {{
        const float i = static_cast<float>(led), n = static_cast<float>(K1_LEDS);
        const k1::Point point = {{seconds, i, n, i / n}};
        k1::Color color = {{0.0f, 0.0f, 0.0f}};
{layers}
        frame[led * 3] = k1::byte(color.red * {brightness});
        frame[led * 3 + 1] = k1::byte(color.green * {brightness});
        frame[led * 3 + 2] = k1::byte(color.blue * {brightness});
    }}
}}
"""
