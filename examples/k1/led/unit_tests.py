"""Writes the unit tests of a compiled pattern: the Python evaluation says what the C++ must show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from led.cpp import literal
from led.evaluate import pixel, point

if TYPE_CHECKING:
    from collections.abc import Iterator

    from led import tree

SAMPLES = 40
ATTEMPTS = 400
GOLDEN_RATIO = 0.6180339887498949
TOLERANCE = 2  # of 255: the controller computes with floats
NUDGES = ({"t": 2e-4}, {"t": -2e-4}, {"x": 2e-5}, {"x": -2e-5})

Sample = tuple[float, int, tuple[int, int, int]]

PROGRAM = """#include <stdio.h>
#include <string.h>

#include "pattern.hpp"

struct Sample {{
    float seconds;
    int led;
    int color[3];
}};

static const Sample samples[] = {{
{samples}
}};

static int number = 0, failed = 0;
static uint8_t frame[K1_LEDS * 3 + 8], again[K1_LEDS * 3 + 8];

static void report(bool good, const char* name) {{
    printf("%s %d - %s\\n", good ? "ok" : "not ok", ++number, name);
    if (!good) ++failed;
}}

static bool near(int a, int b) {{ return a - b <= {tolerance} && b - a <= {tolerance}; }}

int main() {{
    char name[200];
    for (const Sample& sample : samples) {{
        k1_render(sample.seconds, frame);
        const uint8_t* seen = frame + sample.led * 3;
        const bool good = near(seen[0], sample.color[0]) && near(seen[1], sample.color[1]) && near(seen[2], sample.color[2]);
        snprintf(name, sizeof name, "LED %d at %.3f s is (%d, %d, %d), seen (%d, %d, %d)", sample.led, static_cast<double>(sample.seconds),
                 sample.color[0], sample.color[1], sample.color[2], seen[0], seen[1], seen[2]);
        report(good, name);
    }}
    memset(frame, 0xA5, sizeof frame);
    k1_render(0.25f, frame);
    bool kept = true;
    for (unsigned at = K1_LEDS * 3; at < sizeof frame; ++at) kept = kept && frame[at] == 0xA5;
    report(kept, "a frame writes its own bytes and no others");
    memset(again, 0x5A, sizeof again);
    k1_render(0.25f, again);
    report(!memcmp(frame, again, K1_LEDS * 3), "the same moment looks the same twice");
    unsigned long light = 0;
    for (int each = 0; each < 32; ++each) {{
        k1_render(K1_SECONDS * static_cast<float>(each) / 32.0f, frame);
        for (int at = 0; at < K1_LEDS * 3; ++at) light += frame[at];
    }}
    report(light > 0, "the pattern is not dark all the time");
    printf("1..%d\\n", number);
    return failed ? 1 : 0;
}}
"""


def samples(pattern: tree.Pattern) -> Iterator[Sample]:
    """Moments and LEDs spread over the pattern, with their colours; none at an edge, where a float may fall on either side."""
    found = 0
    for attempt in range(1, ATTEMPTS):
        seconds = round(pattern.seconds * (attempt * GOLDEN_RATIO % 1.0), 5)
        led = int(pattern.leds * (attempt * GOLDEN_RATIO * GOLDEN_RATIO % 1.0))
        at = point(pattern, seconds, led)
        color = pixel(pattern, at)
        nudged = (pixel(pattern, replace(at, **{name: getattr(at, name) + shift})) for nudge in NUDGES for name, shift in nudge.items())
        if all(abs(a - b) <= 1 for other in nudged for a, b in zip(color, other, strict=True)):
            yield seconds, led, color
            found += 1
        if found == SAMPLES:
            return


def program(pattern: tree.Pattern) -> str:
    """The test program's C++; it prints TAP (`ok 1 - ...`) and ends with 1 when a test failed."""
    rows = (f"    {{{literal(seconds)}, {led}, {{{', '.join(map(str, color))}}}}}," for seconds, led, color in samples(pattern))
    return PROGRAM.format(samples="\n".join(rows), tolerance=TOLERANCE)
