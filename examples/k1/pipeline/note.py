"""How a compilation ended, in words for people: the stand-in for the JavaScript worker (`js/note.mjs`) where there is no Node."""

from __future__ import annotations

from dataclasses import dataclass

ENDINGS = {
    "released": "plays on the whole fleet",
    "rolled back": "was taken back from the devices",
    "rejected": "was not approved",
    "expired": "waited for an approval in vain",
    "failed": "could not be built",
}


@dataclass(frozen=True)
class Facts:
    """What a note is written from; None for what is not known."""

    pattern: str
    outcome: str
    reason: str | None = None
    level: str | None = None
    fps: float | None = None
    tests_passed: int | None = None
    firmware: str | None = None


def release_note(facts: Facts) -> dict[str, object]:
    """A title and a text; facts that are missing are left out."""
    sentences = [
        f"Reason: {facts.reason}." if facts.reason else "",
        f"{facts.fps:.0f} frames per second with {facts.level}." if facts.fps else "",
        f"{facts.tests_passed} tests passed." if facts.tests_passed else "",
        f"Firmware for {facts.firmware}." if facts.firmware else "",
    ]
    ending = ENDINGS.get(facts.outcome, f"ended as {facts.outcome}")
    return {"title": f"{facts.pattern} {ending}", "text": " ".join(filter(None, sentences))}
