"""Metrics of the server in the format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the buckets of durations."""
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
"""Upper bounds of the buckets of batch sizes."""


class Metrics:
    """The metrics of one server.

    Args:
        waiting: returns the number of inputs that wait for a batch.
        admitted: returns the number of inputs that are read, wait or are computed.
        ready: returns whether the server is ready.
    """

    def __init__(
        self,
        *,
        waiting: Callable[[], float],
        admitted: Callable[[], float],
        ready: Callable[[], float],
    ):
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "lrcn_requests_total",
            "Requests by route and status.",
            ["route", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "lrcn_request_seconds",
            "Seconds from the head of a request to its answer.",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._sizes = Histogram(
            "lrcn_batch_size", "Inputs per batch.", buckets=SIZES, registry=self.registry
        )
        self._batch_seconds = Histogram(
            "lrcn_batch_seconds", "Seconds per batch.", buckets=SECONDS, registry=self.registry
        )
        gauges = {
            "lrcn_queue_inputs": ("Inputs that wait for a batch.", waiting),
            "lrcn_admitted_inputs": ("Inputs that are read, wait or are computed.", admitted),
            "lrcn_ready": ("1 if the server is warmed up.", ready),
        }
        for name, (description, value) in gauges.items():
            Gauge(name, description, registry=self.registry).set_function(value)

    def observe_request(self, route: str, status: int, seconds: float) -> None:
        """Count a request.

        Args:
            route: the path of its route.
            status: the status code of its answer.
            seconds: its duration.
        """
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def observe_batch(self, size: int, seconds: float) -> None:
        """Count a batch.

        Args:
            size: the number of its inputs.
            seconds: its duration.
        """
        self._sizes.observe(size)
        self._batch_seconds.observe(seconds)

    def page(self) -> tuple[bytes, str]:
        """Return the text of all metrics, and its media type."""
        return generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4
