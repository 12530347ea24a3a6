"""Settings: everything an operator can choose, in one table, read from a file, the environment and flags."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from podium.errors import Invalid, Problem

PREFIX = "PODIUM_"
CONFIG_VARIABLE = "PODIUM_CONFIG"
SECRET_PREFIX = "PODIUM_SECRET_"  # noqa: S105 - not a secret: the beginning of the names of variables that hold some
# Variables with our prefix that are not settings of the server: read by the client side.
OTHER_VARIABLES = frozenset(
    {
        CONFIG_VARIABLE,
        "PODIUM_SERVER_URL",
        "PODIUM_KEY_ID",
        "PODIUM_KEY_SECRET",
        "PODIUM_TOKEN",
        "PODIUM_LISTEN_FD",
        "PODIUM_READY_FD",
        "PODIUM_LIFE_FD",
    }
)
_PASSWORD = re.compile(r"//[^/@]*@")


class About(NamedTuple):
    """What the manual says of a setting."""

    help: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. In the file and as a flag `run-cache-mb`, in the environment `PODIUM_RUN_CACHE_MB`."""

    host: Annotated[str, About("Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, About("Port to listen on; 0 takes a free one."), Meta(ge=0, le=65_535)] = 8080
    database: Annotated[str, About("Where everything is kept: sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME.")] = (
        "sqlite:///podium.db"
    )
    database_connections: Annotated[int, About("Most connections to PostgreSQL, of each server; two of them write."), Meta(ge=3)] = 10
    database_prepared: Annotated[
        bool, About("Keep statements prepared in PostgreSQL; false behind a pooler that hands connections on between transactions.")
    ] = True
    workers: Annotated[int, About("Server processes on this port; more than one needs PostgreSQL."), Meta(ge=1, le=256)] = 1
    log_level: Annotated[Literal["debug", "info", "warning", "error"], About("The least serious events to log.")] = "info"
    log_format: Annotated[Literal["text", "json"], About("How log lines look.")] = "text"
    drain_seconds: Annotated[int, About("How long a stopping server waits for requests in hand.", "s"), Meta(ge=0)] = 30
    run_cache_mb: Annotated[int, About("Memory for running workflows.", "MB"), Meta(ge=1)] = 64
    commit_decisions: Annotated[int, About("Most decisions in one commit."), Meta(ge=1)] = 500
    commit_mb: Annotated[int, About("Most data in one commit, roughly.", "MB"), Meta(ge=1)] = 16
    waiting_commands: Annotated[int, About("Commands that may wait; beyond that requests are answered 503."), Meta(ge=1)] = 10_000
    payload_max_kb: Annotated[int, About("Largest input or output in a request; a body may be twice that.", "KB"), Meta(ge=1)] = 10_240
    workflow_messages: Annotated[int, About("Messages that may wait for one workflow; beyond that 429."), Meta(ge=1)] = 1_000
    retention_completed_days: Annotated[
        int, About("How long completed workflows are kept, unless their definition says otherwise; 0: for ever.", "days"), Meta(ge=0)
    ] = 0
    retention_failed_days: Annotated[
        int, About("The same for workflows that failed, timed out or were terminated; 0: for ever.", "days"), Meta(ge=0)
    ] = 0
    retention_minutes: Annotated[int, About("How often the server looks for workflows to remove; 0: never.", "min"), Meta(ge=0)] = 60
    script_limit_ms: Annotated[int, About("How long a script may run.", "ms"), Meta(ge=1)] = 4_000
    script_memory_mb: Annotated[int, About("Memory that a script may use.", "MB"), Meta(ge=1)] = 64
    script_processes: Annotated[int, About("Long scripts that may run at the same time."), Meta(ge=1)] = 2
    http_concurrency: Annotated[int, About("HTTP tasks that may run at the same time."), Meta(ge=1)] = 64
    http_response_mb: Annotated[int, About("Largest answer that an HTTP task takes.", "MB"), Meta(ge=1)] = 10
    http_redirects: Annotated[int, About("Redirects that an HTTP task follows."), Meta(ge=0)] = 20
    http_addresses: Annotated[
        Literal["any", "network", "public"],
        About(
            "Where HTTP tasks may connect to, checked after name resolution and at every redirect. network: everywhere but link-local"
            " addresses, where clouds keep their credentials; loopback and private networks are allowed. public: neither of these."
        ),
    ] = "network"
    http_proxy: Annotated[str, About("Proxy for HTTP tasks, http://HOST:PORT; empty: none. Addresses are then the proxy's concern.")] = ""
    http_poll_least_seconds: Annotated[int, About("Shortest pause between two calls of an HTTP_POLL task.", "s"), Meta(ge=1)] = 60
    sql_databases: Annotated[
        tuple[str, ...],
        About("Databases for JDBC tasks, NAME=URL: sqlite:///FILE, postgresql://…, mysql://…; with ?readonly=true no task can change it."),
    ] = ()
    sql_seconds: Annotated[int, About("How long a statement of a JDBC task may take.", "s"), Meta(ge=1)] = 30
    sql_rows: Annotated[int, About("Most rows that a JDBC task may read."), Meta(ge=1)] = 10_000
    secret_key: Annotated[
        tuple[str, ...],
        About(
            "Keys for secrets, comma-separated: the first encrypts, all decrypt. For several servers; better as a variable than as a flag."
            " Empty: those in the file."
        ),
    ] = ()
    secret_key_file: Annotated[
        str, About("File with the keys for secrets, made at the first start. Empty: beside the SQLite database, as FILE.key.")
    ] = ""
    missing_secrets: Annotated[
        Literal["fail", "empty"],
        About("What becomes of a task whose secret is not there: it fails, or it gets null, inside of a text nothing."),
    ] = "fail"
    exposed_variables: Annotated[
        tuple[str, ...], About("Environment variables of the server that definitions may read as ${NAME}, comma-separated.")
    ] = ()

    def shown(self) -> dict[str, str]:
        """Names and values as text, for people; without passwords."""
        values = {field.name.replace("_", "-"): getattr(self, field.name) for field in fields(self)}
        values["secret-key"] = tuple("***" for _ in self.secret_key)
        shown = {name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in values.items()}
        return {name: _PASSWORD.sub("//***@", value) for name, value in shown.items()}


class Row(NamedTuple):
    """A setting, for the manual and for flags."""

    name: str
    type: str
    default: object
    unit: str
    help: str


def table() -> list[Row]:
    """All settings in order, as the manual shows them."""
    rows = []
    for field in fields(Settings):
        kind, about, *_ = get_args(_HINTS[field.name])
        rows.append(Row(field.name, _type_name(kind), field.default, about.unit, about.help))
    return rows


def load_settings(flags: Mapping[str, str], environment: Mapping[str, str], file: Path | None = None) -> Settings:
    """The settings: defaults ← file (TOML) ← environment ← flags. Raises Invalid with every mistake there is."""
    problems: list[Problem] = []
    file = file or (Path(environment[CONFIG_VARIABLE]) if environment.get(CONFIG_VARIABLE) else None)
    given: dict[str, tuple[str, object]] = {}  # name -> (where it was said, value)
    for key, value in _read_file(file, problems).items():
        given[key.replace("-", "_")] = (f"{file}: {key}", value)
    for key, text in environment.items():
        if key.startswith(PREFIX) and key not in OTHER_VARIABLES and not _holds_secret(key):
            given[key.removeprefix(PREFIX).lower()] = (key, text)
    for key, text in flags.items():
        given[key.replace("-", "_")] = (f"--{key.replace('_', '-')}", text)
    values: dict[str, Any] = {}
    for name, (place, value) in given.items():
        if name not in _HINTS:
            problems.append(Problem(place, f"there is no such setting{_nearest(name)}"))
            continue
        try:
            values[name] = _convert(value, _HINTS[name])
        except msgspec.ValidationError as error:
            problems.append(Problem(place, str(error)))
    if problems:
        raise Invalid("The settings are not valid.", problems)
    return Settings(**values)


def secrets_in(environment: Mapping[str, str]) -> dict[str, str]:
    """The secrets that stand in variables of the process, by name."""
    return {key.removeprefix(SECRET_PREFIX): text for key, text in environment.items() if _holds_secret(key)}


def _holds_secret(variable: str) -> bool:
    """The variable is a secret of workflows, and none of our settings that begin alike."""
    return variable.startswith(SECRET_PREFIX) and variable.removeprefix(PREFIX).lower() not in _HINTS


def _read_file(file: Path | None, problems: list[Problem]) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(Problem(str(file), str(error)))
        return {}


def _convert(value: object, hint: Any) -> object:
    if get_origin(get_args(hint)[0]) is tuple and isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    return msgspec.convert(value, hint, strict=not isinstance(value, str))


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, _HINTS, n=1)
    return f"; did you mean {near[0].replace('_', '-')}?" if near else ""


def _type_name(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " | ".join(get_args(kind))
    if get_origin(kind) is tuple:
        return "list"
    name: str = kind.__name__
    return name


_HINTS = get_type_hints(Settings, include_extras=True)
assert all(field.default is not MISSING for field in fields(Settings))
