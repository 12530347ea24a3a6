"""What the building workers do: each step reads and leaves files in the folder of its workflow."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from led import check, cpp, firmware, preview, toolchain, unit_tests

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BENCH_SECONDS = 0.3
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
TEST_LINE = re.compile(r"(not ok|ok) \d+ - (.*)")


@dataclass(frozen=True)
class Workshop:
    """The folder in which one workflow builds, below the folder of all output."""

    out: Path
    workspace: str

    def __post_init__(self) -> None:
        """Refuse a name that would lead out of the folder of all builds."""
        if not SAFE_NAME.fullmatch(self.workspace):
            raise toolchain.BuildError(f"'{self.workspace}' cannot name a workspace")

    @property
    def folder(self) -> Path:
        """Where the files of this workflow are."""
        return self.out / "build" / self.workspace

    @property
    def zig_cache(self) -> Path:
        """Where Zig keeps what it built once for all."""
        return self.out / "zig"

    def need(self, name: str) -> Path:
        """A file that an earlier step must have left; BuildError when it did not."""
        path = self.folder / name
        if not path.exists():
            raise toolchain.BuildError(f"{name} is not in the workspace {self.workspace}: has the step before run on this machine?")
        return path


@dataclass(frozen=True)
class Strip:
    """How many LEDs a preview shows, and for how many seconds."""

    leds: int
    seconds: float


def validate(source: str, headroom: float) -> dict[str, object]:
    """Facts about a pattern; PatternError shows its mistakes. `requiredFps`: frames a second that this machine must reach."""
    pattern = check.read(source)
    return {
        "title": pattern.name,
        "leds": pattern.leds,
        "seconds": pattern.seconds,
        "layers": [layer.name for layer in pattern.layers],
        "deviceFps": pattern.frames_per_second,
        "requiredFps": pattern.frames_per_second * headroom,
    }


def generate(workshop: Workshop, source: str) -> dict[str, object]:
    """Write the C++ of a pattern."""
    files = cpp.files(check.read(source))
    workshop.folder.mkdir(parents=True, exist_ok=True)
    (workshop.folder / "pattern.led").write_text(source)
    for name, text in files.items():
        (workshop.folder / name).write_text(text)
    return {"files": sorted(files), "lines": sum(text.count("\n") for text in files.values())}


def compile_player(workshop: Workshop, step: int) -> dict[str, object]:
    """Compile the pattern with the player at an optimisation step, 1 to 4."""
    workshop.need("pattern.cpp")
    compiler = toolchain.host_compiler(workshop.zig_cache)
    start = time.monotonic()
    built = toolchain.build_player(compiler, workshop.folder, step)
    seconds = round(time.monotonic() - start, 3)
    return {"compiler": compiler.name, "level": level(step), "seconds": seconds, "bytes": built.stat().st_size}


def level(step: int) -> str:
    """The compiler's flags of an optimisation step."""
    return " ".join(toolchain.LEVELS[step - 1])


def benchmark(workshop: Workshop, step: int) -> dict[str, object]:
    """Frames a second of the compiled pattern on this machine."""
    program = workshop.need(f"player-{step}")
    measured = json.loads(toolchain.run([str(program), "bench", str(BENCH_SECONDS)], "the benchmark failed"))
    return {"fps": round(measured["fps"]), "frames": measured["frames"], "level": level(step)}


def build_firmware(workshop: Workshop, step: int) -> dict[str, object]:
    """The firmware for the controller, cross-compiled where Zig is there."""
    workshop.need("pattern.cpp")
    built, target = toolchain.build_firmware(workshop.zig_cache, workshop.folder, step)
    data = built.read_bytes()
    image = firmware.read(data)
    size = image.flash_bytes if image else len(data)
    return {"file": built.name, "target": target, "flashBytes": size, "sha256": hashlib.sha256(data).hexdigest()}


def render_preview(workshop: Workshop, step: int, name: str, strip: Strip) -> dict[str, object]:
    """An animated GIF and a PNG of what the compiled pattern shows; their paths are below the folder of all output."""
    frames = toolchain.run(
        [str(workshop.need(f"player-{step}")), "render", str(preview.frame_count(strip.seconds))], "the pattern could not be rendered"
    )
    stem = workshop.out / "previews" / Workshop(workshop.out, name).workspace
    gif, png = stem.with_suffix(".gif"), stem.with_suffix(".png")
    count = preview.write(frames, strip.leds, gif, png)
    return {
        "gif": str(gif.relative_to(workshop.out)),
        "png": str(png.relative_to(workshop.out)),
        "frames": count,
        "bytes": gif.stat().st_size,
    }


def generate_tests(workshop: Workshop, source: str) -> dict[str, object]:
    """Write the unit tests of a pattern."""
    text = unit_tests.program(check.read(source))
    workshop.need("pattern.hpp").with_name("tests.cpp").write_text(text)
    return {"file": "tests.cpp", "lines": text.count("\n")}


def run_tests(workshop: Workshop, step: int) -> dict[str, object]:
    """Compile and run the unit tests; failed ones are counted, not raised."""
    workshop.need("tests.cpp")
    program = toolchain.build_tests(toolchain.host_compiler(workshop.zig_cache), workshop.folder, step)
    answer = toolchain.run([str(program)], "the tests could not be run", accepted=(0, 1))  # 1: some failed
    return verdict((name, result == "ok") for result, name in TEST_LINE.findall(answer.decode()))


def inspect_firmware(workshop: Workshop, target: str, file: str) -> dict[str, object]:
    """Check the firmware's image; an object for this machine has nothing to check."""
    data = workshop.need(file).read_bytes()
    return verdict(firmware.checks(data) if target == "cortex-m4" else ())


def verdict(results: Iterable[tuple[str, bool]]) -> dict[str, object]:
    """How many passed and failed, and the names of those that failed."""
    seen = list(results)
    failures = [name for name, good in seen if not good]
    return {"passed": len(seen) - len(failures), "failed": len(failures), "failures": failures}


def clean_up(workshop: Workshop) -> dict[str, object]:
    """Remove the folder of a workflow; what is gone already stays gone."""
    removed = sorted(path.name for path in workshop.folder.glob("*"))
    shutil.rmtree(workshop.folder, ignore_errors=True)
    return {"removed": removed}
