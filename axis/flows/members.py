"""The directory and the trust list as the running axis sees them, and the acts that change them."""

from __future__ import annotations

import re

from axis.core import reasons
from axis.core.commands import (
    Audit,
    Lock,
    Outcome,
    Recorded,
    Refused,
    Register,
    Revoke,
    Revoked,
)
from axis.core.directory import Agency, Directory
from axis.core.errors import Rejected, Unavailable, rejected
from axis.flows.commit import Committer
from axis.ports import Bus, Clock, Store, Trust

#: The topic on which a change of the directory is told: the recipient is every process.
DIRECTORY = "directory"
#: The directory is read again this often where other processes change it: a lost notice costs
#: this delay.
LOOK_AGAIN_S = 5.0
#: SHA-256 of a certificate in hex.
_FINGERPRINT = re.compile(r"[0-9a-fA-F]{64}")


class Members:
    """Holds the current ``Directory``, and keeps the trust list; the store's rows are the truth."""

    def __init__(self, store: Store, committer: Committer, trust: Trust, clock: Clock) -> None:
        self._store = store
        self._committer = committer
        self._trust = trust
        self._clock = clock
        self.directory = Directory(())
        self._reads_begun = self._read_shown = 0

    async def load(self) -> None:
        """Read the directory from the store, and what was revoked."""
        self._reads_begun += 1
        read = self._reads_begun
        agencies, certificates = await self._store.agencies(), await self._store.certificates()
        # Reads may come back in another order: an older one must not undo what a newer one saw.
        if read > self._read_shown:
            self._read_shown = read
            self.directory = Directory(agencies)
            self._trust.renew(certificates)

    async def follow(self, bus: Bus) -> None:
        """Keep up with what other processes change, for ever."""
        with bus.listen(DIRECTORY, statuses=False) as listener:
            while True:
                await listener.wait(LOOK_AGAIN_S)
                try:
                    await self.load()
                except Unavailable:
                    # The store has said so; what was known is better than nothing.
                    continue

    def agency(self, organ_id: str) -> Agency:
        """The agency of a code or unit; ``agency.unknown`` when there is none."""
        agency = self.directory.agency_of(organ_id)
        if agency is None:
            raise rejected("agency.unknown", code=organ_id)
        return agency

    async def lock(self, code: str, locked: bool, actor: str, why: str) -> int:
        """Lock an agency out or let it in again; returns how many deliveries moved."""
        agency = self.agency(code)
        audit = self._audit(actor, "lock" if locked else "unlock", agency.code, why)
        moved, above = 0, None
        while True:
            command = Lock(code=agency.code, locked=locked, audit=audit, above=above)
            outcome = await self._one(command)
            moved += len(outcome.moved)
            # Others write between two stretches of it.
            if (above := outcome.reached) is None:
                return moved

    async def register(self, agency: Agency, actor: str, why: str) -> None:
        """Add an agency."""
        await self._one(
            Register(agency=agency, audit=self._audit(actor, "register", agency.code, why))
        )

    async def revoke(self, named: str, actor: str, why: str) -> Revoked:
        """Distrust the certificate of this fingerprint, or all of this agency's, from now on.

        A package that is being taken in at this moment may still be judged as before it.
        """
        fingerprint = named.lower() if _FINGERPRINT.fullmatch(named) else ""
        agency = "" if fingerprint else self.agency(named).code
        audit = self._audit(actor, "revoke", fingerprint or agency, why)
        command = Revoke(fingerprint=fingerprint, agency=agency, audit=audit)
        outcome: Outcome
        (outcome,) = await self._committer.submit([command])
        if isinstance(outcome, Refused):
            raise Rejected([outcome.fault])
        assert isinstance(outcome, Revoked)
        # At once, and not only when the store has been asked again.
        self._trust.renew(outcome.certificates)
        return outcome

    def _audit(self, actor: str, act: str, target: str, why: str) -> Audit:
        now = self._clock.now()
        return Audit(actor=actor, act=act, target=target, why=reasons.required(why), now=now)

    async def _one(self, command: Lock | Register) -> Recorded:
        outcome: Outcome
        (outcome,) = await self._committer.submit([command])
        if isinstance(outcome, Refused):
            raise Rejected([outcome.fault])
        assert isinstance(outcome, Recorded)
        await self.load()
        return outcome
