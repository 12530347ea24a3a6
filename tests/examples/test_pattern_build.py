"""What is made from a pattern: C++ that shows the same as the reference, firmware that starts, pictures that move."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from led import firmware, preview, toolchain
from led.check import read
from led.evaluate import pixel, point
from led.source import PatternError
from led.unit_tests import samples
from PIL import Image
from pipeline import building
from pipeline.building import Strip, Workshop
from pipeline.samples import SAMPLES

# Uses every function, operator and blend mode once, so that each is compared with the reference.
EVERYTHING = """pattern "Everything"
strip 37
loop 3
brightness 0.9
palette p { 0: #102030  0.3: #ff0080  1: #00ff40 }
let a = sin(3 * t + x) * cos(tau * x) + abs(x - 0.5) + sqrt(x + t) / 4
let b = if a > 0.5 and not (i == 3) or n < 2 then noise(9 * x - 2 * t) else random(i, floor(4 * t))
let c = triangle(x + t) * pulse(3 * x + t / 7, 0.6) + step(0.31, x) * smooth(0.1, 0.9, fract(t)) + (x - t) % 0.37
layer one { palette p at mix(b, c, 0.4) }
layer two blend add opacity 0.5 { hue a saturation b value clamp(c, 0.1, 0.9) }
layer three blend screen speed 0.7 opacity x { red max(a, 0) green min(b, 0.5) blue c ^ 2 }
layer four blend multiply opacity 0.3 { value 1 - x / 2 saturation 0.2 hue -0.3 }
layer five blend lighten opacity if a <= b then 0.2 else 0.6 { red x >= 0.5 green x != t blue 0.25 }
"""


@pytest.fixture(name="workshop")
def _workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "out", "w-1")


@pytest.fixture(name="compiler")
def _compiler(workshop: Workshop) -> toolchain.Compiler:
    try:
        compiler = toolchain.host_compiler(workshop.zig_cache)
    except toolchain.BuildError as error:
        pytest.skip(str(error))
    if compiler.name == "zig":
        pytest.skip("zig compiles a runtime of its own first, for longer than a test should take")
    return compiler


@pytest.mark.parametrize("step", [1, 4])
@pytest.mark.usefixtures("compiler")
def test_the_compiled_pattern_shows_what_the_reference_computes(workshop: Workshop, step: int) -> None:
    building.generate(workshop, EVERYTHING)
    building.generate_tests(workshop, EVERYTHING)
    result = building.run_tests(workshop, step)
    assert result["failures"] == []
    assert result["passed"] == 43


@pytest.mark.usefixtures("compiler")
def test_names_that_are_not_used_do_no_harm(workshop: Workshop) -> None:
    building.generate(workshop, 'pattern "p" palette q { 0: #000000 1: #ffffff } let spare = t layer a { hue 1 }')
    assert building.compile_player(workshop, 1)["level"] == "-O0"


@pytest.mark.usefixtures("compiler")
def test_a_wrong_colour_is_counted_and_named(workshop: Workshop) -> None:
    source = 'pattern "p" layer a { value 0.5 }'
    building.generate(workshop, source.replace("0.5", "0.6"))
    building.generate_tests(workshop, source)
    result = building.run_tests(workshop, 1)
    assert result["failed"] == 40
    assert "is (128, 0, 0), seen (153, 0, 0)" in str(result["failures"])


@pytest.mark.usefixtures("compiler")
def test_a_pattern_goes_all_the_way_from_text_to_pictures(workshop: Workshop) -> None:
    source = 'pattern "p" strip 20 layer a { hue x + t }'
    building.generate(workshop, source)
    built = building.compile_player(workshop, 2)
    measured = building.benchmark(workshop, 2)
    drawn = building.render_preview(workshop, 2, "p", Strip(20, 1.0))
    assert built["level"] == "-O1"
    assert float(str(measured["fps"])) > 0
    with Image.open(workshop.out / str(drawn["gif"])) as gif:
        assert getattr(gif, "n_frames", 0) == drawn["frames"] == 20


@pytest.mark.usefixtures("compiler")
def test_code_that_does_not_compile_is_told_in_the_compilers_words(workshop: Workshop) -> None:
    building.generate(workshop, 'pattern "p" layer a { hue x }')
    (workshop.folder / "pattern.cpp").write_text("int broken = nowhere;\n")
    with pytest.raises(toolchain.BuildError, match=r"could not compile player-1 .*\n.*nowhere"):
        building.compile_player(workshop, 1)


def test_a_step_before_its_time_says_what_is_missing(workshop: Workshop) -> None:
    with pytest.raises(toolchain.BuildError, match="player-1 is not in the workspace w-1"):
        building.benchmark(workshop, 1)


def test_a_workspace_cannot_lead_out_of_the_folder_of_all_builds(tmp_path: Path) -> None:
    with pytest.raises(toolchain.BuildError, match="cannot name a workspace"):
        Workshop(tmp_path, "../elsewhere")


def test_a_tool_that_takes_too_long_is_ended_and_may_be_tried_again() -> None:
    with pytest.raises(toolchain.TimedOutError, match="slow tool: not done after"):
        toolchain.run(["/bin/sh", "-c", "read forever < /dev/zero"], "slow tool", within=0.05)


@pytest.mark.skipif(not toolchain.zig_here(), reason="the package ziglang is not installed")
def test_the_firmware_is_an_image_that_a_controller_starts(workshop: Workshop) -> None:
    building.generate(workshop, EVERYTHING)
    built = building.build_firmware(workshop, 1)
    assert built["target"] == "cortex-m4"
    assert building.inspect_firmware(workshop, "cortex-m4", str(built["file"])) == {"passed": 6, "failed": 0, "failures": []}


def test_a_file_that_is_no_firmware_is_refused() -> None:
    assert list(firmware.checks(b"#!/bin/sh")) == [("it is a 32-bit ELF file", False)]


def test_firmware_for_another_machine_is_refused() -> None:
    header = firmware.HEADER.pack(b"\x7fELF\x01\x01".ljust(16, b"\0"), 2, 8, 1, 0x400000, 52, 0, 0, 52, 32, 1, 40, 0, 0)
    segment = firmware.SEGMENT.pack(1, 84, 0x400000, 0x400000, 8, 8, 5, 4)
    failed = [name for name, good in firmware.checks(header + segment + struct.pack("<II", 0, 0)) if not good]
    assert failed[0] == "it is an executable for ARM"


def test_a_preview_is_a_moving_picture_and_a_still_one(tmp_path: Path) -> None:
    frames = bytes([255, 0, 0] * 5 + [0, 0, 255] * 5)
    count = preview.write(frames, 5, tmp_path / "p.gif", tmp_path / "p.png")
    with Image.open(tmp_path / "p.gif") as gif, Image.open(tmp_path / "p.png") as png:
        assert (count, getattr(gif, "n_frames", 0)) == (2, 2)
        assert (png.getpixel((0, 0)), png.getpixel((0, 7))) == ((255, 0, 0), (0, 0, 255))


def test_samples_of_the_tests_avoid_edges_and_agree_with_the_reference() -> None:
    pattern = read('pattern "p" strip 50 layer a { value step(0.5, fract(x * 3 + t)) }')
    taken = list(samples(pattern))
    assert len(taken) == 40
    assert all(pixel(pattern, point(pattern, seconds, led)) == color for seconds, led, color in taken)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_every_sample_pattern_is_valid_but_the_broken_one(sample: object) -> None:
    source, expected = str(getattr(sample, "source", "")), getattr(sample, "expected", "")
    if expected != "failed":
        assert building.validate(source, 400)["requiredFps"]
        return
    with pytest.raises(PatternError) as caught:
        building.validate(source, 400)
    assert len(caught.value.mistakes) == 6


def test_what_a_step_returns_is_json(workshop: Workshop) -> None:
    facts = building.validate(EVERYTHING, 400) | building.generate(workshop, EVERYTHING)
    assert json.loads(json.dumps(facts)) == facts
