"""Prepares the tests: installs what they need beyond Python packages, as far as it can, and says plainly what is left out.

    .venv/bin/python tools/prepare_tests.py

Nothing here is needed to run Podium. What cannot be had is left out, and the tests that need it say so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODE_FOLDERS = (ROOT / "tests" / "sdk_compat" / "js", ROOT / "examples" / "k1" / "js")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_SECONDS = 600


def say(sentence: str) -> None:
    """Tell what was done or left out."""
    print(f"prepare: {sentence}", flush=True)


def node_packages() -> None:
    """`npm ci` in each folder whose packages are not those of its lock file."""
    npm = shutil.which("npm")
    stale = [folder for folder in NODE_FOLDERS if not up_to_date(folder)]
    if stale and (npm is None or shutil.which("node") is None):
        say("Node is not installed: the tests of the JavaScript SDK are left out")
        return
    for folder in stale:
        assert npm is not None
        if succeeds([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], folder):
            say(f"installed the JavaScript packages of {folder.relative_to(ROOT)}")
        else:
            say(f"npm could not install the packages of {folder.relative_to(ROOT)}: tests that need them will say so")


def up_to_date(folder: Path) -> bool:
    """Whether what is installed in a folder is what its lock file asks for; packages for other machines may be missing."""
    lock, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    if not lock.exists():
        return True
    if not installed.exists():
        return False
    wanted, found = (json.loads(file.read_text())["packages"] for file in (lock, installed))
    needed = {name: package for name, package in wanted.items() if name and not package.get("optional")}
    return all(found.get(name, {}).get("version") == package["version"] for name, package in needed.items())


def browser() -> None:
    """A browser for the tests of the pages: Debian's chromium, where that is possible without asking anybody."""
    if not any(shutil.which(name) for name in BROWSERS):
        debian_packages(["chromium"], "the tests in a real browser are left out")


def databases() -> None:
    """PostgreSQL, which the tests start themselves, and the pooler that people put before it."""
    if not (shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))):
        debian_packages(["postgresql"], "the tests on PostgreSQL are left out")
    if not (shutil.which("pgbouncer") or Path("/usr/sbin/pgbouncer").exists()):
        debian_packages(["pgbouncer"], "the tests behind PgBouncer are left out")


def debian_packages(names: Sequence[str], otherwise: str) -> None:
    """Install packages of the system; say what follows if that cannot be."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        say(f"{' and '.join(names)} cannot be installed from here: {otherwise}")
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [apt, "install", "--yes", "--quiet", "--no-install-recommends", *names]
    if succeeds([apt, "update", "--quiet"], ROOT, quiet) and succeeds(install, ROOT, quiet):
        say(f"installed {' and '.join(names)}")
    else:
        say(f"{' and '.join(names)} could not be installed: {otherwise}")


def succeeds(command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> bool:
    """Run a command; what it prints is shown when it fails."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        say(str(problem))
        return False
    if done.returncode:
        print(done.stdout[-2_000:], flush=True)
    return done.returncode == 0


def main() -> int:
    """All preparations; always 0, since each is optional."""
    steps: tuple[Callable[[], None], ...] = (node_packages, browser, databases)
    for step in steps:
        try:
            step()
        except (OSError, ValueError, KeyError) as problem:
            say(f"{step.__name__}: {problem}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
