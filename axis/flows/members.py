"""The directory and the trust list as the running axis sees them, and the acts that change them."""

from __future__ import annotations

import hashlib
import re
import secrets

from axis.core import reasons
from axis.core.commands import Audit, Lock, Outcome, Recorded, Refused
from axis.core.directory import Agency, Directory
from axis.core.errors import Rejected, Unavailable, rejected
from axis.core.lifecycle import Transport
from axis.core.member_commands import Certify, Register, Renew, Revoke, Revoked
from axis.core.trust import BadCertificate, Certificate
from axis.flows.commit import Committer
from axis.ports import Bus, Clock, Store, Trust

#: The topic on which a change of the directory is told: the recipient is every process.
DIRECTORY = "directory"
#: The directory is read again this often: a lost notice of what another process changed costs this
#: delay, and so does a read that failed behind a change of our own.
LOOK_AGAIN_S = 5.0
#: Random bytes of a client secret.
SECRET_BYTES = 32
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
        """Keep up with what is changed, by whichever process, for ever."""
        with bus.listen(DIRECTORY, statuses=False) as listener:
            while True:
                await listener.wait(LOOK_AGAIN_S)
                try:
                    await self.load()
                except Unavailable:
                    # The store has said so; what was known is better than nothing.
                    continue

    def agency(self, organ_id: str, place: str = "") -> Agency:
        """The agency of a code or unit that stands at ``place`` of a request; ``agency.unknown``
        when there is none.
        """
        agency = self.directory.agency_of(organ_id)
        if agency is None:
            raise rejected("agency.unknown", place, code=organ_id)
        return agency

    def member(self, code: str) -> Agency:
        """The agency with exactly this code: an act meant for a unit is for no whole agency."""
        agency = self.directory.get(code)
        if agency is None:
            raise rejected("agency.unknown", code=code)
        return agency

    async def lock(self, code: str, locked: bool, actor: str, why: str) -> int:
        """Lock an agency out or let it in again; how many deliveries were parked, or wait again."""
        agency = self.member(code)
        audit = self._audit(actor, "lock" if locked else "unlock", agency.code, why)
        moved, above = 0, None
        while True:
            command = Lock(code=agency.code, locked=locked, audit=audit, above=above)
            outcome = await self._one(command)
            # What was being given back is done and stays so: it is withheld, and never parked.
            moved += sum(one.transport is not Transport.DONE for one in outcome.moved)
            # Others write between two stretches of it.
            if (above := outcome.reached) is None:
                return moved

    async def register(self, agency: Agency, actor: str, why: str) -> None:
        """Add an agency."""
        await self._one(
            Register(agency=agency, audit=self._audit(actor, "register", agency.code, why))
        )

    async def renew_secret(self, code: str, actor: str, why: str) -> tuple[str, str]:
        """Give an agency's client another secret; its id and the secret, which is told this once.

        Tokens that were given out for the one before live on until they end.
        """
        agency, secret = self.member(code), secrets.token_hex(SECRET_BYTES)
        audit = self._audit(actor, "secret", agency.code, why)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        await self._one(Renew(agency=agency.code, secret_sha256=digest, audit=audit))
        return agency.code, secret

    async def certificates(self, code: str) -> list[Certificate]:
        """The trust list; of one agency, unless ``code`` is empty."""
        found = await self._store.certificates()
        return [certificate for certificate in found if code in ("", certificate.agency)]

    async def certify(self, code: str, pem: str, actor: str, why: str) -> Certificate:
        """Trust a certificate of an agency from now on, beside those that it has."""
        agency = self.member(code).code
        try:
            certificate = self._trust.read(agency, pem)
        except BadCertificate as error:
            raise rejected("certificate.bad", "certificate", reason=str(error)) from error
        audit = self._audit(actor, "trust", certificate.fingerprint, why)
        await self._one(Certify(certificate=certificate, audit=audit))
        return certificate

    async def revoke(self, named: str, actor: str, why: str) -> Revoked:
        """Distrust the certificate of this fingerprint, or all of this agency's, from now on.

        A package that is being taken in at this moment may still be judged as before it.
        """
        fingerprint = named.lower() if _FINGERPRINT.fullmatch(named) else ""
        agency = "" if fingerprint else self.member(named).code
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

    async def _one(self, command: Lock | Register | Renew | Certify) -> Recorded:
        outcome: Outcome
        (outcome,) = await self._committer.submit([command])
        if isinstance(outcome, Refused):
            raise Rejected([outcome.fault])
        assert isinstance(outcome, Recorded)
        await self.load()
        return outcome
