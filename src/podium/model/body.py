"""Bodies: what clients send and what they get back, where it is not a definition, a task or a workflow (spec/api.md §3)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Generic, TypeVar

import msgspec

from podium.model.definition import WorkflowDef
from podium.model.json import Json, JsonObject
from podium.model.tag import Tag
from podium.model.task import TaskLog

Int = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Long = Annotated[int, msgspec.Meta(ge=-(10**15), le=10**15)]  # room left to count seconds in milliseconds

Row = TypeVar("Row")


class IdempotencyStrategy(StrEnum):
    """What a second start with the same key does (spec/api.md §3.20)."""

    FAIL = "FAIL"
    RETURN_EXISTING = "RETURN_EXISTING"
    FAIL_ON_RUNNING = "FAIL_ON_RUNNING"


class ReportedStatus(StrEnum):
    """The statuses that a worker may report."""

    IN_PROGRESS = "IN_PROGRESS"
    FAILED = "FAILED"
    FAILED_WITH_TERMINAL_ERROR = "FAILED_WITH_TERMINAL_ERROR"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


class StartWorkflowRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which workflow to start, and with what (spec/api.md §3.9)."""

    name: str | None = None
    version: Int | None = None  # None: the latest
    correlation_id: str | None = None
    input: JsonObject | None = {}  # None: an explicit null, which only external_input_payload_storage_path excuses
    task_to_domain: dict[str, str] = {}
    workflow_def: WorkflowDef | None = None
    external_input_payload_storage_path: str | None = None
    priority: Int = 0
    created_by: str | None = None
    idempotency_key: str | None = None
    idempotency_strategy: IdempotencyStrategy | None = None


class TaskMock(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one attempt at a task comes to in a test run."""

    status: ReportedStatus = ReportedStatus.COMPLETED
    output: JsonObject = {}
    execution_time: Long = 0  # ms
    queue_wait_time: Long = 0  # ms


class WorkflowTestRequest(StartWorkflowRequest, frozen=True, kw_only=True, rename="camel"):
    """A start request, and what every task is to come to (spec/api.md §3.10)."""

    task_ref_to_mock_output: dict[str, list[TaskMock]] = {}
    sub_workflow_test_request: dict[str, WorkflowTestRequest] = {}


class TaskResult(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A worker's report (spec/api.md §3.6)."""

    workflow_instance_id: str | None = None
    task_id: str | None = None
    status: ReportedStatus | None = None
    output_data: JsonObject = {}
    reason_for_incompletion: str | None = None
    callback_after_seconds: Long = 0
    worker_id: str | None = None
    logs: list[TaskLog] = []
    external_output_payload_storage_path: str | None = None
    sub_workflow_id: str | None = None
    extend_lease: bool = False
    supports_cancellation: bool = False
    execution_metadata: JsonObject | None = None


class WorkflowStateUpdate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A report on one task and new variables, at once."""

    task_reference_name: str | None = None
    task_result: TaskResult | None = None
    variables: JsonObject = {}


class RerunWorkflowRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """From where an ended run is to run again, and with what; None keeps what there is."""

    re_run_from_workflow_id: str | None = None
    workflow_input: JsonObject | None = None
    re_run_from_task_id: str | None = None
    task_input: JsonObject | None = None
    correlation_id: str | None = None


class SkipTaskRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a skipped task is said to have had and given."""

    task_input: JsonObject | None = None
    task_output: JsonObject | None = None


class UpgradeWorkflowRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """To which version a run moves."""

    name: str | None = None
    version: Int | None = None  # None: the latest
    task_output: dict[str, JsonObject] = {}  # by reference name
    workflow_input: JsonObject | None = None


class CorrelationIdsSearchRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which runs to look for by correlation id."""

    correlation_ids: list[str] = []
    workflow_names: list[str] = []


class BulkResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of each of many."""

    bulk_error_results: dict[str, str] = {}  # id -> why not
    bulk_successful_results: list[str] = []


class ExternalStorageLocation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a large payload goes to or comes from."""

    path: str
    uri: str | None = None


class WorkflowDefSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A version of a definition, by name."""

    name: str
    version: int = 1
    create_time: int | None = None  # epoch ms
    update_time: int | None = None  # epoch ms


class SchemaSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A version of a schema, without the schema."""

    name: str
    version: int
    create_time: int  # epoch ms
    update_time: int  # epoch ms; 0: never


class EnvironmentVariable(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A value that workflows read as `${workflow.env.NAME}`."""

    name: str
    value: str
    tags: list[Tag] | None = None


class ExtendedSecret(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A secret without its value."""

    name: str
    tags: list[Tag] = []


class CredentialMeta(msgspec.Struct, frozen=True, kw_only=True):
    """A secret with the ends of its value; times are ISO text, absent for one that stands in the environment of the server."""

    name: str
    partial: str
    created_at: str | None = None
    updated_at: str | None = None


class Health(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether one part of the server is well."""

    healthy: bool
    details: JsonObject = {}
    error_message: str | None = None


class HealthCheckStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether the server is well."""

    healthy: bool
    health_results: list[Health] = []
    suppressed_health_results: list[Health] = []


class SearchResult(msgspec.Struct, Generic[Row], frozen=True, kw_only=True, rename="camel"):
    """A page of what was looked for."""

    total_hits: int
    results: list[Row]


class ValidationError(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One thing wrong with a request."""

    path: str
    message: str
    invalid_value: Json = None


class ErrorResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why a request was not granted (spec/api.md §1.5)."""

    status: int  # the HTTP status again: clients read it here
    message: str
    retryable: bool = False
    code: str | None = None
    instance: str | None = None
    validation_errors: list[ValidationError] | None = None
    metadata: JsonObject | None = None
