"""The text a value becomes inside a longer string: Java's form, because users' definitions rely on it."""

import re
from collections.abc import Callable

from podium.model.json import Json

# json-smart escapes these inside a JSON string, besides the named ones below.
_ESCAPED = re.compile('["\\\\/\x00-\x1f\x7f-\x9f\u2000-\u20ff]')
_NAMED = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def java_text(value: Json) -> str:
    """`value` as Java prints it: `null`, `true`, `7`, `1.0`, `{k=v, k2=v2}`, `[1, a]`, strings bare (spec/engine.md §3.12.5)."""
    if type(value) is str:
        return value
    if isinstance(value, dict | list):
        return _walk(value, _JAVA)
    return scalar_text(value)


def json_text(value: Json) -> str:
    r"""`value` as compact JSON with `/` written `\/`: the text of a list that an indefinite path gave (spec/tasks.md §7.3)."""
    if isinstance(value, dict | list):
        return _walk(value, _COMPACT)
    return _json_scalar(value)


def scalar_text(value: str | float | bool | None) -> str:
    """The text of anything that is neither a map nor a list."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return double_text(value) if isinstance(value, float) else str(value)


def double_text(number: float) -> str:
    """`number` as Java's `Double.toString`: plain from 10^-3 up to 10^7, else `d.dddE±n`, always with a decimal point."""
    if number != number:  # noqa: PLR0124 - the one test for NaN that needs no import
        return "NaN"
    if number in {_INFINITY, -_INFINITY}:
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0 or 1e-3 <= abs(number) < 1e7:  # Java's own limits
        return repr(number)
    text = repr(number)
    # Of one digit and two Java takes the closer: 4.9E-324 where Python writes 5e-324.
    closer = format(number, ".1e")
    mantissa, _, exponent = (closer if len(text) < len(closer) and float(closer) == number else text).partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    return sign + _scientific(whole, fraction, int(exponent or 0))


def _scientific(whole: str, fraction: str, exponent: int) -> str:
    """The digits `whole.fraction` times 10^`exponent`, with one digit before the point."""
    digits = whole + fraction
    significant = digits.lstrip("0")
    power = exponent + len(whole) - 1 - (len(digits) - len(significant))
    significant = significant.rstrip("0")
    return f"{significant[0]}.{significant[1:] or '0'}E{power}"


class _Form:
    """How maps and lists are written: punctuation and scalars."""

    __slots__ = ("between", "equals", "key", "scalar")

    def __init__(self, between: str, equals: str, key: Callable[[str], str], scalar: Callable[[str | float | bool | None], str]) -> None:
        self.between = between
        self.equals = equals
        self.key = key
        self.scalar = scalar


def _walk(value: dict[str, Json] | list[Json], form: _Form) -> str:
    """Write `value` without recursion, so that no depth of nesting can exhaust the stack."""
    parts: list[str] = []
    # What is still to be written, next first: a text, or a value waiting in a one-element tuple.
    pending: list[str | tuple[Json]] = [(value,)]
    while pending:
        entry = pending.pop()
        if isinstance(entry, str):
            parts.append(entry)
        elif isinstance(entry[0], dict):
            pending.extend(reversed(_map_parts(entry[0], form)))
        elif isinstance(entry[0], list):
            pending.extend(reversed(_list_parts(entry[0], form)))
        else:
            parts.append(form.scalar(entry[0]))
    return "".join(parts)


def _map_parts(value: dict[str, Json], form: _Form) -> list[str | tuple[Json]]:
    parts: list[str | tuple[Json]] = ["{"]
    for key, child in value.items():
        if len(parts) > 1:
            parts.append(form.between)
        parts.append(form.key(key) + form.equals)
        parts.append((child,))
    parts.append("}")
    return parts


def _list_parts(value: list[Json], form: _Form) -> list[str | tuple[Json]]:
    parts: list[str | tuple[Json]] = ["["]
    for child in value:
        if len(parts) > 1:
            parts.append(form.between)
        parts.append((child,))
    parts.append("]")
    return parts


def _quoted(text: str) -> str:
    return '"' + _ESCAPED.sub(lambda match: _NAMED.get(match[0]) or f"\\u{ord(match[0]):04X}", text) + '"'


def _json_scalar(value: str | float | bool | None) -> str:
    return _quoted(value) if isinstance(value, str) else scalar_text(value)


_INFINITY = float("inf")
_JAVA = _Form(", ", "=", str, scalar_text)
_COMPACT = _Form(",", ":", _quoted, _json_scalar)
