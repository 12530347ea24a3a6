"""What the demonstration shows: a line per finished step, and at the end who ended how, how fast and where to look."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.execution import Run, Step

GREEN, RED, DIM, BOLD = "32", "31", "2", "1"
STAGES = (
    ("validate", ("validate",)),
    ("generate", ("generate",)),
    ("compile", ("compile",)),
    ("bench", ("benchmark",)),
    ("firmware", ("firmware",)),
    ("preview", ("preview",)),
    ("tests", ("test_suite",)),
    ("approval", ("approval",)),
    ("deploy", ("deploy", "health", "promote", "roll_back")),
    ("notify", ("release_note", "notify")),
)


def _fps(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ")


DETAILS: dict[str, Callable[[dict[str, Any]], str]] = {
    "validate": lambda out: f"{out['title']}: {out['leds']} LEDs, {len(out['layers'])} layers, {_fps(out['requiredFps'])} fps needed",
    "generate": lambda out: f"{out['lines']} lines of C++",
    "compile": lambda out: f"{out['compiler']} {out['level']}",
    "benchmark": lambda out: f"{_fps(out['fps'])} fps with {out['level']}",
    "firmware": lambda out: f"{out['target']}, {out['flashBytes']} bytes of flash",
    "preview": lambda out: f"{out['gif']}, {out['frames']} frames",
    "test_suite": lambda out: f"{out['passed']} passed, {out['failed']} failed",
    "approval": lambda out: "approved" if out.get("approved") else "no answer in time",
    "deploy": lambda out: f"{out['strategy'].replace('_', '-')} to {', '.join(out['devices'])}",
    "health": lambda out: f"healthy, {out['peakMilliamps']:.0f} mA at most" if out["healthy"] else f"not healthy: {out['reason']}",
    "promote": lambda out: f"plays on {', '.join(out['devices'])}",
    "roll_back": lambda out: ", ".join(out["undone"]) or "nothing to undo",
    "clean_up": lambda out: f"{len(out['removed'])} files removed",
    "release_note": lambda out: f'"{out["title"]}" (written by {out["writtenBy"]})',
    "notify": lambda out: f"HTTP {out['response']['statusCode']}",
}


class Console:
    """Writes lines, in colour on a terminal, plain elsewhere; nothing is ever redrawn."""

    def __init__(self) -> None:
        self.color = sys.stdout.isatty()
        self.start = time.monotonic()

    def paint(self, code: str, text: str) -> str:
        """The text in a colour, where there are colours."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text

    def say(self, text: str = "") -> None:
        """One line."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def title(self, text: str) -> None:
        """A line that stands out."""
        self.say(f"\n{self.paint(BOLD, text)}")

    def progress(self, run: Run) -> None:
        """A line for each step that ended since the last call."""
        for step in run.steps():
            if step.ended and step.id not in run.shown:
                run.shown.add(step.id)
                self.step(run.sample.name, step)

    def step(self, pattern: str, step: Step) -> None:
        """One finished step."""
        mark = self.paint(GREEN, "ok  ") if step.good else self.paint(RED, "FAIL")
        clock = self.paint(DIM, f"{time.monotonic() - self.start:6.2f} s")
        lines = (_detail(step) if step.good else str(step.output.get("report") or step.reason or step.status)).splitlines() or [""]
        self.say(f"{clock}  {mark}  {pattern:<11} {step.name:<13} {step.seconds:6.2f} s  {lines[0]}")
        for line in lines[1:]:
            self.say(f"{'':<52}{line}")

    def results(self, runs: list[Run], out: Path) -> None:
        """Who ended how, how fast, and the time of each stage."""
        self.title("Results")
        self.say(f"  {'pattern':<11} {'outcome':<12} {'level':<16} {'fps':>10} {'needed':>8} {'tests':>7} {'total':>8}   preview")
        for run in runs:
            self.say(_row(run, out))
        self.title("Seconds per stage")
        self.say(f"  {'pattern':<11} " + " ".join(f"{name:>8}" for name, _ in STAGES))
        for run in runs:
            self.say(f"  {run.sample.name:<11} " + " ".join(f"{_spent(run, names):>8}" for _, names in STAGES))


def _detail(step: Step) -> str:
    try:
        return DETAILS[step.name](step.output) if step.name in DETAILS else ""
    except (KeyError, TypeError, ValueError):
        return f"unexpected output: {step.output}"


def _row(run: Run, out: Path) -> str:
    found = run.output
    tests = found.get("tests") or {}
    preview = f"{out.name}/{found['preview']}" if found.get("preview") else "-"
    fps, needed = (_fps(found[name]) if found.get(name) else "-" for name in ("fps", "requiredFps"))
    counted = f"{tests['passed']}/{tests['passed'] + tests['failed']}" if tests.get("passed") else "-"
    level = found.get("level") or "-"
    return f"  {run.sample.name:<11} {run.outcome:<12} {level:<16} {fps:>10} {needed:>8} {counted:>7} {run.seconds:>6.2f} s   {preview}"


def _spent(run: Run, names: tuple[str, ...]) -> str:
    steps = [step for step in run.steps() if step.name in names and step.ended]
    return f"{sum(step.seconds for step in steps):.2f}" if steps else "-"
