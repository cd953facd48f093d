"""How an agency speaks to the axis: the REST door, every request repeated until it is answered.

An axis may be killed and started again at any moment, so a request that got no answer says nothing
about what was written. All requests here are safe to repeat: the same package gets the same
receipt, a confirmation or status said twice changes nothing (design promise 6), and a poll only
reads. ``Refused`` is an answer, and ends the repeating; ``Garbled`` is none that an axis gives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from agencies.line import Answer, Line, Unreachable
from axis.core.retry import Backoff
from schemas.frames import MEDIA_TYPE, DamagedFrame, frame, frames

#: Seconds an answer may take beyond the wait that was asked for; a group commit takes milliseconds.
ANSWER_S_MAX = 30.0
#: Answers that say "repeat this as it is": a body that came too slowly (this process stood still),
#: a proxy without its server, a busy or full axis.
AGAIN = frozenset({408, 502, 503, 504, 507})
#: The axis met what nobody foresaw. It may be repeated like those, but not for ever: what is wrong
#: with the request itself is met each time.
INTERNAL, INTERNAL_ASKED_MAX = 500, 5
#: A token is renewed this long before it ends, so that none ends on its way; of one that lives
#: briefly it is this share.
TOKEN_RESERVE_S, TOKEN_RESERVE_SHARE = 30.0, 0.25
#: Statuses in one request, and rows of one page of the status stream: the most the door takes.
STATUSES_MAX = 1000
#: Deliveries in one confirmation: the most the door takes.
CONFIRMED_MAX = 1000
#: Rows of one page of an inbox: the most the door takes.
ROWS_MAX = 1000
#: Packages in one request: the most the door takes.
POSTED_MAX = 500
#: Package bytes of one page: a hundred of 20 kB; what is left comes with the next.
PAGE_BYTES = 2 * 1024 * 1024

JSON = "application/json"


class Refused(Exception):
    """The axis refused; ``problem`` is its problem object (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        super().__init__(f"{status} {problem.get('code', '')}: {problem.get('detail', '')}")


class Garbled(Exception):
    """An answer that says all is well and cannot be read: no axis gives it, a proxy may."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package taken from the inbox: what the axis says of the delivery, and the bytes."""

    told: Mapping[str, Any]
    raw: bytes = field(repr=False)


class Client:
    """One agency (or the operator) at the door, over a shared line."""

    def __init__(
        self,
        line: Line,
        client_id: str,
        secret: str,
        die: Callable[[], float],
        backoff: Backoff = Backoff(),  # noqa: B008 - a frozen value
    ) -> None:
        self.id = client_id
        self._line = line
        self._secret = secret
        self._die = die
        self._backoff = backoff
        self._token = ""
        self._token_ends = 0.0
        self._renewal = asyncio.Lock()

    async def post_document(self, raw: bytes, occurred_at: str | None) -> Mapping[str, Any]:
        """Hand a package in; the receipt, the same one however often it was handed in before."""
        headers = {"Content-Type": "application/octet-stream"}
        answer = await self._ask("POST", "/v1/documents", raw, headers, occurred_at)
        receipt: Mapping[str, Any] = _json(answer)
        return receipt

    async def post_documents(
        self, packages: Sequence[tuple[bytes, str | None]]
    ) -> Sequence[Mapping[str, Any]]:
        """Hand up to ``POSTED_MAX`` packages in, each with when it occurred; a result for each."""
        assert len(packages) <= POSTED_MAX
        body = b"".join(
            frame({} if at is None else {"occurred_at": at}, raw) for raw, at in packages
        )
        answer = await self._ask("POST", "/v1/documents/bulk", body, {"Content-Type": MEDIA_TYPE})
        results: Sequence[Mapping[str, Any]] = _json(answer)["results"]
        return results

    async def packages(
        self, after: str, wait_s: float, occurred_at: str | None
    ) -> tuple[list[Package], str]:
        """A page of waiting packages and the cursor behind it; empty when none came in time."""
        query = urlencode({"after": after, "wait": f"{wait_s:g}", "max_bytes": PAGE_BYTES})
        path = f"/v1/inbox/packages?{query}"
        answer = await self._ask("GET", path, occurred_at=occurred_at, wait_s=wait_s)
        try:
            page = [Package(told, raw) for told, raw in frames(answer.body)]
        except DamagedFrame as error:
            raise Garbled(f"no packages: {error}") from error
        return page, answer.headers.get("axis-next", "")

    async def waiting(self) -> set[str]:
        """The ids of all deliveries that are open."""
        found: set[str] = set()
        after = ""
        while True:
            query = urlencode({"after": after, "limit": ROWS_MAX})
            page = _json(await self._ask("GET", f"/v1/inbox?{query}"))
            found.update(str(row["id"]) for row in page["deliveries"])
            after = page["next"]
            if len(page["deliveries"]) < ROWS_MAX:
                return found

    async def confirm(
        self, deliveries: Sequence[str], occurred_at: str | None, failed: str = ""
    ) -> Sequence[Mapping[str, Any]]:
        """Confirm ``CONFIRMED_MAX`` deliveries at most as done, or as failed for a reason: an item
        each.
        """
        assert len(deliveries) <= CONFIRMED_MAX
        body = {"deliveries": deliveries, "result": "fail" if failed else "done", "reason": failed}
        answer = await self._post("/v1/inbox/confirm", body, occurred_at)
        items: Sequence[Mapping[str, Any]] = answer["items"]
        return items

    async def confirm_each(self, taken: Sequence[tuple[str, str]]) -> Sequence[Mapping[str, Any]]:
        """Confirm deliveries as done, each at its own time (ISO 8601); one item for each."""
        listed = [{"delivery": delivery, "occurred_at": at} for delivery, at in taken]
        answer = await self._post(
            "/v1/inbox/confirm", {"deliveries": listed, "result": "done"}, None
        )
        items: Sequence[Mapping[str, Any]] = answer["items"]
        return items

    async def reset(self, delivery: str) -> None:
        """Put a parked delivery of its own back into its lane."""
        await self._ask("POST", f"/v1/deliveries/{quote(delivery)}/reset")

    async def say(self, statuses: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
        """Say up to ``STATUSES_MAX`` statuses; one result for each, in order."""
        assert len(statuses) <= STATUSES_MAX
        answer = await self._post("/v1/statuses", {"statuses": statuses}, None)
        results: Sequence[Mapping[str, Any]] = answer["results"]
        return results

    async def hear(self, after: int, wait_s: float) -> tuple[Sequence[Mapping[str, Any]], int]:
        """A page of the statuses addressed to this agency, and the number to go on from."""
        path = f"/v1/statuses?after={after}&limit={STATUSES_MAX}&wait={wait_s:g}"
        page = _json(await self._ask("GET", path, wait_s=wait_s))
        return page["statuses"], page["next"]

    async def get(self, path: str) -> Any:
        """Any other JSON that the door shows."""
        return _json(await self._ask("GET", path))

    async def sign_in(self) -> None:
        """Ask for a token beforehand, so that the first request need not."""
        await self._bearer()

    async def _post(self, path: str, value: object, occurred_at: str | None) -> Any:
        body = orjson.dumps(value)
        return _json(await self._ask("POST", path, body, {"Content-Type": JSON}, occurred_at))

    async def _ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        occurred_at: str | None = None,
        wait_s: float = 0.0,
    ) -> Answer:
        """Ask as this agency, and again until the axis has answered."""
        whole = dict(headers or ())
        if occurred_at is not None:
            whole["Axis-Occurred-At"] = occurred_at
        refused_token = False
        while True:
            whole["Authorization"] = await self._bearer()
            answer = await self._repeat(method, path, whole, body, ANSWER_S_MAX + wait_s)
            if answer.status == 401 and not refused_token:
                # Its end was misjudged, or the axis has new keys: one new token must do.
                self._token, refused_token = "", True
                continue
            return _checked(answer)

    async def _bearer(self) -> str:
        loop = asyncio.get_running_loop()
        if self._token and loop.time() < self._token_ends:
            return self._token
        async with self._renewal:
            if not self._token or loop.time() >= self._token_ends:
                form = {
                    "grant_type": "client_credentials",
                    "client_id": self.id,
                    "client_secret": self._secret,
                }
                headers = {"Content-Type": "application/x-www-form-urlencoded"}
                body = urlencode(form).encode()
                asked = await self._repeat("POST", "/v1/token", headers, body, ANSWER_S_MAX)
                granted = _json(_checked(asked))
                self._token = f"Bearer {granted['access_token']}"
                life_s = granted["expires_in"]
                reserve_s = min(TOKEN_RESERVE_S, life_s * TOKEN_RESERVE_SHARE)
                self._token_ends = loop.time() + life_s - reserve_s
            return self._token

    async def _repeat(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout_s: float
    ) -> Answer:
        attempt = internal = 0
        while True:
            least_s = 0.0
            try:
                answer = await self._line.ask(method, path, headers, body, timeout_s)
            except Unreachable:
                pass
            else:
                internal += answer.status == INTERNAL
                again = answer.status in AGAIN or answer.status == INTERNAL
                if not again or internal == INTERNAL_ASKED_MAX:
                    return answer
                least_s = _seconds(answer.headers.get("retry-after", ""))
            attempt += 1
            delay_s = self._backoff.delay_s(attempt, self._die())
            await asyncio.sleep(max(delay_s, min(least_s, self._backoff.most_s)))


def _checked(answer: Answer) -> Answer:
    if answer.status < 400:
        return answer
    try:
        problem = answer.json
    except ValueError:
        problem = {}
    raise Refused(answer.status, problem if isinstance(problem, dict) else {})


def _json(answer: Answer) -> Any:
    try:
        return answer.json
    except ValueError as error:
        raise Garbled(f"no JSON: {error}") from error


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0
