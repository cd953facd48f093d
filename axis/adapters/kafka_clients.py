"""The clients of Kafka, made as the settings say."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, KafkaTimeoutError

from axis.settings import KafkaSettings

#: Milliseconds one request may take; a broker answers in one, a rebalancing cluster in hundreds.
REQUEST_MS_MAX = 4_000
#: Between two tries of the library; its default of 100 ms is ten lines of its log a second.
RETRY_MS = 250
#: Bytes of a batch before compression: a page of notices, also with packages in them.
BATCH_BYTES_MAX = 128 * 1024
#: Seconds a client may take to end; one whose broker is away would flush for ever.
STOP_S_MAX = 2.0


class KafkaClients:
    """Makes producers and admins of one cluster; opens nothing by itself."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    @property
    def bootstrap(self) -> str:
        """Where the cluster is said to be."""
        return self._settings.bootstrap

    def producer(self) -> AIOKafkaProducer:
        """Acknowledged by all replicas in sync, each record once in spite of retries.

        It does not linger: whoever publishes waits for the answer, so a pause would only delay
        the next ones, and what comes at once goes out in one batch anyway.
        """
        return AIOKafkaProducer(
            **self._connection(),
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            max_batch_size=BATCH_BYTES_MAX,
        )

    def admin(self) -> AIOKafkaAdminClient:
        """Makes topics."""
        return AIOKafkaAdminClient(**self._connection())

    def _connection(self) -> dict[str, Any]:
        settings = self._settings
        connection: dict[str, Any] = {
            "bootstrap_servers": settings.bootstrap,
            "client_id": "axis",
            "security_protocol": settings.security,
            "request_timeout_ms": REQUEST_MS_MAX,
            "retry_backoff_ms": RETRY_MS,
        }
        if settings.security.endswith("SSL"):
            connection["ssl_context"] = _tls(settings)
        if settings.security.startswith("SASL"):
            assert settings.password_file is not None
            connection["sasl_mechanism"] = settings.sasl_mechanism
            connection["sasl_plain_username"] = settings.username
            connection["sasl_plain_password"] = _secret(settings.password_file)
        return connection


def _tls(settings: KafkaSettings) -> ssl.SSLContext:
    """TLS with the machine's authorities, or those of the settings; names are checked."""
    for file in (settings.ca_file, settings.cert_file, settings.key_file):
        if file is not None:
            # Of one that is missing the library does not say which.
            file.stat()
    context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.cert_file is not None:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return context


def _secret(path: Path) -> str:
    # Read for every connection, so that a changed one is taken up and none lies in a setting.
    return path.read_text(encoding="utf-8").strip()


def in_words(error: Exception) -> str:
    """What went wrong, in a line: never its ``repr``, which has the whole text that is none."""
    return f"{error}" if isinstance(error, KafkaError) else f"{type(error).__name__}: {error}"


async def start(client: AIOKafkaProducer | AIOKafkaAdminClient) -> None:
    """Begin; raises what the library raises.

    Cut off in the middle it would lose the connection that it is just making: it ends that first.
    """
    starting = asyncio.ensure_future(client.start())
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait({starting}, timeout=STOP_S_MAX)
        if not starting.cancel() and not starting.cancelled():
            # Whether it failed interests nobody any more.
            starting.exception()
        raise


async def stop(client: AIOKafkaProducer) -> None:
    """End a client, within a bound; what it still held is given up."""
    try:
        async with asyncio.timeout(STOP_S_MAX):
            await client.stop()
    except (TimeoutError, KafkaError):
        await _abandon(client)


async def _abandon(client: AIOKafkaProducer) -> None:
    """End what the library leaves behind when its own end is cut off: a task that sends, one that
    waits for all to be sent, and their connections. It has no other way to be told.
    """
    client._message_accumulator.fail_all(KafkaTimeoutError())  # noqa: SLF001
    sender = client._sender.sender_task  # noqa: SLF001
    if sender is not None:
        sender.cancel()
    await client.client.close()
    if sender is not None:
        await asyncio.wait({sender}, timeout=STOP_S_MAX)
