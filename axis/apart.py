"""A process that only relays, until a signal asks it to end; as many as wanted may run.

It finishes what it is at and gives up its leases, so that the others go on at once.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvloop
from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, start_http_server

from axis.api.metrics import Unpublished
from axis.core.errors import Unavailable
from axis.ending import asked_to_end
from axis.logs import log_as_json
from axis.relaying import Relaying, relaying
from axis.settings import Settings

log = structlog.get_logger()

#: Records are many and in no cycle: by default a third of the time would go into looking for some.
GC_THRESHOLD = 50_000
#: Seconds between two looks at the books for the metrics.
LOOK_S = 5.0


def relay(settings: Settings, metrics_port: int | None) -> None:
    """Relay until a signal. ``metrics_port`` (0 takes a free one) shows metrics to Prometheus.

    Raises what ``axis.relaying.relaying`` raises, ``OSError`` for a port in use, and whatever kills
    the relay.
    """
    log_as_json()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_relay(settings, metrics_port))


async def _relay(settings: Settings, metrics_port: int | None) -> None:
    stop = asyncio.Event()
    for number in asked_to_end():
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    registry = CollectorRegistry()
    with _served(registry, settings, metrics_port) as shown:
        async with relaying(settings) as made:
            gc.collect()
            gc.freeze()
            gc.set_threshold(GC_THRESHOLD)
            log.info("relaying", action="relay.started", **shown)
            async with asyncio.TaskGroup() as tasks:
                looking = tasks.create_task(_Meters(made, registry).keep())
                await stop.wait()
                looking.cancel()


class _Meters:
    """What Prometheus is told; the books are looked at now and then, not when it asks."""

    def __init__(self, made: Relaying, registry: CollectorRegistry) -> None:
        self._made = made
        ProcessCollector(registry=registry)
        self._lag = Unpublished(registry)
        self._held = Gauge(
            "axis_relay_agencies", "Agencies whose lanes it publishes.", registry=registry
        )
        self._published = Counter(
            "axis_relay_records", "Records that were acknowledged.", registry=registry
        )
        self._counted = 0

    async def keep(self) -> None:
        """Look for ever."""
        while True:
            relay = self._made.relay
            self._held.set(relay.held)
            self._published.inc(relay.published - self._counted)
            self._counted = relay.published
            try:
                lanes = self._made.lanes
                events = await lanes.events_behind() if relay.observing else None
                self._lag.tell(await lanes.lag(), events=events)
            except Unavailable:
                log.warning("lag not known", action="relay.lag_unknown")
            await asyncio.sleep(LOOK_S)


@contextmanager
def _served(
    registry: CollectorRegistry, settings: Settings, port: int | None
) -> Iterator[dict[str, int]]:
    """Show the metrics, if anywhere; what the log says of it."""
    if port is None:
        yield {}
        return
    server, thread = start_http_server(port, settings.host, registry)
    try:
        yield {"metrics_port": server.server_port}
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
