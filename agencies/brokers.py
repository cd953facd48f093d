"""How a process of agencies reaches Kafka, as whoever starts it tells it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Brokers:
    """In the words of ``axis.settings.KafkaSettings``; ``prefix`` begins the names of the run's
    topics. It holds no secret: a password lies in a file.
    """

    bootstrap: str
    prefix: str = ""
    security: str = "PLAINTEXT"
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    sasl_mechanism: str = "SCRAM-SHA-512"
    username: str = ""
    password_file: str | None = None

    def as_json(self) -> str:
        """For another process; ``Brokers(**json.loads(...))`` reads it."""
        return json.dumps(asdict(self))
