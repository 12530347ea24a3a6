"""Reads a pattern: words in, a tree out, or a message that says what stood where something else should."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from led import tree
from led.lexer import Kind, Token, tokens
from led.source import Mistake, PatternError, suggestion

if TYPE_CHECKING:
    from led.source import Place

STATEMENTS = ("strip", "rate", "loop", "brightness", "palette", "let", "layer")
PROPERTIES = ("hue", "saturation", "value", "red", "green", "blue", "palette")
RESERVED = {*STATEMENTS, *PROPERTIES, "pattern", "at", "blend", "opacity", "speed", "if", "then", "else", "and", "or", "not"}
# From the loosest binding to the tightest; each level is read from left to right.
LEVELS = (("or",), ("and",), ("<", "<=", ">", ">=", "==", "!="), ("+", "-"), ("*", "/", "%"))


def parse(source: str) -> tree.Pattern:
    """The tree of a pattern; PatternError shows the first place that cannot be read."""
    return Parser(source).pattern()


class Parser:
    """Recursive descent, one word ahead."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.ahead = tokens(source)
        self.index = 0

    @property
    def token(self) -> Token:
        """The next word, not taken yet."""
        return self.ahead[self.index]

    def fail(self, text: str, place: Place | None = None) -> NoReturn:
        """Stop with a message, at the next word unless told where."""
        raise PatternError(self.source, [Mistake(place or self.token.place, text)])

    def take(self) -> Token:
        """The next word."""
        token = self.token
        self.index = min(self.index + 1, len(self.ahead) - 1)
        return token

    def accept(self, *texts: str) -> Token | None:
        """The next word if it is one of those."""
        return self.take() if self.token.kind in ("name", "sign") and self.token.text in texts else None

    def expect(self, text: str, after: str) -> Token:
        """The next word, which must be that one."""
        found = self.accept(text)
        return found or self.fail(f"expected '{text}' {after}, found {self.token}")

    def kind(self, kind: Kind, what: str) -> Token:
        """The next word, which must be of that kind."""
        return self.take() if self.token.kind == kind else self.fail(f"expected {what}, found {self.token}")

    def new_name(self, what: str) -> str:
        """A word that may name something."""
        token = self.kind("name", f"a name for the {what}")
        if token.text in RESERVED:
            self.fail(f"'{token.text}' is a word of the language and cannot name a {what}", token.place)
        return token.text

    def pattern(self) -> tree.Pattern:
        """`pattern "name"`, then statements to the end."""
        first = self.accept("pattern") or self.fail('a pattern begins with its name: pattern "My pattern"')
        name = self.kind("text", "the pattern's name in quotes").text
        settings: dict[str, tree.Setting] = {}
        parts: list[tree.Palette | tree.Let | tree.Layer] = []
        while self.token.kind != "end":
            word = self.kind("name", f"one of {', '.join(STATEMENTS)}")
            if word.text in tree.DEFAULTS:
                if word.text in settings:
                    self.fail(f"'{word.text}' is given twice", word.place)
                settings[word.text] = tree.Setting(self.number(f"a number after '{word.text}'"), word.place)
            else:
                parts.append(self.part(word))
        return tree.Pattern(
            name,
            first.place,
            settings,
            tuple(part for part in parts if isinstance(part, tree.Palette)),
            tuple(part for part in parts if isinstance(part, tree.Let)),
            tuple(part for part in parts if isinstance(part, tree.Layer)),
        )

    def part(self, word: Token) -> tree.Palette | tree.Let | tree.Layer:
        """A palette, a let or a layer, whose first word was taken."""
        if word.text == "palette":
            return self.palette(word.place)
        if word.text == "let":
            name = self.new_name("let")
            self.expect("=", f"after 'let {name}'")
            return tree.Let(name, self.expression(), word.place)
        if word.text != "layer":
            hint = suggestion(word.text, STATEMENTS)
            self.fail(f"expected one of {', '.join(STATEMENTS)}, found '{word.text}'{hint}", word.place)
        return self.layer(word.place)

    def number(self, what: str) -> float:
        """A literal, possibly negative."""
        sign = -1.0 if self.accept("-") else 1.0
        return sign * float(self.kind("number", what).text)

    def palette(self, place: Place) -> tree.Palette:
        """`palette NAME { 0: #rrggbb 1: #rrggbb }`."""
        name = self.new_name("palette")
        self.expect("{", f"after 'palette {name}'")
        stops: list[tree.Stop] = []
        while not self.accept("}"):
            where = self.token.place
            at = self.number("a position such as '0.5:', or '}'")
            self.expect(":", "after the position of a colour")
            color = self.kind("color", "a colour such as #ff8800").text
            red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
            stops.append(tree.Stop(at, (red, green, blue), where))
        return tree.Palette(name, tuple(stops), place)

    def layer(self, place: Place) -> tree.Layer:
        """`layer NAME [blend MODE] [speed NUMBER] [opacity EXPRESSION] { properties }`."""
        name = self.new_name("layer")
        blend, speed, opacity = "normal", 1.0, None
        while word := self.accept("blend", "speed", "opacity"):
            if word.text == "blend":
                blend = self.kind("name", "a blend mode").text
            elif word.text == "speed":
                speed = self.number("a number after 'speed'")
            else:
                opacity = self.expression()
        self.expect("{", f"to open layer '{name}'")
        properties: list[tree.Property] = []
        while not self.accept("}"):
            properties.append(self.property(name))
        return tree.Layer(name, blend, speed, opacity, tuple(properties), place)

    def property(self, layer: str) -> tree.Property:
        """`hue EXPRESSION` and its like, or `palette NAME at EXPRESSION`."""
        word = self.kind("name", f"a property of layer '{layer}' or '}}'")
        if word.text not in PROPERTIES:
            hint = suggestion(word.text, PROPERTIES)
            self.fail(f"a layer has {', '.join(PROPERTIES)}, but not '{word.text}'{hint}", word.place)
        if word.text != "palette":
            return tree.Property(word.text, self.expression(), word.place)
        name = self.kind("name", "the name of a palette").text
        self.expect("at", f"after 'palette {name}'")
        return tree.Property("palette", self.expression(), word.place, name)

    def expression(self) -> tree.Expression:
        """A choice, or operators by precedence."""
        word = self.accept("if")
        if word is None:
            return self.level(0)
        condition = self.expression()
        self.expect("then", "after the condition of 'if'")
        then = self.expression()
        self.expect("else", "(an 'if' always has one)")
        return tree.Choice(condition, then, self.expression(), word.place)

    def level(self, depth: int) -> tree.Expression:
        """Operators of one level, with those that bind tighter as operands."""
        if depth == len(LEVELS):
            return self.unary()
        left = self.level(depth + 1)
        while word := self.accept(*LEVELS[depth]):
            left = tree.Binary(word.text, left, self.level(depth + 1), word.place)
        return left

    def unary(self) -> tree.Expression:
        """`-x`, `not x`, or a power."""
        word = self.accept("-", "not")
        if word:
            return tree.Unary(word.text, self.unary(), word.place)
        base = self.primary()
        sign = self.accept("^")
        return tree.Binary("^", base, self.unary(), sign.place) if sign else base

    def primary(self) -> tree.Expression:
        """A number, a name, a call or something in parentheses."""
        token = self.token
        if token.kind == "number":
            return tree.Number(float(self.take().text), token.place)
        if self.accept("("):
            inner = self.expression()
            self.expect(")", f"to close the '(' of line {token.place.line}, column {token.place.column}")
            return inner
        if token.kind != "name" or token.text in RESERVED:
            self.fail(f"expected a number, a name or '(', found {token}")
        self.take()
        return self.call(token) if self.accept("(") else tree.Name(token.text, token.place)

    def call(self, name: Token) -> tree.Call:
        """The arguments of a function, whose '(' was taken."""
        arguments: list[tree.Expression] = []
        while not self.accept(")"):
            if arguments:
                self.expect(",", f"or ')' in the arguments of '{name.text}'")
            arguments.append(self.expression())
        return tree.Call(name.text, tuple(arguments), name.place)
