"""Task types: one file per type; this table is the list of what there is."""

from __future__ import annotations

from podium.engine.tasks.decision import DECISION
from podium.engine.tasks.do_while import DO_WHILE
from podium.engine.tasks.dynamic import DYNAMIC
from podium.engine.tasks.event import EVENT
from podium.engine.tasks.exclusive_join import EXCLUSIVE_JOIN
from podium.engine.tasks.fork_join import FORK_JOIN
from podium.engine.tasks.fork_join_dynamic import FORK_JOIN_DYNAMIC
from podium.engine.tasks.http import HTTP
from podium.engine.tasks.human import HUMAN
from podium.engine.tasks.inline import INLINE
from podium.engine.tasks.join import JOIN
from podium.engine.tasks.json_jq_transform import JSON_JQ_TRANSFORM
from podium.engine.tasks.lambda_ import LAMBDA
from podium.engine.tasks.noop import NOOP
from podium.engine.tasks.pull_workflow_messages import PULL_WORKFLOW_MESSAGES
from podium.engine.tasks.server_task import SERVER_TASK
from podium.engine.tasks.set_variable import SET_VARIABLE
from podium.engine.tasks.simple import SIMPLE, USER_DEFINED
from podium.engine.tasks.start_workflow import START_WORKFLOW
from podium.engine.tasks.sub_workflow import SUB_WORKFLOW
from podium.engine.tasks.switch import SWITCH
from podium.engine.tasks.terminate import TERMINATE
from podium.engine.tasks.wait import WAIT
from podium.engine.tasks.wait_for_webhook import WAIT_FOR_WEBHOOK
from podium.engine.turn import TaskType

TASK_TYPES: dict[str, TaskType] = {
    "BUSINESS_RULE": SERVER_TASK,
    "DECISION": DECISION,
    "DO_WHILE": DO_WHILE,
    "DYNAMIC": DYNAMIC,
    "EVENT": EVENT,
    "EXCLUSIVE_JOIN": EXCLUSIVE_JOIN,
    "FORK": FORK_JOIN,
    "FORK_JOIN": FORK_JOIN,
    "FORK_JOIN_DYNAMIC": FORK_JOIN_DYNAMIC,
    "GET_SIGNED_JWT": SERVER_TASK,
    "GET_WORKFLOW": SERVER_TASK,
    "HTTP": HTTP,
    "HTTP_POLL": SERVER_TASK,
    "HUMAN": HUMAN,
    "INLINE": INLINE,
    "JDBC": SERVER_TASK,
    "JOIN": JOIN,
    "JSON_JQ_TRANSFORM": JSON_JQ_TRANSFORM,
    "KAFKA_PUBLISH": HTTP,
    "LAMBDA": LAMBDA,
    "NOOP": NOOP,
    "PULL_WORKFLOW_MESSAGES": PULL_WORKFLOW_MESSAGES,
    "SET_VARIABLE": SET_VARIABLE,
    "SIMPLE": SIMPLE,
    "START_WORKFLOW": START_WORKFLOW,
    "SUB_WORKFLOW": SUB_WORKFLOW,
    "SWITCH": SWITCH,
    "TERMINATE": TERMINATE,
    "TERMINATE_WORKFLOW": SERVER_TASK,
    "UPDATE_SECRET": SERVER_TASK,
    "UPDATE_TASK": SERVER_TASK,
    "USER_DEFINED": USER_DEFINED,
    "WAIT": WAIT,
    "WAIT_FOR_WEBHOOK": WAIT_FOR_WEBHOOK,
    "YIELD": HUMAN,
}
