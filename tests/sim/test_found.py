"""Defects that the simulation found, each reduced to what it takes to see it again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from axis.adapters.memory_store import MemoryStore
from axis.core.commands import Accept, Refused
from axis.core.directory import Agency
from axis.core.document import Addressee
from axis.core.trust import BadCertificate, Certificate, Verdict
from axis.flows.commit import Committer
from axis.flows.members import Members
from axis.ports import Store
from schemas.examined import Seal
from tests.sim.check_packages import first_taken
from tests.sim.history import Fetched, History, Page
from tests.sim.loop import run

_CODES = ("000.00.00.H37", "000.00.00.G22", "000.00.00.A01")


def _agency(code: str, *, locked: bool = False) -> Agency:
    return Agency(code=code, name_vi="", name_en="", kind="", level="", certainty="", locked=locked)


class _StoppedClock:
    def now(self) -> int:
        return 0


class _NoTrust:
    def judge(self, seal: Seal, agency: str, at: int) -> tuple[Verdict, str]:
        return "absent", ""

    def read(self, agency: str, pem: str) -> Certificate:
        raise BadCertificate

    def renew(self, certificates: Iterable[Certificate]) -> None:
        pass


class _SlowFirst(MemoryStore):
    """The first answer takes longer than all the others, and is old when it comes."""

    delay_s = 1.0

    async def agencies(self) -> list[Agency]:
        found = await super().agencies()
        delay_s, self.delay_s = self.delay_s, 0.0
        await asyncio.sleep(delay_s)
        return found


def test_an_older_look_at_the_directory_does_not_undo_a_newer_one() -> None:
    async def main() -> bool:
        store = _SlowFirst()
        await store.enrol([_agency(_CODES[0], locked=True)], [], [])
        members = Members(store, Committer(store, lambda _: None), _NoTrust(), _StoppedClock())
        older = asyncio.create_task(members.load())
        await asyncio.sleep(0.1)
        store._books.agencies[_CODES[0]] = _agency(_CODES[0])
        await members.load()
        await older
        return members.agency(_CODES[0]).locked

    locked, _ = run(main())
    assert not locked


def test_a_conflict_names_the_recipients_in_the_order_of_the_package() -> None:
    async def post(store: Store, sha256: str, recipients: Sequence[str]) -> object:
        accept = Accept(
            id=f"doc_{sha256}",
            sender=_CODES[0],
            unit=_CODES[0],
            document_id="1/UBND",
            kind=0,
            urgency=0,
            sha256=sha256,
            body=b"",
            recipients=tuple(Addressee(code, (code,)) for code in recipients),
            at=0,
            now=0,
            verdict="absent",
        )
        (outcome,) = await store.apply([accept])
        return outcome

    async def main(order: Sequence[str]) -> object:
        store = MemoryStore()
        await store.enrol([_agency(code) for code in _CODES], [], [])
        await post(store, "one", _CODES)
        return await post(store, "two", order)

    # A set of texts has another order in every process.
    for order in (_CODES, _CODES[::-1]):
        outcome, _ = run(main(order))
        assert isinstance(outcome, Refused)
        assert outcome.fault.detail["recipient"] == ", ".join(order)


def test_what_was_fetched_and_came_in_a_page_later_was_taken_when_it_was_fetched() -> None:
    fetched = Fetched(agency=_CODES[0], delivery="doc_1", got="one", stated=("", ""), ended=27.0)
    page = Page(
        agency=_CODES[0], rows=({"id": "doc_1"},), got=("one",), missing=(), began=30.0, ended=31.0
    )
    for lines in ([fetched, page], [page, fetched]):
        assert first_taken(History(lambda: 0.0, [(0.0, line) for line in lines])) == {
            (_CODES[0], "doc_1"): 27.0
        }
