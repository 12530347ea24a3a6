"""Every example in the manual does what its page says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.pages import MANUAL, fences, name_of
from tests.docs.performance import Stage, json_problems, matches

RUN = frozenset({"console", "python"})
LANGUAGES = frozenset({"console", "python", "json", "js", "text", "toml"})
PERFORMED = [page for page in MANUAL if any(fence.language in RUN for fence in fences(page))]
READ = [page for page in MANUAL if page not in PERFORMED]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples use curl")
@pytest.mark.parametrize("page", PERFORMED, ids=name_of)
def test_every_example_of_a_page_works(page: Path, server: str, tmp_path: Path) -> None:
    folder = tmp_path / "examples"
    folder.mkdir()
    Stage(page, folder, server).perform()


@pytest.mark.parametrize("page", READ, ids=name_of)
def test_every_definition_of_a_page_is_valid(page: Path) -> None:
    for fence in fences(page):
        if fence.language == "json":
            assert not json_problems(fence.text), f"{name_of(page)}:{fence.line}"


@pytest.mark.parametrize("page", MANUAL, ids=name_of)
def test_every_fence_says_what_it_holds(page: Path) -> None:
    strangers = [(fence.line, fence.language) for fence in fences(page) if fence.language not in LANGUAGES]
    assert not strangers, "a fence that must not run is a text"


def test_three_dots_stand_for_anything() -> None:
    assert matches('{"id":"...","n":1}', '{"id":"7f3c","n":1}\n')
    assert not matches('{"id":"...","n":1}', '{"id":"7f3c","n":2}')
