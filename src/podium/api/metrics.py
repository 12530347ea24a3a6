"""Metrics: what Prometheus reads (spec/api.md §1.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from podium.api.answer import Answer
from podium.api.routing import Call, Handler, Route

LABELS = ("method", "path")


class TrafficCollector(Collector):
    """Requests, failures and time of every route that was asked at least once."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = routes

    def collect(self) -> Iterator[Metric]:
        """The counters as they are now."""
        calls = CounterMetricFamily("podium_http_requests", "Requests served.", labels=LABELS)
        failures = CounterMetricFamily("podium_http_failures", "Requests answered with a status of 500 or above.", labels=LABELS)
        seconds = CounterMetricFamily("podium_http_seconds", "Time spent on requests, waiting polls included.", labels=LABELS)
        for route in self._routes:
            if route.traffic.calls:
                labels = (route.method, route.full_path)
                calls.add_metric(labels, route.traffic.calls)
                failures.add_metric(labels, route.traffic.failures)
                seconds.add_metric(labels, route.traffic.seconds)
        yield from (calls, failures, seconds)


def metrics_handler(routes: Sequence[Route]) -> Handler:
    """The handler that shows the process, the interpreter and the traffic of these routes."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    registry.register(TrafficCollector(routes))

    async def metrics(_call: Call) -> Answer:
        return Answer(200, generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4.encode())

    return metrics
