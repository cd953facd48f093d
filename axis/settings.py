"""Everything that can be set, from ``AXIS_*`` environment variables or the command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.edxml import PACKAGE_BYTES_MAX

LIVE = "live"
#: Folders that the live run has in ``var`` itself, where any other has one of its own name.
_LIVE_FOLDERS = frozenset({"agencies", "axis", "operator", "report", "run"})

#: A name or an address and, where it is not Kafka's own, a port.
_ADDRESS = re.compile(r"\s*(\[[0-9A-Fa-f:.]+\]|[^\s:,\[\]/]+)(?::(\d{1,5}))?\s*")
_POSTGRESQL = ("postgresql", "postgres", "postgresql+asyncpg")


class KafkaSettings(BaseSettings):
    """How Kafka is reached; without ``bootstrap`` nothing is published there."""

    model_config = SettingsConfigDict(env_prefix="AXIS_KAFKA_", frozen=True, extra="ignore")

    bootstrap: str = Field(
        "",
        description="Bootstrap servers, host:port,host:port; named, they are published to.",
    )
    security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="Security protocol of the connection."
    )
    ca_file: Path | None = Field(
        None, description="Authorities that the brokers' certificates are judged by (PEM)."
    )
    cert_file: Path | None = Field(None, description="The axis's own certificate (PEM).")
    key_file: Path | None = Field(None, description="The key to it (PEM, without a password).")
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="How the axis shows who it is, with SASL."
    )
    username: str = Field("", description="The axis's name at the brokers, with SASL.")
    password_file: Path | None = Field(
        None, description="A file that holds the password to it; read when connecting."
    )
    replication: int = Field(1, ge=1, le=9, description="Copies of each topic that the axis makes.")
    inline_bytes_max: int = Field(
        4096, ge=0, le=512 * 1024, description="Largest package that travels inside its record."
    )
    events: bool = Field(
        False,
        description="Publish every event of the books to a topic for observers too: headers and "
        "states, never content. A delivery has four or five.",
    )

    @field_validator("bootstrap", mode="after")
    @classmethod
    def _addresses(cls, value: str) -> str:
        found = [_ADDRESS.fullmatch(one) for one in value.split(",") if value]
        if not all(one and int(one[2] or 1) in range(1, 65536) for one in found):
            raise ValueError("must be host:port,host:port")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.security.startswith("SASL") and not (self.username and self.password_file):
            raise ValueError("SASL needs a username and a password_file")
        if (self.cert_file is None) is not (self.key_file is None):
            raise ValueError("cert_file and key_file go together")
        return self


class Settings(BaseSettings):
    """One frozen value, read at the start of a process and handed on."""

    # What was given for the database may hold a password: no error repeats it.
    model_config = SettingsConfigDict(
        env_prefix="AXIS_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    var: Path = Field(Path("var"), description="Where an axis keeps what it must not forget.")
    run: str = Field(
        LIVE,
        pattern=r"^[a-z0-9][a-z0-9-]{0,31}$",
        description="The run: a world of its own with its own store. 'live' is the real one.",
    )
    database: SecretStr | None = Field(
        None,
        description="Where the books are: postgresql://user:password@host/name, shared by as many "
        "axes as wanted, each run in a schema of its own. Default: SQLite in 'var'.",
    )
    host: str = Field("127.0.0.1", description="Address the axis listens on.")
    port: int = Field(8095, ge=0, le=65535, description="Port; 0 takes a free one.")
    url: str = Field(
        "",
        pattern=r"^(https?://[^/\s]+)?$",
        description="Address that clients who share 'var' are told; by default host and port.",
    )
    workers: int = Field(
        1, ge=1, le=64, description="Processes that serve the port; more than one needs PostgreSQL."
    )
    history: bool = Field(
        False,
        description="Give every agency the scope 'history' (Axis-Occurred-At): only for a run "
        "that plays another time.",
    )
    simulation: bool = Field(
        False,
        description="Say at /v1/health that the books are no real ones: only then may a load test "
        "be driven at this axis. Never with the run 'live'.",
    )
    strict_signatures: bool = Field(
        False, description="Refuse packages whose signature is absent or SHA-1."
    )
    package_bytes_max: int = Field(
        PACKAGE_BYTES_MAX, gt=0, le=PACKAGE_BYTES_MAX, description="Largest package accepted."
    )
    examiners: int | None = Field(
        None,
        ge=0,
        le=64,
        description="Helper processes that check signatures; by default one fewer than cores, and "
        "none beside several workers.",
    )
    kafka: KafkaSettings = Field(
        default_factory=KafkaSettings, description="How Kafka is reached (AXIS_KAFKA_*)."
    )
    relay: Literal["here", "apart"] = Field(
        "here",
        description="Who publishes to Kafka: each process that serves the API too, or only those "
        "of `axis relay` (apart).",
    )
    token_seconds: int = Field(900, ge=30, le=86_400, description="How long a token lives.")

    @field_validator("run", mode="after")
    @classmethod
    def _folder_of_its_own(cls, value: str) -> str:
        """What clears a run away would clear the books of the live one."""
        if value in _LIVE_FOLDERS:
            raise ValueError(f"the run '{LIVE}' has a folder '{value}'; take another name")
        return value

    @field_validator("database", mode="after")
    @classmethod
    def _postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        try:
            url = urlsplit(value.get_secret_value())
            known = url.scheme in _POSTGRESQL and (url.port is None or url.port > 0)
        except ValueError:
            known = False  # What it says would repeat a part of the password.
        if not known:
            raise ValueError(
                "must be postgresql://user:password@host/name, "
                "with what is special in a password percent-encoded"
            )
        return value

    @field_validator("simulation", mode="after")
    @classmethod
    def _never_live(cls, value: bool, info: ValidationInfo) -> bool:
        """A word in the environment must not open the real books to a load test."""
        if value and info.data.get("run") == LIVE:
            raise ValueError(f"the run '{LIVE}' is the real one; name another (AXIS_RUN or --run)")
        return value

    @property
    def books(self) -> str:
        """Where the books are, as a person may read it: no name, no password."""
        if self.database is None:
            return f"{self.axis_dir}/"
        url = urlsplit(self.database.get_secret_value())
        host = url.hostname or "".join(parse_qs(url.query).get("host", ["localhost"]))
        return f"PostgreSQL at {host}, database {url.path.strip('/') or '(the default)'}"

    @property
    def home(self) -> Path:
        """The folder of this run: ``var`` itself for the live one."""
        return self.var if self.run == LIVE else self.var / self.run

    @property
    def axis_dir(self) -> Path:
        """The axis's own folder: keys, trust root, store. Agencies never read it."""
        return self.home / "axis"

    @property
    def agencies_dir(self) -> Path:
        """The agencies' folders: key, certificate and secret of each. The axis never reads it."""
        return self.home / "agencies"

    @property
    def topic_prefix(self) -> str:
        """What the names of this run's topics begin with; those of the live one with nothing."""
        return "" if self.run == LIVE else f"{self.run}."
