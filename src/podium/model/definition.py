"""Definitions: what was registered, as it stands on the wire (spec/api.md §3.0-3.3)."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from podium.model.json import Json, JsonObject

UNLIMITED = 0


class TimeoutPolicy(StrEnum):
    """What a missed deadline of a task or workflow does."""

    RETRY = "RETRY"
    TIME_OUT_WF = "TIME_OUT_WF"
    ALERT_ONLY = "ALERT_ONLY"


class WorkflowTimeoutPolicy(StrEnum):
    """What the missed deadline of a workflow does."""

    TIME_OUT_WF = "TIME_OUT_WF"
    ALERT_ONLY = "ALERT_ONLY"


class RetryLogic(StrEnum):
    """How the delay before a retry grows (spec/engine.md §4.2)."""

    FIXED = "FIXED"
    EXPONENTIAL_BACKOFF = "EXPONENTIAL_BACKOFF"
    LINEAR_BACKOFF = "LINEAR_BACKOFF"


class JoinMode(StrEnum):
    """How the real server evaluates a JOIN; here both are evaluated in the decision."""

    SYNC = "SYNC"
    ASYNC = "ASYNC"


class RateLimitPolicy(StrEnum):
    """What happens to a workflow over its limit."""

    QUEUE = "QUEUE"
    REJECT = "REJECT"


class SchemaType(StrEnum):
    """Languages of schemas."""

    JSON = "JSON"
    AVRO = "AVRO"
    PROTOBUF = "PROTOBUF"


class RateLimitConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many workflows with one key may run at once."""

    rate_limit_key: str | None = None
    concurrent_exec_limit: int = 0
    policy: RateLimitPolicy = RateLimitPolicy.QUEUE


class CacheConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """For how long a task's output is reused for the same key."""

    key: str | None = None
    ttl_in_second: int = 0


class SchemaDef(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A schema, or a reference to one by name and version."""

    owner_app: str | None = None
    create_time: int = 0
    update_time: int = 0
    created_by: str | None = None
    updated_by: str | None = None
    name: str | None = None
    version: int | None = None  # of a reference: the latest when it is not given
    type: SchemaType | None = None
    data: JsonObject | None = None
    external_ref: str | None = None


class StateChangeEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What to publish when a task enters a state."""

    type: str | None = None
    payload: JsonObject | None = None


class TaskDef(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The policy of a kind of task: retries, timeouts, limits."""

    owner_app: str | None = None
    create_time: int = 0
    update_time: int = 0
    created_by: str | None = None
    updated_by: str | None = None
    name: str = ""
    description: str | None = None
    retry_count: int = 3
    timeout_seconds: int = 0
    input_keys: list[str] = []
    output_keys: list[str] = []
    runtime_metadata: list[str] = []
    timeout_policy: TimeoutPolicy = TimeoutPolicy.TIME_OUT_WF
    retry_logic: RetryLogic = RetryLogic.FIXED
    retry_delay_seconds: int = 60
    response_timeout_seconds: int = 3600
    concurrent_exec_limit: int | None = None
    input_template: JsonObject = {}
    rate_limit_per_frequency: int = 0
    rate_limit_frequency_in_seconds: int = 1
    isolation_group_id: str | None = None
    execution_name_space: str | None = None
    owner_email: str | None = None
    poll_timeout_seconds: int | None = None
    backoff_scale_factor: int = 1
    max_retry_delay_seconds: int = 0
    backoff_jitter_ms: int = 0
    total_timeout_seconds: int = 0
    base_type: str | None = None
    task_status_listener_enabled: bool = True
    input_schema: SchemaDef | None = None
    output_schema: SchemaDef | None = None
    enforce_schema: bool = False
    cache_config: CacheConfig | None = None


class SubWorkflowParams(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which workflow a SUB_WORKFLOW task starts, and how."""

    name: str | None = None
    version: Json = None
    task_to_domain: Json = None
    workflow_definition: WorkflowDef | str | None = None
    idempotency_key: str | None = None
    idempotency_strategy: str | None = None
    priority: Json = None


class WorkflowTask(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A node: one entry in a definition's tree of tasks."""

    name: str | None = None
    task_reference_name: str = ""
    description: str | None = None
    input_parameters: JsonObject = {}
    type: str = "SIMPLE"
    dynamic_task_name_param: str | None = None
    case_value_param: str | None = None
    case_expression: str | None = None
    script_expression: str | None = None
    decision_cases: dict[str, list[WorkflowTask]] = {}
    dynamic_fork_join_tasks_param: str | None = None
    dynamic_fork_tasks_param: str | None = None
    dynamic_fork_tasks_input_param_name: str | None = None
    default_case: list[WorkflowTask] = []
    fork_tasks: list[list[WorkflowTask]] = []
    start_delay: int = 0
    sub_workflow_param: SubWorkflowParams | None = None
    join_on: list[str] = []
    join_status: str | None = None
    join_mode: JoinMode | None = None
    sink: str | None = None
    optional: bool = False
    permissive: bool = False
    task_definition: TaskDef | None = None
    rate_limited: bool | None = None
    default_exclusive_join_task: list[str] = []
    async_complete: bool = False
    loop_condition: str | None = None
    loop_over: list[WorkflowTask] = []
    items: str | None = None
    retry_count: int | None = None
    evaluator_type: str | None = None
    expression: str | None = None
    on_state_change: dict[str, list[StateChangeEvent]] = {}
    cache_config: CacheConfig | None = None
    metadata: JsonObject = {}


class WorkflowDef(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A workflow definition: the graph of tasks and the workflow's policies."""

    owner_app: str | None = None
    create_time: int = 0
    update_time: int = 0
    created_by: str | None = None
    updated_by: str | None = None
    name: str = ""
    description: str | None = None
    version: int = 1
    tasks: list[WorkflowTask] = []
    input_parameters: list[str] = []
    output_parameters: JsonObject = {}
    failure_workflow: str | None = None
    failure_workflow_version: int | None = None
    schema_version: int = 2
    restartable: bool = True
    workflow_status_listener_enabled: bool = False
    workflow_status_listener_sink: str | None = None
    owner_email: str | None = None
    timeout_policy: WorkflowTimeoutPolicy = WorkflowTimeoutPolicy.ALERT_ONLY
    timeout_seconds: int = 0
    variables: JsonObject = {}
    input_template: JsonObject = {}
    input_schema: SchemaDef | None = None
    output_schema: SchemaDef | None = None
    enforce_schema: bool = True
    metadata: JsonObject = {}
    rate_limit_config: RateLimitConfig | None = None
    cache_config: CacheConfig | None = None
    masked_fields: list[str] = []
