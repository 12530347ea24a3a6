"""The reference names what there is, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from podium.cli.main import COMMANDS
from podium.engine.operators import OPERATORS
from podium.engine.tasks import TASK_TYPES
from podium.errors import PodiumError
from podium.model.status import TaskStatus, WorkflowStatus
from tests.docs.generated import GENERATED, renewed
from tests.docs.pages import DECISIONS, MANUAL, ROOT, anchors, links, name_of, prose

REFERENCE = ROOT / "docs" / "reference"
WORKPLACE = re.compile(r"(?<![\w:./])/(?:work|tmp|root|home)/|golden/|spec/\w+\.md")
LINKED = (*MANUAL, *sorted(DECISIONS.glob("*.md")))


@pytest.mark.parametrize("page", GENERATED, ids=name_of)
def test_a_generated_table_is_that_of_the_code(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == renewed(page), "run `python -m tests.docs.generated`"


def test_every_task_type_is_in_the_reference() -> None:
    page = REFERENCE / "task-types.md"
    in_table = set(re.findall(r"^\| `([A-Z_]+)`", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert in_table == TASK_TYPES.keys() | OPERATORS.keys()


def test_every_status_is_in_the_reference() -> None:
    text = (REFERENCE / "statuses.md").read_text(encoding="utf-8")
    in_tables = set(re.findall(r"^\| `([A-Z_]+)`", text, re.MULTILINE))
    assert in_tables == {status.value for status in (*WorkflowStatus, *TaskStatus)}


def test_every_command_is_in_the_reference() -> None:
    text = (REFERENCE / "command-line.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^## `podium (\w+)", text, re.MULTILINE)) == COMMANDS.keys()


def test_every_http_status_of_an_error_is_in_the_reference() -> None:
    from podium.api.errors import STATUS

    text = (REFERENCE / "errors.md").read_text(encoding="utf-8")
    in_table = {int(status) for status in re.findall(r"^\| (\d{3})", text, re.MULTILINE)}
    assert in_table == set(STATUS.values())
    assert all(issubclass(kind, PodiumError) for kind in STATUS)


@pytest.mark.parametrize("page", LINKED, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        target, _, place = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.is_relative_to(ROOT), f"{link} leads out of the project"
        assert path.exists(), f"{link} leads nowhere"
        if place:
            assert place in anchors(path), f"{link}: there is no such heading"


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, pending = set[Path](), [ROOT / "README.md"]
    while pending:
        page = pending.pop()
        if page.suffix == ".md" and page not in reached:
            reached.add(page)
            pending += [(page.parent / link.partition("#")[0]).resolve() for link in links(page) if link.partition("#")[0]]
    assert set(MANUAL) <= reached


@pytest.mark.parametrize("page", LINKED, ids=name_of)
def test_no_page_names_a_path_of_a_workplace(page: Path) -> None:
    assert not WORKPLACE.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", [page for page in MANUAL if "explanation" in page.parts], ids=name_of)
def test_a_file_of_the_code_that_is_named_exists(page: Path) -> None:
    for named in re.findall(r"`(src/podium/[\w/.]+)`", prose(page)):
        assert (ROOT / named).exists(), f"{named} does not exist"
