"""The pipeline around the compiler: devices that can be taken back, definitions that fit their workers, notices that arrive."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from conductor.client.automator.task_handler import get_registered_worker_names
from conductor.client.http.models.task import Task
from conductor.client.worker.exception import NonRetryableException
from led.toolchain import BuildError
from pipeline import building, devices, workers
from pipeline.building import Workshop
from pipeline.devices import CURRENT, FLEET, STANDBY, Artefacts, Strategy
from pipeline.execution import Run, step
from pipeline.note import ENDINGS, Facts, release_note
from pipeline.notices import Notices, read_body
from pipeline.processes import Processes, StartError, free_port
from pipeline.samples import SAMPLES

K1 = Path(workers.__file__).resolve().parent.parent
DEFINITIONS = {path.stem: json.loads(path.read_text()) for path in sorted((K1 / "workflows").glob("*.json"))}
TASKS = {task["name"]: task for task in json.loads((K1 / "tasks.json").read_text())}
OWN_WORKERS = set(get_registered_worker_names())


def release(out: Path, name: str, peak: float = 100.0) -> Workshop:
    """A workspace whose player reports that current."""
    workshop = Workshop(out, name)
    workshop.folder.mkdir(parents=True)
    answer = json.dumps({"leds": 1, "frames": 10, "dark": 0, "meanMilliamps": peak / 2, "peakMilliamps": peak})
    (workshop.folder / "player-2").write_text(f"#!/bin/sh\necho '{answer}'\n")
    (workshop.folder / "player-2").chmod(0o755)
    (workshop.folder / "firmware.elf").write_bytes(b"firmware")
    (workshop.folder / "pattern.led").write_text("pattern")
    return workshop


def deploy(workshop: Workshop, strategy: Strategy) -> None:
    devices.deploy(workshop, strategy, "ocean", Artefacts(2, "firmware.elf"))


def playing(out: Path, link: str = CURRENT) -> list[str | None]:
    paths = [out / "devices" / device / "ocean" / link for device in FLEET]
    return [path.readlink().name if path.is_symlink() else None for path in paths]


def nodes(tasks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for task in tasks:
        yield task
        inner = [*task.get("forkTasks", []), *task.get("decisionCases", {}).values(), task.get("defaultCase", []), task.get("loopOver", [])]
        for branch in inner:
            yield from nodes(branch)


def test_a_canary_plays_on_the_first_device_until_it_is_promoted(tmp_path: Path) -> None:
    workshop = release(tmp_path, "r1")
    deploy(workshop, "canary")
    assert playing(tmp_path) == ["r1", None, None, None]
    devices.promote(workshop)
    assert playing(tmp_path) == ["r1"] * 4


def test_blue_green_waits_beside_what_plays_and_swaps_with_it(tmp_path: Path) -> None:
    first, second = release(tmp_path, "r1"), release(tmp_path, "r2")
    deploy(first, "blue_green")
    assert (playing(tmp_path), playing(tmp_path, STANDBY)) == ([None] * 4, ["r1"] * 4)
    devices.promote(first)
    deploy(second, "blue_green")
    devices.promote(second)
    assert (playing(tmp_path), playing(tmp_path, STANDBY)) == (["r2"] * 4, ["r1"] * 4)


@pytest.mark.parametrize("strategy", ["canary", "blue_green"])
@pytest.mark.parametrize("promoted", [False, True])
def test_a_rollback_leaves_the_devices_as_they_were(tmp_path: Path, strategy: Strategy, *, promoted: bool) -> None:
    first, second = release(tmp_path, "r1"), release(tmp_path, "r2")
    deploy(first, "canary")
    devices.promote(first)
    deploy(second, strategy)
    if promoted:
        devices.promote(second)
    devices.roll_back(second)
    assert (playing(tmp_path), playing(tmp_path, STANDBY)) == (["r1"] * 4, [None] * 4)
    assert not list(tmp_path.glob("devices/*/ocean/releases/r2"))


def test_a_rollback_may_be_repeated_and_may_find_nothing_to_undo(tmp_path: Path) -> None:
    workshop = release(tmp_path, "r1")
    assert devices.roll_back(workshop) == {"undone": []}
    deploy(workshop, "canary")
    assert devices.roll_back(workshop) == {"undone": ["k1-01: current -> nothing"]}
    assert devices.roll_back(workshop) == {"undone": []}


def test_a_deployment_may_be_repeated(tmp_path: Path) -> None:
    first, second = release(tmp_path, "r1"), release(tmp_path, "r2")
    for workshop in (first, second, second):
        deploy(workshop, "canary")
    devices.roll_back(second)
    assert playing(tmp_path) == ["r1", None, None, None]


@pytest.mark.parametrize(("peak", "healthy"), [(3999.0, True), (4001.0, False)])
def test_a_device_is_healthy_while_its_supply_can_carry_the_pattern(tmp_path: Path, peak: float, *, healthy: bool) -> None:
    workshop = release(tmp_path, "r1", peak)
    deploy(workshop, "canary")
    answer = devices.health_check(workshop)
    assert answer["healthy"] is healthy
    assert ("draws 4001 mA" in str(answer["reason"])) is not healthy


def test_what_was_never_deployed_has_no_health(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="deployed nothing"):
        devices.health_check(release(tmp_path, "r1"))


def test_cleaning_up_removes_the_workspace_and_may_be_repeated(tmp_path: Path) -> None:
    workshop = release(tmp_path, "r1")
    assert building.clean_up(workshop) == {"removed": ["firmware.elf", "pattern.led", "player-2"]}
    assert building.clean_up(workshop) == {"removed": []}


def test_every_worker_task_of_the_definitions_has_a_worker_and_a_task_definition() -> None:
    simple = {task["name"] for definition in DEFINITIONS.values() for task in nodes(definition["tasks"]) if task["type"] == "SIMPLE"}
    chosen = {f"k1_deploy_{sample.strategy}" for sample in SAMPLES}
    assert simple | chosen <= OWN_WORKERS | {"k1_release_note"}
    assert simple | chosen | {"k1_deploy", "k1_notify"} == set(TASKS)


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_reference_names_are_unique_and_expressions_name_what_exists(name: str) -> None:
    definition = DEFINITIONS[name]
    names = [task["taskReferenceName"] for task in nodes(definition["tasks"])]
    assert len(names) == len(set(names))
    used = set(re.findall(r"\$\{([^.}]+)", json.dumps(definition)))
    assert used <= {*names, "workflow"}


def test_workers_take_what_the_definitions_give_them() -> None:
    given: dict[str, set[str]] = {}
    for definition in DEFINITIONS.values():
        for node in nodes(definition["tasks"]):
            given.setdefault(node["name"], set()).update(node.get("inputParameters", {}))
    for function, task in (
        (workers.validate, "k1_validate"),
        (workers.benchmark, "k1_benchmark"),
        (workers.render_preview, "k1_render_preview"),
    ):
        assert set(function.__annotations__) - {"return"} == given[task]
    assert set(workers.deploy_canary.__annotations__) - {"return"} == given["k1_deploy"] - {"deployTask"}


def test_the_pipeline_uses_what_it_promises() -> None:
    kinds = {task["type"] for task in nodes(DEFINITIONS["k1_pattern_compilation"]["tasks"])}
    assert {"DO_WHILE", "FORK_JOIN", "JOIN", "SUB_WORKFLOW", "SWITCH", "WAIT", "DYNAMIC", "HTTP", "SET_VARIABLE", "TERMINATE"} <= kinds
    assert DEFINITIONS["k1_pattern_compilation"]["failureWorkflow"] in DEFINITIONS


def test_a_worker_reports_mistakes_in_a_pattern_as_final_with_all_of_them_in_its_output() -> None:
    result: Any = workers.plainly(workers.validate)("pattern", 400)
    assert result.status == "FAILED_WITH_TERMINAL_ERROR"
    assert result.reason_for_incompletion.startswith("line 1, column 8: expected the pattern's name in quotes")
    assert result.output_data["mistakes"][0]["column"] == 8


def test_a_worker_reports_what_cannot_be_built_as_final_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workers.OUT_VARIABLE, str(tmp_path))
    with pytest.raises(NonRetryableException, match="player-1 is not in the workspace w"):
        workers.plainly(workers.benchmark)("w", 1)


def test_both_release_notes_say_the_same() -> None:
    facts = {"pattern": "ocean", "outcome": "released", "level": "-O2", "fps": 1234.5, "testsPassed": 49, "firmware": "cortex-m4"}
    note = release_note(Facts("ocean", "released", None, "-O2", 1234.5, 49, "cortex-m4"))
    assert note["text"] == "1234 frames per second with -O2. 49 tests passed. Firmware for cortex-m4."
    assert workers.write_note(Task(input_data=facts)) == note | {"writtenBy": "python"}
    script = (K1 / "js" / "note.mjs").read_text()
    assert all(ending in script for ending in ENDINGS.values())


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_the_javascript_note_is_word_for_word_the_python_one() -> None:
    facts = [
        Facts("ocean", "released", "", "-O2", 1235, 49, "cortex-m4"),
        Facts("flashbang", "rolled back", "too bright"),
        Facts("odd", "lost"),
    ]
    given = [
        {
            "pattern": f.pattern,
            "outcome": f.outcome,
            "reason": f.reason,
            "level": f.level,
            "fps": f.fps,
            "testsPassed": f.tests_passed,
            "firmware": f.firmware,
        }
        for f in facts
    ]
    program = f"import {{ releaseNote }} from './note.mjs'; console.log(JSON.stringify({json.dumps(given)}.map(releaseNote)))"
    done = subprocess.run(["node", "--input-type=module", "-e", program], cwd=K1 / "js", capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [release_note(each) for each in facts]


def test_notices_are_collected() -> None:
    with Notices() as notices:
        request = urllib.request.Request(notices.url, b'{"pattern": "ocean"}', {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 200
        assert notices.received == [{"pattern": "ocean"}]
    assert notices.take(b"[]") == notices.take(b"nonsense") == 400


def test_a_notice_may_come_in_chunks() -> None:
    assert read_body("chunked", None, BytesIO(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")) == b"abcde"
    assert read_body(None, "2", BytesIO(b"abc")) == b"ab"


def test_an_execution_is_told_by_its_steps() -> None:
    tasks: list[dict[str, Any]] = [
        {"taskId": "1", "referenceTaskName": "optimise", "taskType": "DO_WHILE", "status": "COMPLETED"},
        {
            "taskId": "2",
            "referenceTaskName": "compile__2",
            "taskType": "k1_compile",
            "status": "COMPLETED",
            "startTime": 1000,
            "endTime": 1500,
        },
        {"taskId": "3", "referenceTaskName": "notify", "taskType": "HTTP", "status": "FAILED", "reasonForIncompletion": "refused"},
    ]
    run = Run(
        SAMPLES[0],
        "w",
        {"status": "FAILED", "tasks": tasks, "startTime": 1, "endTime": 2001, "output": {"conductor.failure_workflow": "f"}},
    )
    assert [(each.name, each.seconds, each.good) for each in run.steps()] == [("compile", 0.5, True), ("notify", 0.0, False)]
    assert (run.outcome, run.seconds, run.failure_workflow) == ("failed", 2.0, "f")
    assert step(tasks[2]).reason == "refused"


def test_every_child_is_ended_with_the_block_also_after_an_error(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    with pytest.raises(KeyError), processes:  # noqa: PT012 - the error must come from inside the block
        processes.start("sleeper", [sys.executable, "-c", "import signal; signal.pause()"], tmp_path)
        raise KeyError
    assert [child.returncode is not None for _, child in processes.children] == [True]


def test_a_child_that_ends_early_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.start("brief", [sys.executable, "-c", "print('no such port'); raise SystemExit(3)"], tmp_path)
        child.wait(10)
        with pytest.raises(StartError, match=r"brief ended with code 3\n(.|\n)*no such port"):
            processes.wait_ready("brief", lambda: False, 5)


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    with Notices() as notices:
        taken = int(notices.server.server_address[1])
        assert free_port(taken) not in (0, taken)
