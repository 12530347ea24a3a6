"""KAFKA_PUBLISH: says what is missing in its request; publishing needs a client that is not part of this server (spec/tasks.md §4.7)."""

from __future__ import annotations

from typing import Final

from podium.model.json import JsonObject
from podium.model.status import TaskStatus
from podium.model.task import Task
from podium.runtime.system.finished import Finished

_NO_REQUEST: Final = (
    "Missing Kafka request. Task input MUST have a 'kafka_request' key with KafkaTask.Input as value. "
    "See documentation for KafkaTask for required input parameters"
)
_REQUIRED: Final = {
    "bootStrapServers": "No boot strap servers specified",
    "topic": "Missing Kafka topic. See documentation for KafkaTask for required input parameters",
    "value": "Missing Kafka value.  See documentation for KafkaTask for required input parameters",
}
_NO_CLIENT: Final = "Failed to invoke kafka task due to: this server has no Kafka client"


class KafkaPublishTask:
    """Fails with the first thing that is wrong, so that no workflow waits for a message that nobody will send."""

    async def run(self, value: JsonObject, task: Task) -> Finished:  # noqa: ARG002 - every type takes the task
        """The failure."""
        request = value.get("kafka_request")
        if not isinstance(request, dict):
            return Finished(status=TaskStatus.FAILED, reason=_NO_REQUEST)
        missing = next((reason for key, reason in _REQUIRED.items() if request.get(key) in (None, "")), None)
        return Finished(status=TaskStatus.FAILED, reason=missing or _NO_CLIENT)

    async def close(self) -> None:
        """There is nothing to close."""
