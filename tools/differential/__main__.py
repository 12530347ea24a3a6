"""Runs random definitions on Podium and on a real Conductor server, and says what differs without being meant.

    python -m tools.differential --count 200 [--seed 0] [--oracle http://127.0.0.1:18080]

Without `--oracle` the server of `make oracle` is started for as long as it takes. What it answered is kept in `.podium/differential/`, and
is not asked for again while the definitions of a seed stay the same; `--fresh` asks again. The code is 1 if anything is unexplained.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools.differential.comparing import Difference, differences
from tools.differential.deliberate import unexplained
from tools.differential.generator import Case, make
from tools.differential.running import Answer, run
from tools.differential.servers import own, remote

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".podium" / "differential"
AGAIN = 2  # how often a case that differs is asked again: what the real server does not repeat is a race of its own
CALM = 8  # cases at once then
MOST_SHOWN = 12
SHOWN = 300  # characters of a value


class Comparison:
    """The cases of a range of seeds, the real server's answers, and what came of them."""

    def __init__(self, seeds: range, at_once: int) -> None:
        self._cases = {seed: make(seed) for seed in seeds}
        self._oracle = ""
        self._at_once = at_once
        self._answers: dict[int, Answer] = {}
        self._podium: dict[int, Answer] = {}
        self.findings: dict[int, list[Difference]] = {}
        self.reasons: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()

    def recall(self) -> bool:
        """Take the answers that are kept; whether that is all of them."""
        for seed, case in self._cases.items():
            file = KEPT / f"{seed}.json"
            kept = json.loads(file.read_text()) if file.exists() else {}
            if kept.get("case") == json.loads(json.dumps(asdict(case))):
                self._answers[seed] = kept["oracle"]
        return len(self._answers) == len(self._cases)

    async def run(self, oracle: str) -> None:
        """Ask both servers, and the real one at `oracle` again where they differ; without an address what is kept must do."""
        self._oracle = oracle
        await self._ask([seed for seed in self._cases if seed not in self._answers], self._at_once)
        note(f"asking Podium about {len(self._cases)} cases")
        for seed, case in self._cases.items():
            async with own() as server:
                self._podium[seed] = await run(server, case)
            self._compare(seed)
        for _ in range(AGAIN if self._oracle else 0):
            found = list(self.findings)
            await self._ask(found, CALM)
            for seed in found:
                self._compare(seed)
        for seed in self._cases:
            self._count(seed)
            self._keep(seed)

    async def _ask(self, seeds: list[int], at_once: int) -> None:
        if not seeds:
            return
        note(f"asking the real server about {len(seeds)} cases")
        free = asyncio.Semaphore(at_once)
        async with remote(self._oracle) as server:

            async def ask(seed: int) -> None:
                async with free:
                    self._answers[seed] = await run(server, self._cases[seed])

            await asyncio.gather(*map(ask, seeds))

    def _compare(self, seed: int) -> None:
        found, _ = unexplained(self._cases[seed], differences(self._answers[seed], self._podium[seed]))
        if found:
            self.findings[seed] = found
        else:
            self.findings.pop(seed, None)

    def _count(self, seed: int) -> None:
        podium = self._podium[seed]
        self.ends[podium["workflows"]["root"]["status"] if "workflows" in podium else "REFUSED"] += 1
        _, reasons = unexplained(self._cases[seed], differences(self._answers[seed], podium))
        self.reasons.update({reason.name for reason in reasons})

    def _keep(self, seed: int) -> None:
        KEPT.mkdir(parents=True, exist_ok=True)
        kept = {"case": asdict(self._cases[seed]), "oracle": self._answers[seed], "podium": self._podium[seed]}
        (KEPT / f"{seed}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False))

    def told(self) -> str:
        """The findings with their definitions, and a summary."""
        findings = [_told(self._cases[seed], found) for seed, found in sorted(self.findings.items())]
        ends = ", ".join(f"{count} {status}" for status, count in self.ends.most_common())
        meant = [f"  meant, in {count} cases: {name}" for name, count in self.reasons.most_common()]
        return "\n".join([*findings, f"{len(self._cases)} cases ({ends}), {len(findings)} with unexplained differences", *meant])


def _told(case: Case, found: list[Difference]) -> str:
    lines = [f"seed {case.seed}: {len(found)} differences; both answers in {(KEPT / f'{case.seed}.json').relative_to(ROOT)}"]
    for one in found[:MOST_SHOWN]:
        lines += [f"  {one.path}", f"    Conductor: {_short(one.oracle)}", f"    Podium:    {_short(one.podium)}"]
    definitions = json.dumps(case.workflow_definitions, ensure_ascii=False)
    return "\n".join([*lines, f"  definitions: {definitions}"])


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def note(text: str) -> None:
    """A line for the person at the terminal, on standard error."""
    sys.stderr.write(f"differential: {text}\n")


class NotStarted(Exception):
    """There is no real server to ask."""


@contextmanager
def started(port: int) -> Iterator[str]:
    """The real server, for a while; its address. Raises NotStarted; its own words stand above then."""
    command = [sys.executable, str(ROOT / "tools" / "oracle.py"), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            base = server.stdout.readline().strip()
            if not base:
                raise NotStarted("the real server did not start")
            yield base
        finally:
            server.send_signal(signal.SIGTERM)


def main() -> int:
    """Run, tell, and return 1 if something is unexplained."""
    parser = argparse.ArgumentParser(prog="python -m tools.differential", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="how many definitions")
    parser.add_argument("--seed", type=int, default=0, help="the first of them")
    parser.add_argument("--oracle", default="", help="the address of a real server that runs already")
    parser.add_argument("--port", type=int, default=18081, help="the port of one that is started")
    parser.add_argument("--at-once", type=int, default=60, help="workflows on the real server at the same time")
    parser.add_argument("--fresh", action="store_true", help="ask the real server again")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    seeds = range(options.seed, options.seed + options.count)
    comparison = Comparison(seeds, options.at_once)
    known = not options.fresh and comparison.recall()
    try:
        with nullcontext(options.oracle) if options.oracle or known else started(options.port) as base:
            asyncio.run(comparison.run(base))
    except NotStarted as error:
        note(str(error))
        return 1
    print(comparison.told())
    return 1 if comparison.findings else 0


if __name__ == "__main__":
    sys.exit(main())
