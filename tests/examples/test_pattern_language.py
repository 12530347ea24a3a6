"""The LED pattern language: what can be written, what is refused, and in which words."""

from __future__ import annotations

import pytest
from led.check import read
from led.evaluate import hsv, pixel, point, value
from led.parser import parse
from led.source import PatternError

WHITE = (255, 255, 255)


def computed(expression: str, seconds: float = 0.0, led: int = 0, lets: str = "") -> float:
    pattern = read(f'pattern "p"\nstrip 10\n{lets}\nlayer a {{ value {expression} }}')
    found = pattern.layers[0].value("value")
    assert found
    return value(pattern, found.value, point(pattern, seconds, led))


def complaint(source: str) -> str:
    with pytest.raises(PatternError) as caught:
        read(source)
    return str(caught.value)


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", -4),
        ("10 - 3 - 2", 5),
        ("7 % 4 + -7 % 4", 4),
        ("1 / (1 - 1)", 0),
        ("sqrt(0 - 4)", 0),
        ("not 0 and 2 > 1 or false", 1),
        ("if 1 < 0 then 5 else 6", 6),
        ("clamp(7, 0, 1) + mix(0, 10, 0.5)", 6),
        ("smooth(0, 1, 0.5) + step(0.5, 0.5) + pulse(0.2, 0.3)", 2.5),
        ("triangle(0.25) + fract(-0.25)", 1.25),
        ("max(1, 2) - min(1, 2)", 1),
    ],
)
def test_an_expression_has_its_value(expression: str, result: float) -> None:
    assert computed(expression) == pytest.approx(result)


def test_a_point_knows_time_number_count_and_place() -> None:
    assert computed("t + i * 10 + n * 100 + x", seconds=0.5, led=5) == pytest.approx(0.5 + 50 + 1000 + 0.5)


def test_a_let_is_read_anew_for_every_point() -> None:
    assert [computed("twice", led=led, lets="let half = i / 2\nlet twice = half * 4") for led in (1, 2)] == [2, 4]


def test_random_numbers_are_the_same_each_time_and_differ_between_places() -> None:
    numbers = [computed(f"random({place}, 3)") for place in range(50)]
    assert numbers == [computed(f"random({place}.7, 3)") for place in range(50)]
    assert len(set(numbers)) == 50
    assert all(0 <= number < 1 for number in numbers)


def test_noise_is_the_random_number_at_whole_places_and_between_its_neighbours_elsewhere() -> None:
    left, right, middle = computed("noise(4)"), computed("noise(5)"), computed("noise(4.5)")
    assert left == computed("random(4, 0)")
    assert middle == pytest.approx((left + right) / 2)


@pytest.mark.parametrize(
    ("blend", "color"),
    [
        ("normal", (128, 128, 128)),
        ("add", (255, 255, 255)),
        ("multiply", (64, 64, 64)),
        ("screen", (191, 191, 191)),
        ("lighten", (128, 128, 128)),
    ],
)
def test_layers_blend(blend: str, color: tuple[int, int, int]) -> None:
    half = "{ value 0.5 saturation 0 }"
    pattern = read(f'pattern "p" layer below {half} layer top blend {blend} {half}')
    assert pixel(pattern, point(pattern, 0, 0)) == pytest.approx(color, abs=1)


def test_opacity_speed_and_brightness_shape_a_layer() -> None:
    pattern = read('pattern "p" brightness 0.5 layer a speed 2 opacity t { value 1 saturation 0 }')
    assert pixel(pattern, point(pattern, 0.25, 0)) == (64, 64, 64)


def test_a_palette_goes_smoothly_from_colour_to_colour_and_stays_at_its_ends() -> None:
    pattern = read('pattern "p" palette q { 0: #000000 1: #ff8000 } layer a { palette q at t }')
    assert [pixel(pattern, point(pattern, seconds, 0)) for seconds in (-1.0, 0.5, 2.0)] == [(0, 0, 0), (128, 64, 0), (255, 128, 0)]


@pytest.mark.parametrize(("hue", "color"), [(0, (1, 0, 0)), (1 / 3, (0, 1, 0)), (2 / 3, (0, 0, 1)), (1.5, (0, 1, 1))])
def test_a_hue_goes_round_the_circle(hue: float, color: tuple[float, float, float]) -> None:
    assert hsv(hue, 1, 1) == pytest.approx(color)


def test_settings_have_defaults() -> None:
    pattern = read('pattern "p" layer a { value 1 }')
    assert (pattern.leds, pattern.frames_per_second, pattern.seconds) == (60, 60, 4)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("strip 60", "line 1, column 1: a pattern begins with its name"),
        ('pattern "p', "has no closing quote"),
        ('pattern "p" strip', "expected a number after 'strip', found the end of the pattern"),
        ('pattern "p" strip 1 strip 2', "'strip' is given twice"),
        ('pattern "p" layr a {}', "found 'layr'; did you mean 'layer'?"),
        ('pattern "p" layer a { hu 1 }', "not 'hu'; did you mean 'hue'?"),
        ('pattern "p" layer a { hue (1 + 2 }', "to close the '(' of line 1, column 27"),
        ('pattern "p" layer a { hue 1 + }', "expected a number, a name or '(', found '}'"),
        ('pattern "p" layer a { hue if 1 then 2 }', "expected 'else' (an 'if' always has one), found '}'"),
        ('pattern "p" let value = 1', "'value' is a word of the language"),
        ('pattern "p" palette q { 0: #12 }', "a colour has six hexadecimal digits"),
        ('pattern "p" layer a { hue 1 ? 2 }', "'?' means nothing here"),
    ],
)
def test_what_cannot_be_read_is_told_with_what_was_expected(source: str, words: str) -> None:
    assert words in complaint(source)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("strip 0", "'strip' goes from 1 to 2000, not 0"),
        ("strip 1.5", "a whole number of LEDs"),
        ("palette q { 0: #000000 }", "palette 'q' needs at least two colours"),
        ("palette q { 0.5: #000000 0.5: #ffffff }", "positions in a palette rise"),
        ("palette q { 0: #000000 1.5: #ffffff }", "positions in a palette go from 0 to 1"),
        ("let t = 1", "'t' already means something"),
        ("let q = spede", "nothing is called 'spede' here"),
        ("let q = sin", "it is a function and needs arguments"),
        ("let q = sine(1)", "there is no function 'sine'; did you mean 'sin'?"),
        ("let q = sin(1, 2)", "'sin' takes 1 argument, not 2"),
        ("let q = 1e39", "a controller computes with numbers up to 1e+30"),
        ("let q = 1 % 0", "the right side of '%' is always 0"),
        ("layer a { hue 1 }", "there is a layer 'a' in line 3 already"),
        ("layer b { hue 1 red 1 }", "the colour of layer 'b' comes from one of"),
        ("layer b { hue 1 hue 2 }", "layer 'b' has 'hue' more than once"),
        ("layer b blend screeen { hue 1 }", "did you mean 'screen'?"),
        ("layer b { palette sae at x }", "there is no palette 'sae'; did you mean 'sea'?"),
        ("layer b opacity q { hue 1 }", "nothing is called 'q' here"),
    ],
)
def test_what_makes_no_sense_is_told_with_the_nearest_valid_name(statement: str, words: str) -> None:
    assert words in complaint(f'pattern "p"\npalette sea {{ 0: #000000 1: #ffffff }}\nlayer a {{ hue 1 }}\n{statement}')


def test_a_let_knows_only_those_before_it() -> None:
    assert "nothing is called 'b' here" in complaint('pattern "p" let a = b let b = 1 layer l { hue a }')


def test_an_expression_that_is_nested_too_deeply_is_refused() -> None:
    assert "nested too deeply" in complaint(f'pattern "p" layer a {{ hue {"(" * 5000}1{")" * 5000} }}')


def test_a_pattern_needs_a_layer() -> None:
    assert "at least one layer" in complaint('pattern "p"')


def test_every_mistake_is_told_at_once_in_the_order_of_the_text_under_its_line() -> None:
    source = 'pattern "p"\nstrip 0\nlayer a { hue foo + bar }'
    with pytest.raises(PatternError) as caught:
        read(source)
    assert [(each.place.line, each.place.column) for each in caught.value.mistakes] == [(2, 1), (3, 15), (3, 21)]
    assert "   3 | layer a { hue foo + bar }\n                     ^" in str(caught.value)
    assert caught.value.summary == "line 2, column 1: 'strip' goes from 1 to 2000, not 0 (and 2 more mistakes)"


def test_places_are_counted_across_lines_comments_and_tabs() -> None:
    pattern = parse('// a comment\npattern "p"\n\tlayer a { hue 1 }')
    assert (pattern.layers[0].place.line, pattern.layers[0].place.column) == (3, 2)
