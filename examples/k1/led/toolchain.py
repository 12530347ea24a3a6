"""Finds the compilers of this machine and runs them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from led.cpp import NATIVE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# What the pipeline tries one after the other until a pattern is fast enough.
LEVELS = (("-O0",), ("-O1",), ("-O2",), ("-O3", "-ffast-math"))
COMMON = ("-std=c++17", "-g0", "-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-fno-rtti")
CONTROLLER = ("-target", "thumb-freestanding-eabihf", "-mcpu=cortex_m4+vfp4d16sp")
# Zig's `c++` would first build a C++ library that the generated code does not need; its `cc` compiles C++ just as well.
ZIG = (sys.executable, "-m", "ziglang", "cc")
ZIG_FLAGS = ("-fno-sanitize=all",)
COMPILE_WITHIN_SECONDS = 120
RUN_WITHIN_SECONDS = 60
SHOWN_LINES = 12


class BuildError(Exception):
    """Something could not be built or run; the text says what, with the first lines of the tool's own words."""


class TimedOutError(BuildError):
    """A tool took too long: the machine may be busy, and another try may do."""


@dataclass(frozen=True)
class Compiler:
    """A command that compiles C++, how people call it, and what it builds for."""

    name: str
    command: tuple[str, ...]
    target: str
    zig_cache: Path | None = None

    def compile(self, sources: Iterable[Path], output: Path, flags: Iterable[str], include: Path) -> None:
        """Build one program; BuildError with the compiler's first messages."""
        command = [*self.command, *COMMON, *flags, "-I", str(include), "-o", str(output), *map(str, sources)]
        run(command, f"{self.name} could not compile {output.name}", COMPILE_WITHIN_SECONDS, self.environment())

    def environment(self) -> dict[str, str]:
        """The environment it runs in: Zig keeps its cache with the build."""
        cache = {"ZIG_GLOBAL_CACHE_DIR": str(self.zig_cache), "ZIG_LOCAL_CACHE_DIR": str(self.zig_cache)} if self.zig_cache else {}
        return {**os.environ, **cache}


def zig_here() -> bool:
    """Whether the PyPI package `ziglang` is installed."""
    return importlib.util.find_spec("ziglang") is not None


def host_compiler(zig_cache: Path) -> Compiler:
    """`g++`, or `clang++`, or Zig; BuildError when there is none."""
    for name in ("g++", "clang++"):
        found = shutil.which(name)
        if found:
            return Compiler(name, (found,), "host")
    if zig_here():
        return Compiler("zig", (*ZIG, *ZIG_FLAGS), "host", zig_cache)
    raise BuildError("no C++ compiler: install g++, or the Python package ziglang")


def controller_compiler(zig_cache: Path) -> Compiler | None:
    """Zig for the controller's Cortex-M4; None without the package."""
    return Compiler("zig", (*ZIG, *ZIG_FLAGS, *CONTROLLER), "cortex-m4", zig_cache) if zig_here() else None


def build_player(compiler: Compiler, folder: Path, step: int) -> Path:
    """The program that plays, measures and checks the pattern in `folder`, at optimisation step 1 to 4."""
    output = player(folder, step)
    compiler.compile([folder / "pattern.cpp", NATIVE / "player.cpp"], output, LEVELS[step - 1], folder)
    return output


def player(folder: Path, step: int) -> Path:
    """Where the player of that optimisation step stands."""
    return folder / f"player-{step}"


def build_tests(compiler: Compiler, folder: Path, step: int) -> Path:
    """The test program of the pattern in `folder`."""
    output = folder / "tests"
    compiler.compile([folder / "pattern.cpp", folder / "tests.cpp"], output, LEVELS[step - 1], folder)
    return output


def build_firmware(zig_cache: Path, folder: Path, step: int) -> tuple[Path, str]:
    """The firmware and its target: an image for the controller, or an object for this machine where Zig is missing."""
    controller = controller_compiler(zig_cache)
    sources = [folder / "pattern.cpp", NATIVE / "firmware.cpp"]
    if controller:
        flags = (*LEVELS[max(step, 3) - 1], "-ffreestanding", "-nostdlib", "-Wl,-e,k1_reset", "-T", str(NATIVE / "firmware.ld"))
        output = folder / "firmware.elf"
        controller.compile(sources, output, flags, folder)
        return output, controller.target
    host = host_compiler(zig_cache)
    output = folder / "firmware.o"
    host.compile(sources[:1], output, (*LEVELS[step - 1], "-ffreestanding", "-c"), folder)
    return output, host.target


def run(
    command: list[str],
    failure: str,
    within: float = RUN_WITHIN_SECONDS,
    environment: dict[str, str] | None = None,
    accepted: tuple[int, ...] = (0,),
) -> bytes:
    """What a program wrote to standard output; BuildError, which begins with `failure`, when its exit code is not an accepted one."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=within, check=False, env=environment)
    except subprocess.TimeoutExpired:
        raise TimedOutError(f"{failure}: not done after {within:g} s") from None
    except OSError as error:
        raise BuildError(f"{failure}: {error}") from error
    if done.returncode not in accepted:
        words = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise BuildError("\n".join([f"{failure} (exit code {done.returncode})", *words[:SHOWN_LINES]]))
    return done.stdout


def warm_up(compiler: Compiler, folder: Path) -> None:
    """Build an empty program at every level: Zig then has compiled what each program is linked with."""
    folder.mkdir(parents=True, exist_ok=True)
    source, output = folder / "empty.cpp", folder / "empty"
    source.write_text("int main() { return 0; }\n")
    for flags in LEVELS:
        compiler.compile([source], output, flags, folder)
