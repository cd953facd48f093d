"""A small world for the HTTP tests: an axis in memory, three agencies, an operator, an auditor."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ulid import ULID

from agencies.keys import AgencyKey, make_agency, make_authority
from axis.adapters.examiner import InlineExaminer
from axis.adapters.memory_store import MemoryStore
from axis.adapters.signer import AxisSigner
from axis.adapters.sqlite_store import SqliteStore
from axis.adapters.trust_list import TrustList, read_certificate
from axis.api.app import Application, create_app
from axis.api.running import Axis
from axis.bootstrap import Parts, build
from axis.core.directory import Agency, Client
from axis.core.timetable import MICROSECONDS, from_iso
from axis.settings import Settings
from schemas.codes import agencies
from schemas.edxml import (
    Business,
    DocumentPackage,
    Organization,
    OtherInfo,
    Reference,
    StatusPackage,
)
from schemas.edxml_write import write
from schemas.xmldsig import sign
from tests.contract.recipes import Replayed

LANG_SON, OFFICE, HA_NOI = "000.00.00.H37", "000.00.00.G22", "000.00.00.H26"
OPERATOR, AUDITOR = "lan", "minh"
START = from_iso("2020-01-15T08:00:00")
XML = {"content-type": "application/xml"}


def secret(client: str) -> str:
    return f"secret of {client}"


@dataclass
class HandClock:
    """A clock that stands still until it is moved."""

    at: int = START

    def now(self) -> int:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += int(seconds * MICROSECONDS)


@dataclass
class CountingIds:
    """ULIDs whose random part counts."""

    made: int = 0

    def document(self, now: int) -> str:
        self.made += 1
        return f"doc_{ULID((now // 1000).to_bytes(6, 'big') + self.made.to_bytes(10, 'big'))}"


@cache
def authority() -> Any:
    return make_authority("tests")


@cache
def key_of(code: str) -> AgencyKey:
    return make_agency(authority(), code, code)


@cache
def rows() -> tuple[Agency, ...]:
    return tuple(
        Agency(
            code=row.code,
            name_vi=row.name_vi,
            name_en=row.name_en,
            kind=row.kind,
            level=row.level,
            certainty="sourced" if row.sourced else "stated",
        )
        for row in agencies()
    )


def clients() -> list[Client]:
    def one(name: str, *roles: str) -> Client:
        digest = hashlib.sha256(secret(name).encode()).hexdigest()
        return Client(id=name, secret_sha256=digest, roles=roles)

    named = [one(row.code, "agency") for row in rows()]
    return [*named, one(OPERATOR, "operator"), one(AUDITOR, "auditor")]


@dataclass
class World:
    """The app and what it is made of."""

    axis: Axis
    app: Application
    http: httpx.AsyncClient
    clock: HandClock
    #: What the memory store raises instead of its next writes.
    faults: list[Exception]
    tokens: dict[str, str] = field(default_factory=dict)

    async def token(self, who: str) -> str:
        if who not in self.tokens:
            answer = await self.http.post("/v1/token", data=credentials(who))
            self.tokens[who] = answer.json()["access_token"]
        return self.tokens[who]

    async def call(self, who: str, method: str, path: str, **rest: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {await self.token(who)}", **rest.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **rest)

    async def get(self, who: str, path: str, **params: Any) -> httpx.Response:
        return await self.call(who, "GET", path, params=params)

    async def send(self, raw: bytes, who: str = LANG_SON, **headers: str) -> httpx.Response:
        return await self.call(who, "POST", "/v1/documents", content=raw, headers=XML | headers)

    async def sent(self, **fields: Any) -> dict[str, Any]:
        """The receipt of a package that must be accepted."""
        answer = await self.send(package(**fields))
        assert answer.status_code == 201, answer.text
        receipt: dict[str, Any] = answer.json()
        return receipt

    async def settled(self) -> None:
        """Return when all that nobody waits for is written too."""
        await self.axis.committer.submit(())

    async def json(self, who: str, path: str, value: Any, **headers: str) -> httpx.Response:
        return await self.call(who, "POST", path, json=value, headers=headers)


async def until(condition: Callable[[], object]) -> None:
    """Give the loop turns until something holds."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")


def credentials(who: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": who, "client_secret": secret(who)}


@asynccontextmanager
async def world(store: Replayed | None = None, **settings: Any) -> AsyncIterator[World]:
    """A fresh axis over a memory store (or ``store``), with its clients."""
    clock = HandClock()
    faults: list[Exception] = []

    def fault(_: str) -> None:
        if faults:
            raise faults.pop(0)

    store = store or MemoryStore(fault=fault)
    lanes = store.lanes if isinstance(store, MemoryStore | SqliteStore) else None
    replays = store.replays
    # The three that sign here; the other agencies are in the directory without a certificate.
    certificates = [
        read_certificate(code, key_of(code).certificate_der) for code in (LANG_SON, OFFICE, HA_NOI)
    ]
    await store.enrol(rows(), certificates, clients())
    parts = Parts(
        store=store,
        replays=replays,
        lanes=lanes,
        clock=clock,
        ids=CountingIds(),
        signer=AxisSigner(Ed25519PrivateKey.from_private_bytes(b"\1" * 32)),
        examiner=InlineExaminer(),
        trust=TrustList(authority().certificate_der, certificates),
    )
    async with build(Settings(var=Path("nowhere"), **settings), parts) as axis:
        app = create_app(axis)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://axis") as http:
            yield World(axis, app, http, clock, faults)


def package(
    number: int = 7,
    *,
    sender: str = LANG_SON,
    to: tuple[str, ...] = (OFFICE,),
    signed: bool = True,
    urgency: int = 0,
    subject: str = "V/v báo cáo",
    business: Business | None = None,
    day: date = date(2020, 1, 15),
    references: tuple[Reference, ...] = (),
    secret: bool = False,
) -> bytes:
    """A document package, about 4 kB with its signature."""
    raw = write(
        DocumentPackage(
            sender=Organization(organ_id=sender, name="Bên gửi"),
            recipients=tuple(Organization(organ_id=code, name="Bên nhận") for code in to),
            document_id=f"{sender},{day:%Y/%m/%d},{number}/UBND",
            code_number=str(number),
            code_notation="UBND",
            place="Lạng Sơn",
            promulgated=day,
            type_name="Công văn",
            subject=subject,
            other=OtherInfo(priority=urgency),
            response_for=references,
            business=business or Business(),
            secret=secret,
        )
    )
    key = key_of(sender)
    return sign(raw, key.private_key, key.certificate_der) if signed else raw


def status(code: str, document_id: str, sender: str = OFFICE, about: str = LANG_SON) -> bytes:
    """A status package of ``sender`` about a document of (or, for 13, sent to) ``about``."""
    return write(
        StatusPackage(
            sender=Organization(organ_id=sender, name="Bên báo"),
            response_for=Reference(
                organ_id=about, code="7/UBND", document_id=document_id, promulgated=None
            ),
            code=code,
            at=datetime(2020, 1, 15, 9),  # noqa: DTZ001 - as the format writes it
            description="lý do",
        )
    )


def claims(jws: str) -> dict[str, Any]:
    """The payload of a compact JWS, unverified."""
    part = jws.split(".")[1]
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return value


def problem(answer: httpx.Response, status_code: int, code: str) -> dict[str, Any]:
    """The problem object of an answer, which must be one with this status and code."""
    assert (answer.status_code, answer.headers["content-type"]) == (
        status_code,
        "application/problem+json",
    ), answer.text
    told: dict[str, Any] = answer.json()
    assert told["code"] == code, told
    assert told["status"] == status_code
    assert told["type"] == f"urn:axis:problem:{code}"
    assert all(told[name] for name in ("title", "title_vi", "detail", "detail_vi"))
    return told
