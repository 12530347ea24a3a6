"""`podium version`: which Podium this is."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from podium import __version__


def run(_arguments: Sequence[str]) -> int:
    """Print the version."""
    sys.stdout.write(f"{__version__}\n")
    return 0
