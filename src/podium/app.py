"""App: builds a server out of its parts, top to bottom."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from podium.api.view import execution_json, shown_json
from podium.clock import Clock, SystemClock
from podium.errors import Invalid
from podium.runtime.aftermath import Aftermath
from podium.runtime.agenda import Agenda
from podium.runtime.announcements import Announcements
from podium.runtime.bell import Bell
from podium.runtime.cache import Cache
from podium.runtime.committer import CommitLimits, Committer
from podium.runtime.deliveries import Deliveries
from podium.runtime.events import Events
from podium.runtime.executor import Executor, Parts
from podium.runtime.key_source import GivenKeys, KeyFile, KeySource
from podium.runtime.keyring import new_key
from podium.runtime.limits import Limits
from podium.runtime.neighbours import Neighbours
from podium.runtime.oracle import Oracle
from podium.runtime.outbox import Outbox
from podium.runtime.outgoing import Outgoing
from podium.runtime.platform import Loops, Platform
from podium.runtime.polls import Polls
from podium.runtime.queue import TaskQueue
from podium.runtime.registry import Registry
from podium.runtime.retention import Policy, Retention
from podium.runtime.sandbox import Sandbox
from podium.runtime.scheduler import Scheduler
from podium.runtime.schedules import Schedules
from podium.runtime.secrets import Secrets
from podium.runtime.slots import Slots
from podium.runtime.strays import Strays
from podium.runtime.supervisor import Supervisor
from podium.runtime.sweeper import Sweeper
from podium.runtime.system.business_rule import BusinessRuleTask
from podium.runtime.system.finished import SystemTask
from podium.runtime.system.get_signed_jwt import GetSignedJwtTask
from podium.runtime.system.get_workflow import GetWorkflowTask
from podium.runtime.system.http import HttpLimits, HttpTask
from podium.runtime.system.http_poll import HttpPollTask
from podium.runtime.system.jdbc import JdbcTask, open_databases
from podium.runtime.system.kafka_publish import KafkaPublishTask
from podium.runtime.system.sql_database import SqlLimits
from podium.runtime.system.terminate_workflow import TerminateWorkflowTask
from podium.runtime.system.update_secret import UpdateSecretTask
from podium.runtime.system.update_task import UpdateTaskTask
from podium.runtime.system_tasks import SystemTasks, SystemWorker
from podium.runtime.timers import Timers
from podium.runtime.vault import Vault
from podium.runtime.watchers import Watchers
from podium.settings import Settings, secrets_in
from podium.store.connection import database_path
from podium.store.sqlite import SqliteStore
from podium.store.store import Store

MEGABYTE = 1_000_000
POSTGRES_SCHEMES = ("postgresql://", "postgres://")


# bounds: the one place that knows all parts, read from top to bottom
def build(settings: Settings, environment: Mapping[str, str], clock: Clock | None = None, store: Store | None = None) -> Platform:
    """A platform that is not started yet. To be called inside of an event loop.

    `environment`: the variables of the process, for secrets and for what the settings expose to definitions.
    """
    clock = clock or SystemClock()
    store = store or _store(settings)
    timers = Timers(clock)
    bell = Bell()
    polls = Polls(clock)
    strays = Strays()
    exposed = {name: environment[name] for name in settings.exposed_variables if name in environment}
    vault = Vault(store, clock, _keys(settings), secrets_in(environment))
    registry = Registry(store, clock, polls, exposed, vault)
    limits = Limits(store, clock, timers, bell, registry.limited)
    queue = TaskQueue(clock, timers, bell, polls, strays, limits)
    cache = Cache(settings.run_cache_mb * MEGABYTE)
    agenda = Agenda()
    outgoing = Outgoing()
    watchers = Watchers(timers)
    announcements = Announcements()
    aftermath = Aftermath(
        cache=cache,
        queue=queue,
        agenda=agenda,
        outgoing=outgoing,
        limits=limits,
        watchers=watchers,
        announcements=announcements,
    )
    largest = CommitLimits(decisions=settings.commit_decisions, bytes=settings.commit_mb * MEGABYTE)
    committer = Committer(store, clock, bell, queue, aftermath, largest)
    sandbox = Sandbox(settings.script_limit_ms, settings.script_memory_mb * MEGABYTE, settings.script_processes)
    oracle = Oracle(sandbox, store)
    secrets = Secrets(
        secret=vault.value, environment=registry.environment, strict=settings.missing_secrets == "fail", none=lambda: vault.empty
    )
    parts = Parts(
        store=store,
        clock=clock,
        registry=registry,
        cache=cache,
        committer=committer,
        aftermath=aftermath,
        oracle=oracle,
        secrets=secrets,
    )
    executor = Executor(parts, settings.waiting_commands)
    events = Events(registry, executor, sandbox, clock)
    instants = Agenda()  # when the next schedule is due
    supervisor = Supervisor(clock)
    types = _system_tasks(settings, store, clock, executor, sandbox, vault)
    concurrency = settings.http_concurrency
    workers = {name: SystemWorker(task, concurrency, clock, queue, executor, secrets) for name, task in types.items()}
    loops = Loops(
        timers=timers,
        limits=limits,
        committer=committer,
        strays=strays,
        announcements=announcements,
        sweeper=Sweeper(store, clock, executor, agenda),
        outbox=Outbox(store, clock, outgoing, Deliveries(executor, events, Slots(store, executor), outgoing, execution_json)),
        scheduler=Scheduler(store, clock, executor, instants),
        retention=Retention(store, clock, registry, executor, _policy(settings)),
        system_tasks=SystemTasks(workers, queue, supervisor),
        neighbours=Neighbours(store, clock, queue, registry),
    )
    return Platform(
        settings=settings,
        clock=clock,
        store=store,
        registry=registry,
        queue=queue,
        executor=executor,
        events=events,
        schedules=Schedules(store, clock, instants),
        secrets=secrets,
        vault=vault,
        polls=polls,
        watchers=watchers,
        supervisor=supervisor,
        loops=loops,
        sandbox=sandbox,
    )


def _system_tasks(
    settings: Settings, store: Store, clock: Clock, executor: Executor, sandbox: Sandbox, vault: Vault
) -> dict[str, SystemTask]:
    """What the server runs as its own worker, by type."""
    http = _http_task(settings)
    sql = SqlLimits(seconds=settings.sql_seconds, rows=settings.sql_rows, bytes=settings.payload_max_kb * 1024)
    return {
        "HTTP": http,
        "BUSINESS_RULE": BusinessRuleTask(http, sandbox, clock),
        "JDBC": JdbcTask(open_databases(settings.sql_databases, sql)),
        "HTTP_POLL": HttpPollTask(http, sandbox, settings.http_poll_least_seconds),
        "KAFKA_PUBLISH": KafkaPublishTask(),
        "GET_WORKFLOW": GetWorkflowTask(executor, shown_json, settings.payload_max_kb * 1024),
        "TERMINATE_WORKFLOW": TerminateWorkflowTask(executor),
        "UPDATE_TASK": UpdateTaskTask(executor, store),
        "UPDATE_SECRET": UpdateSecretTask(vault, executor),
        "GET_SIGNED_JWT": GetSignedJwtTask(clock),
    }


def _store(settings: Settings) -> Store:
    """The database that the settings name. What speaks to PostgreSQL is an extra, imported when it is asked for."""
    if not settings.database.startswith(POSTGRES_SCHEMES):
        return SqliteStore(settings.database)
    try:
        from podium.store.postgres import PostgresStore
    except ModuleNotFoundError as missing:
        raise Invalid(f'PostgreSQL needs more packages: pip install "podium[postgres]" ({missing}).') from missing
    return PostgresStore(settings.database, connections=settings.database_connections, prepared=settings.database_prepared)


def _keys(settings: Settings) -> KeySource:
    """Where the keys for secrets are: set by the operator, or in a file."""
    if settings.secret_key:
        return GivenKeys(settings.secret_key)
    if settings.secret_key_file:
        return KeyFile(Path(settings.secret_key_file))
    if settings.database.startswith(POSTGRES_SCHEMES):
        return GivenKeys([])
    path = database_path(settings.database)
    return KeyFile(Path(path + ".key")) if path else GivenKeys([new_key().text])  # as short-lived as the database


def _policy(settings: Settings) -> Policy:
    """How long what has ended is kept."""
    return Policy(settings.retention_completed_days, settings.retention_failed_days, settings.retention_minutes)


def _http_task(settings: Settings) -> HttpTask:
    """The HTTP task; its client, which reads certificates, is made at the first call."""
    from podium.runtime.system.http_client import ClientOptions, create_client

    options = ClientOptions(reach=settings.http_addresses, proxy=settings.http_proxy, connections=settings.http_concurrency)
    limits = HttpLimits(response_bytes=settings.http_response_mb * MEGABYTE, redirects=settings.http_redirects)
    return HttpTask(partial(create_client, options), limits)
