"""Prometheus metrics, one registry per app.

Several workers behind one port keep their values in the files of one folder, and whichever is asked
tells the sums; what a dead one had counted stays.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Receive, Scope, Send

from axis.core.lifecycle import Transport
from axis.core.tally import SENT, transport_metric
from axis.lanes import Lag

MEDIA_TYPE = CONTENT_TYPE_LATEST

#: Seconds: a read takes half a millisecond, a durable POST a few; a long poll up to 50 s.
_LATENCY_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 60)

#: Names that folder; the library reads it from the environment when it is imported.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

#: Labels must stay few whatever callers send.
_METHODS = frozenset({"GET", "POST"})
_UNKNOWN = ("-", "unknown")


class Unpublished:
    """What is not published to Kafka yet, as the books have it: whoever tells it tells the same.

    Children are kept: where several processes count into files, each that is made anew stays in
    memory for good, cleared or not.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._gauge = Gauge(
            "axis_unpublished",
            "Numbers of an agency's lanes that are not published to Kafka yet.",
            ["agency"],
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self._children: dict[str, Gauge] = {}
        self._registry = registry
        self._events: Gauge | None = None

    def tell(
        self, lags: Iterable[Lag], agencies: Iterable[str] = (), events: int | None = None
    ) -> None:
        """Show this; ``agencies``, and those that were told before, have 0 without a lag.

        ``events`` is how many observers have not been told of; None where there are none.
        """
        if events is not None:
            self._of_events().set(events)
        numbers = dict.fromkeys((*self._children, *agencies), 0)
        for recipient, count in (numbers | {lag.recipient: lag.numbers for lag in lags}).items():
            child = self._children.get(recipient)
            if child is None:
                child = self._children[recipient] = self._gauge.labels(recipient)
            child.set(count)

    def _of_events(self) -> Gauge:
        """Made when it is first told: where nobody observes, nothing is said of it."""
        if self._events is None:
            self._events = Gauge(
                "axis_unpublished_events",
                "Events of the books that are not published to observers yet.",
                registry=self._registry,
                multiprocess_mode="mostrecent",
            )
        return self._events


class Metrics:
    """What an app counts of itself; what the books count is read when asked for."""

    def __init__(self) -> None:
        # A second series for every counter, which nobody reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._accepted = Counter(
            "axis_documents_accepted",
            "Document packages accepted over HTTP; repeated=true: the same bytes again.",
            ["repeated"],
            registry=self._registry,
        )
        self._refused = Counter(
            "axis_documents_refused",
            "Document packages refused over HTTP, by the code of the first fault.",
            ["code"],
            registry=self._registry,
        )
        self._sent = self._of_books(
            "axis_documents_sent", "Document packages that the books count as sent."
        )
        self._deliveries = self._of_books(
            "axis_deliveries", "Deliveries in the books by transport state.", ["state"]
        )
        self._answer = self._of_books(
            "axis_books_answer",
            "1 where what the books count was read now; 0: they are away, and it is as of before.",
        )
        self._lag = Unpublished(self._registry)
        self._waiting = self._of_each("axis_waiting_commands", "Commands waiting to be written.")
        self._polls = self._of_each(
            "axis_waiting_polls", "Long polls that wait for something to come."
        )
        self._latency = Histogram(
            "axis_request_seconds",
            "Seconds from the first byte of a request to the last of its answer, by route.",
            ["method", "route"],
            buckets=_LATENCY_BUCKETS_S,
            registry=self._registry,
        )
        # Children are looked up here: prometheus-client takes a lock and builds a key each time.
        self._took = {
            repeated: self._accepted.labels(str(repeated).lower()) for repeated in (False, True)
        }
        self._routes: dict[tuple[str, str], Histogram] = {}
        self._told = self._registry
        if os.environ.get(SHARED_FOLDER):
            self._told = CollectorRegistry()
            MultiProcessCollector(self._told)  # type: ignore[no-untyped-call]

    def _of_books(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Gauge:
        """What every worker reads alike."""
        return Gauge(name, meaning, labels, registry=self._registry, multiprocess_mode="mostrecent")

    def _of_each(self, name: str, meaning: str) -> Gauge:
        """What is summed over workers."""
        return Gauge(name, meaning, registry=self._registry, multiprocess_mode="livesum")

    def accepted(self, *, repeated: bool) -> None:
        """Count a package that was accepted."""
        self._took[repeated].inc()

    def refused(self, code: str) -> None:
        """Count a package that was refused."""
        self._refused.labels(code).inc()

    def served(self, method: str, route: str, seconds: float) -> None:
        """Count a request."""
        child = self._routes.get((method, route))
        if child is None:
            child = self._routes[method, route] = self._latency.labels(method, route)
        child.observe(seconds)

    def scrape(
        self,
        counts: Mapping[str, int] | None,
        waiting_commands: int,
        polls: int,
        lags: Iterable[Lag] = (),
        relayed: Iterable[str] = (),
        events: int | None = None,
    ) -> bytes:
        """Return the exposition text; ``counts`` are the standing counters of all agencies
        and what they ever sent, ``relayed`` the agencies that are published for, ``events`` those
        that wait for observers.

        None where the books do not answer: what they told last is told again, or nothing.
        """
        self._answer.set(counts is not None)
        if counts is not None:
            self._sent.set(counts.get(SENT, 0))
            self._lag.tell(lags, relayed, events)
            for state in Transport:
                self._deliveries.labels(state.name.lower()).set(
                    counts.get(transport_metric(state), 0)
                )
        self._waiting.set(waiting_commands)
        self._polls.set(polls)
        return generate_latest(self._told)


class Meter:
    """Times requests by route. Pure ASGI; what has no route counts under one name."""

    def __init__(
        self, app: ASGIApp, metrics: Metrics, hot: Mapping[tuple[str, str], object]
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._hot = hot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        clock = asyncio.get_running_loop().time
        start = clock()
        try:
            await self._app(scope, receive, send)
        finally:
            key = (scope["method"], scope["path"])
            if key not in self._hot:
                # The router leaves the route it chose in the scope; its path is a template.
                route = getattr(scope.get("route"), "path", None)
                known = route is not None and key[0] in _METHODS
                key = (key[0], route) if known else _UNKNOWN
            self._metrics.served(*key, clock() - start)
