"""Settings: a file, the environment and flags, in this order, and every mistake at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from podium.cli.server import parser
from podium.errors import Invalid
from podium.settings import Settings, load_settings, table


def test_defaults() -> None:
    assert load_settings({}, {}) == Settings()


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "podium.toml"
    file.write_text('port = 1\nhost = "file"\nrun-cache-mb = 7\n')
    settings = load_settings({"port": "3"}, {"PODIUM_PORT": "2", "PODIUM_HOST": "environment", "HOME": "/"}, file)
    assert (settings.port, settings.host, settings.run_cache_mb) == (3, "environment", 7)


def test_lists_are_written_with_commas() -> None:
    assert load_settings({}, {"PODIUM_EXPOSED_VARIABLES": "A, B"}).exposed_variables == ("A", "B")


def test_all_mistakes_are_told_together_and_the_nearest_name_with_an_unknown_one() -> None:
    with pytest.raises(Invalid) as mistakes:
        load_settings({"prot": "1", "port": "70000"}, {"PODIUM_LOG_FORMAT": "xml", "PODIUM_RUN_CACHE_MB": "many"})
    told = {problem.path: problem.message for problem in mistakes.value.problems}
    assert set(told) == {"--prot", "--port", "PODIUM_LOG_FORMAT", "PODIUM_RUN_CACHE_MB"}
    assert told["--prot"] == "there is no such setting; did you mean port?"


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as mistakes:
        load_settings({}, {"PODIUM_CONFIG": str(tmp_path / "none.toml")})
    assert len(mistakes.value.problems) == 1


def test_secrets_are_no_settings() -> None:
    assert load_settings({}, {"PODIUM_SECRET_TOKEN": "s"}) == Settings()


def test_passwords_are_not_shown() -> None:
    assert Settings(http_proxy="http://user:word@proxy:1").shown()["http-proxy"] == "http://***@proxy:1"


def test_every_setting_has_a_help_and_a_flag() -> None:
    flags = parser().format_help()
    for row in table():
        assert row.help.endswith(".")
        assert "--" + row.name.replace("_", "-") in flags


def test_help_loads_no_server() -> None:
    program = "import sys; from podium.cli.main import main; main(['--help']); print(sorted(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "server" in shown
    assert not any(f"'{name}'" in shown for name in ("uvicorn", "typer", "rich", "starlette", "podium.api", "asyncio", "msgspec"))
