"""The controllers on the wall, as folders: releases are copied to them, and links say which one plays.

    devices/k1-01/ocean/releases/<release>/     player, firmware, pattern
    devices/k1-01/ocean/current -> releases/…   what plays
    devices/k1-01/ocean/standby -> releases/…   what waits (blue-green)

Every change of a link is written down first, with what was there before: a rollback walks that journal backwards.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from led import toolchain

from pipeline.building import Workshop

if TYPE_CHECKING:
    from pathlib import Path

FLEET = ("k1-01", "k1-02", "k1-03", "k1-04")
SUPPLY_MILLIAMPS = 4000
HEALTH_FRAMES = 200
CURRENT, STANDBY = "current", "standby"
Strategy = Literal["canary", "blue_green"]


@dataclass(frozen=True)
class Change:
    """One link that was changed: on which device, which one, and the release it named before."""

    device: str
    pattern: str
    link: str
    before: str | None


@dataclass(frozen=True)
class Journal:
    """What one workflow did to the devices."""

    strategy: Strategy
    pattern: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Artefacts:
    """What a release is made of: the player of an optimisation step, and the firmware's file name."""

    step: int
    firmware: str


def deploy(workshop: Workshop, strategy: Strategy, pattern: str, artefacts: Artefacts) -> dict[str, object]:
    """Bring a release to devices: canary plays it on the first one, blue-green puts it beside what plays on all."""
    Workshop(workshop.out, pattern)  # a pattern's name becomes a folder too
    names = {"player": f"player-{artefacts.step}", artefacts.firmware: artefacts.firmware, "pattern.led": "pattern.led"}
    files = {name: workshop.need(origin) for name, origin in names.items()}
    devices, link = (FLEET[:1], CURRENT) if strategy == "canary" else (FLEET, STANDBY)
    _start_journal(workshop, strategy, pattern)
    for device in devices:
        _install(workshop, device, pattern, files)
        _point(workshop, device, link, workshop.workspace)
    return {"strategy": strategy, "devices": list(devices), "release": workshop.workspace}


def health_check(workshop: Workshop) -> dict[str, object]:
    """Run the deployed program on a device that has it, and tell whether the device can carry the pattern."""
    journal = _journal(workshop)
    if not journal or not journal.changes:
        raise toolchain.BuildError(f"workspace {workshop.workspace} deployed nothing that could be checked")
    first = journal.changes[0]
    folder = _slot(workshop, first.device, first.pattern) / first.link
    answer = json.loads(toolchain.run([str(folder / "player"), "health", str(HEALTH_FRAMES)], "the deployed pattern does not run"))
    peak = answer["peakMilliamps"]
    problems = [f"it draws {peak:.0f} mA, and a controller gives {SUPPLY_MILLIAMPS} mA"] if peak > SUPPLY_MILLIAMPS else []
    if answer["dark"] == answer["frames"]:
        problems.append("it stays dark")
    return {
        "healthy": not problems,
        "reason": "; ".join(problems),
        "device": first.device,
        "peakMilliamps": peak,
        "meanMilliamps": answer["meanMilliamps"],
    }


def promote(workshop: Workshop) -> dict[str, object]:
    """Let the whole fleet play the release."""
    journal = _journal(workshop)
    if journal is None:
        raise toolchain.BuildError(f"workspace {workshop.workspace} deployed nothing that could be promoted")
    origin = _slot(workshop, FLEET[0], journal.pattern) / "releases" / workshop.workspace
    files = {path.name: path for path in origin.iterdir()}
    for device in FLEET:
        before = _named(workshop, device, journal.pattern, CURRENT)
        if before == workshop.workspace:
            continue
        _install(workshop, device, journal.pattern, files)
        _point(workshop, device, CURRENT, workshop.workspace)
        if journal.strategy == "blue_green":
            _point(workshop, device, STANDBY, before)
    return {"devices": list(FLEET), "release": workshop.workspace}


def roll_back(workshop: Workshop) -> dict[str, object]:
    """Undo every change of the workflow, the last one first; nothing to undo is fine, and so is doing it twice."""
    journal = _journal(workshop)
    undone = []
    for change in reversed(journal.changes if journal else ()):
        slot = _slot(workshop, change.device, change.pattern)
        _link(slot, change.link, change.before)
        undone.append(f"{change.device}: {change.link} -> {change.before or 'nothing'}")
        if workshop.workspace not in {_named(workshop, change.device, change.pattern, link) for link in (CURRENT, STANDBY)}:
            shutil.rmtree(slot / "releases" / workshop.workspace, ignore_errors=True)
    if journal:
        _write(workshop, Journal(journal.strategy, journal.pattern, ()))
    return {"undone": undone}


def _slot(workshop: Workshop, device: str, pattern: str) -> Path:
    return workshop.out / "devices" / device / pattern


def _install(workshop: Workshop, device: str, pattern: str, files: dict[str, Path]) -> None:
    release = _slot(workshop, device, pattern) / "releases" / workshop.workspace
    release.mkdir(parents=True, exist_ok=True)
    for name, source in files.items():
        if source == release / name:
            continue
        shutil.copy2(source, release / name)
        if hashlib.sha256(source.read_bytes()).digest() != hashlib.sha256((release / name).read_bytes()).digest():
            raise toolchain.BuildError(f"{name} arrived damaged at {device}")


def _named(workshop: Workshop, device: str, pattern: str, link: str) -> str | None:
    path = _slot(workshop, device, pattern) / link
    return path.readlink().name if path.is_symlink() else None


def _point(workshop: Workshop, device: str, link: str, release: str | None) -> None:
    journal = _journal(workshop)
    if journal is None:
        raise toolchain.BuildError(f"workspace {workshop.workspace} has no journal")
    before = _named(workshop, device, journal.pattern, link)
    if before == release:
        return
    change = Change(device, journal.pattern, link, before)
    _write(workshop, Journal(journal.strategy, journal.pattern, (*journal.changes, change)))
    _link(_slot(workshop, device, journal.pattern), link, release)


def _link(slot: Path, link: str, release: str | None) -> None:
    path = slot / link
    if release is None:
        path.unlink(missing_ok=True)
        return
    fresh = slot / f".{link}.new"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(f"releases/{release}")
    fresh.replace(path)  # one step: a device never sees half a change


def _start_journal(workshop: Workshop, strategy: Strategy, pattern: str) -> None:
    if _journal(workshop) is None:  # a second attempt goes on in the journal of the first
        _write(workshop, Journal(strategy, pattern, ()))


def _journal(workshop: Workshop) -> Journal | None:
    path = workshop.folder / "journal.json"
    if not path.is_file():
        return None
    stored = json.loads(path.read_text())
    return Journal(stored["strategy"], stored["pattern"], tuple(Change(**change) for change in stored["changes"]))


def _write(workshop: Workshop, journal: Journal) -> None:
    path = workshop.folder / "journal.json"
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(journal), indent=1))
    fresh.replace(path)
