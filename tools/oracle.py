#!/usr/bin/env python3
"""Run a real Conductor server on loopback, to ask it what it does where the specification is silent.

The server is the Maven artifact `org.conductoross:conductor-server` with the classifier `boot`. It is fetched once with Maven into
`.podium/oracle/`, runs on a JDK of 21 or newer on its own SQLite file in a temporary folder, and ends with this command.

    .venv/bin/python tools/oracle.py [--port 18080] [--log FILE]
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".podium" / "oracle"
VERSION = "3.32.3"
JAR = CACHE / f"conductor-server-{VERSION}-boot.jar"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
OLDEST_JDK = 21
JVM_ROOTS = (Path("/usr/lib/jvm"), Path("/Library/Java/JavaVirtualMachines"), Path.home() / ".sdkman" / "candidates" / "java")
READY_WITHIN_SECONDS = 180
STOP_WITHIN_SECONDS = 20


class OracleError(Exception):
    """The oracle cannot run, and the text says what to do about it."""


def java_version(java: Path) -> int:
    """The major version of a `java` binary; 0 when it cannot be run or does not tell."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(\d+)', answer.stderr + answer.stdout)
    return int(found.group(1)) if found else 0


def java_candidates() -> Iterator[Path]:
    """Every `java` worth asking, best guess first: JAVA_HOME, the usual folders, PATH."""
    home = os.environ.get("JAVA_HOME")
    if home:
        yield Path(home) / "bin" / "java"
    for root in JVM_ROOTS:
        for folder in sorted(root.glob("*"), reverse=True):
            yield folder / "bin" / "java"
            yield folder / "Contents" / "Home" / "bin" / "java"
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path)


def find_java() -> Path:
    """The first `java` of at least OLDEST_JDK; OracleError names what was found instead."""
    seen: dict[Path, int] = {}
    for candidate in java_candidates():
        real = candidate.resolve()
        if real in seen or not real.is_file():
            continue
        seen[real] = java_version(real)
        if seen[real] >= OLDEST_JDK:
            return real
    found = ", ".join(f"{path} (version {version})" for path, version in seen.items()) or "none at all"
    raise OracleError(f"no JDK of version {OLDEST_JDK} or newer; found {found}. Install one, or point JAVA_HOME at it.")


def fetch() -> Path:
    """The server's jar, fetched with Maven the first time (460 MB)."""
    if JAR.is_file():
        return JAR
    maven = shutil.which("mvn")
    if maven is None:
        raise OracleError(f"Maven (`mvn`) is not installed, and {JAR.relative_to(ROOT)} is not there yet.")
    note(f"fetching conductor-server {VERSION} with Maven (460 MB, once)")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        artifact = f"org.conductoross:conductor-server:{VERSION}:jar:boot"
        command = [maven, "-q", "-B", f"{PLUGIN}:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"]
        if subprocess.run(command, cwd=folder, stdout=sys.stderr, check=False).returncode:
            raise OracleError("Maven could not fetch the server; its own message stands above.")
        (Path(folder) / JAR.name).replace(JAR)  # one step: an interrupted download leaves no half of a jar
    return JAR


def server_command(java: Path, jar: Path, port: int, folder: Path) -> list[str]:
    """The command line of a server on loopback that keeps everything in `folder`."""
    return [
        str(java),
        "-Xmx1g",
        f"-Djava.io.tmpdir={folder}",
        "--enable-native-access=ALL-UNNAMED",
        "-jar",
        str(jar),
        "--server.address=127.0.0.1",
        f"--server.port={port}",
        f"--spring.datasource.url=jdbc:sqlite:{folder / 'oracle.db'}?busy_timeout=15000&journal_mode=WAL",
    ]


def listening(port: int) -> bool:
    """Whether somebody already answers on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def healthy(base: str) -> bool:
    """Whether `GET /health` answers 200."""
    try:
        with urllib.request.urlopen(f"{base}/health", timeout=2) as answer:  # noqa: S310 - loopback, a literal scheme
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_ready(server: subprocess.Popen[bytes], base: str, log: Path) -> None:
    """Return once the server is healthy; OracleError with the end of its log when it dies or takes too long."""
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        if healthy(base):
            return
        time.sleep(0.25)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
    state = f"ended with code {server.poll()}" if server.poll() is not None else f"not healthy after {READY_WITHIN_SECONDS} s"
    raise OracleError(f"the server is {state}. The end of its log:\n{tail}")


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server: politely, then for certain."""
    if server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(STOP_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Make SIGTERM end the command the way Ctrl-C does."""
    raise KeyboardInterrupt


def run(port: int, log: Path | None) -> None:
    """Serve on loopback until interrupted; prints the address on standard output when ready."""
    if listening(port):
        raise OracleError(f"port {port} is taken; choose another with --port.")
    java, jar = find_java(), fetch()
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="oracle-") as name:
        folder = Path(name)
        written = log or folder / "server.log"
        with written.open("wb") as output:
            command = server_command(java, jar, port, folder)
            # Its own session: Ctrl-C reaches this process alone, which then ends the server itself.
            server = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            note(f"starting with {java}, log in {written}")
            wait_ready(server, base, written)
            sys.stdout.write(f"{base}\n")
            sys.stdout.flush()
            note("ready; Ctrl-C ends it")
            code = server.wait()
            note(f"the server ended by itself with code {code}")
        finally:
            stop(server)


def note(text: str) -> None:
    """A line for the person at the terminal, on standard error."""
    sys.stderr.write(f"oracle: {text}\n")
    sys.stderr.flush()


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and run; 0 after an interrupt, 1 with a message otherwise."""
    parser = argparse.ArgumentParser(description="Run a real Conductor server on loopback as a judge.")
    parser.add_argument("--port", type=int, default=18080, help="loopback port (default 18080)")
    parser.add_argument("--log", type=Path, default=None, help="file for the server's log (default: in its temporary folder)")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)  # also when started in the background, where a shell ignores it
    try:
        run(options.port, options.log)
    except KeyboardInterrupt:
        note("stopped")
        return 0
    except OracleError as error:
        note(str(error))
    return 1


if __name__ == "__main__":
    sys.exit(main())
