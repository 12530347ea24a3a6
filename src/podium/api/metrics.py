"""Metrics: what Prometheus reads, computed when it asks (spec/platform.md §9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from podium.api.answer import Answer
from podium.api.routing import Call, Handler, Route

if TYPE_CHECKING:
    from podium.runtime.platform import Platform

ROUTE_LABELS = ("method", "path")
FRESH_MS = 5_000  # for so long the queues are not counted again, however often somebody asks
Sizes = Mapping[tuple[str, str | None], int]


class TrafficCollector(Collector):
    """Requests, failures and time of every route that was asked at least once."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = routes

    def collect(self) -> Iterator[Metric]:
        """The counters as they are now."""
        calls = CounterMetricFamily("podium_http_requests", "Requests served.", labels=ROUTE_LABELS)
        failures = CounterMetricFamily("podium_http_failures", "Requests answered with a status of 500 or above.", labels=ROUTE_LABELS)
        seconds = CounterMetricFamily("podium_http_seconds", "Time spent on requests, waiting polls included.", labels=ROUTE_LABELS)
        for route in self._routes:
            if route.traffic.calls:
                labels = (route.method, route.full_path)
                calls.add_metric(labels, route.traffic.calls)
                failures.add_metric(labels, route.traffic.failures)
                seconds.add_metric(labels, route.traffic.seconds)
        yield from (calls, failures, seconds)


class QueueCollector(Collector):
    """How many tasks wait, by type; zero for registered types whose queue is empty, so that workers can be scaled down."""

    def __init__(self) -> None:
        self._sizes: Sizes = {}
        self._counted_at = -FRESH_MS
        self._loops_down = 0

    async def refresh(self, platform: Platform) -> None:
        """Count again, unless that was done a moment ago."""
        self._loops_down = len(platform.supervisor.failed)
        now = platform.clock.now()
        if now - self._counted_at >= FRESH_MS:
            self._counted_at = now
            registered: Sizes = {(one.name, None): 0 for one in platform.registry.all_task_definitions()}
            self._sizes = {**registered, **await platform.store.queue_sizes()}

    def collect(self) -> Iterator[Metric]:
        """The gauges as they were counted."""
        depth = GaugeMetricFamily("task_queue_depth", "Tasks that wait in the queue of a type.", labels=("taskType",))
        external = GaugeMetricFamily(
            "orkes_queue_depth", "The same under the name that autoscalers of other servers know.", labels=("task",)
        )
        by_domain = GaugeMetricFamily("podium_queue_depth", "Tasks that wait in a queue, by domain.", labels=("taskType", "domain"))
        totals: dict[str, int] = {}
        for (queue, domain), size in self._sizes.items():
            totals[queue] = totals.get(queue, 0) + size
            if domain is not None:
                by_domain.add_metric((queue, domain), size)
        for queue, size in totals.items():
            depth.add_metric((queue,), size)
            external.add_metric((queue,), size)
        down = GaugeMetricFamily(
            "podium_loops_down", "Loops of the server that are down; it is ready when there are none.", self._loops_down
        )
        yield from (depth, external, by_domain, down)


def metrics_handler(routes: Sequence[Route]) -> Handler:
    """The handler that shows the process, the interpreter, the queues and the traffic of these routes."""
    queues = QueueCollector()
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    registry.register(TrafficCollector(routes))
    registry.register(queues)

    async def metrics(call: Call) -> Answer:
        await queues.refresh(call.platform)
        return Answer(200, generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4.encode())

    return metrics
