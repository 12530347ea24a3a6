"""The sample patterns, how each is deployed, and how each must end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PATTERNS = Path(__file__).resolve().parent.parent / "patterns"


@dataclass(frozen=True)
class Sample:
    """One pattern of the demonstration; `approved`: whether somebody answers at the gate in time."""

    name: str
    strategy: str
    expected: str
    approved: bool = True
    approval_timeout: str = "5 minutes"

    @property
    def source(self) -> str:
        """The pattern's text."""
        return (PATTERNS / f"{self.name}.led").read_text()


SAMPLES = (
    Sample("ocean", "canary", "released"),
    Sample("ember", "blue_green", "released"),
    Sample("aurora", "canary", "released"),
    Sample("nightlight", "blue_green", "expired", approved=False, approval_timeout="3 seconds"),
    Sample("flashbang", "canary", "rolled back"),
    Sample("broken", "canary", "failed"),
)
