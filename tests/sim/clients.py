"""The cast of a run: some agencies, each sender and recipient at once, and two operators."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

from axis.adapters.memory_store import MemoryBooks, MemoryStore
from axis.core.caller import AGENCY, OPERATOR
from axis.core.directory import Agency, Client
from tests.sim.letters import Desk
from tests.sim.network import Network
from tests.sim.operator import Operator
from tests.sim.recipient import Recipient
from tests.sim.sender import Sender
from tests.sim.session import Session
from tests.sim.signing import Signing
from tests.sim.world import World

_OPERATORS = ("operator-1", "operator-2")


class Cast:
    """Everybody who calls the axis."""

    def __init__(
        self, world: World, network: Network, codes: Sequence[str], signing: Signing
    ) -> None:
        self._network = network
        self.sessions = {code: Session(world, network, code, _secret(code)) for code in codes}
        self.senders: dict[str, Sender] = {}
        self.recipients: dict[str, Recipient] = {}
        for code, session in self.sessions.items():
            desk = Desk(code, codes, world.dice(f"desk {code}"), signing)
            self.senders[code] = Sender(session, desk)
            self.recipients[code] = Recipient(session)
        # No two operators lock the same agency: the checkers could not tell whose lock it is.
        self.operators = [
            Operator(Session(world, network, name, _secret(name)), codes[i :: len(_OPERATORS)])
            for i, name in enumerate(_OPERATORS)
        ]
        self._sending = True

    async def act(self) -> None:
        """Act for ever: polling and looking never end."""
        async with asyncio.TaskGroup() as group:
            for recipient in self.recipients.values():
                group.create_task(recipient.run())
            for operator in self.operators:
                group.create_task(operator.run())
            async with asyncio.TaskGroup() as sending:
                for sender in self.senders.values():
                    sending.create_task(sender.run())
            self._sending = False

    def unfinished(self, books: MemoryBooks) -> list[str]:
        """What somebody still waits for; nothing when all has come to rest."""
        found = []
        if self._sending:
            found.append("a sender has no answer yet")
        if not self._network.quiet:
            found.append("a repeated request is still on its way")
        found += [
            f"{code} has not settled all it has"
            for code, recipient in self.recipients.items()
            if not recipient.at_rest
        ]
        if any(operator.gives_back for operator in self.operators):
            found.append("a job is still giving back")
        found += [f"{one.id} is being given back" for one in books.deliveries.values() if one.again]
        for sender in self.senders.values():
            for receipt in sender.accepted.values():
                for delivery in receipt["deliveries"]:
                    code = delivery.partition(".")[2]
                    if delivery not in self.recipients[code].copies:
                        found.append(f"{delivery} has not reached its recipient")
        for code, recipient in self.recipients.items():
            last = max((e.seq for e in books.events if e.addressee == code), default=0)
            if recipient.cursor < last:
                found.append(f"{code} has read its statuses to {recipient.cursor} of {last}")
        return found


async def enrol(codes: Sequence[str]) -> MemoryBooks:
    """Books in which the cast is known and nothing has happened."""
    books = MemoryBooks()
    agencies = [
        Agency(
            code=code,
            name_vi=f"Cơ quan {code}",
            name_en=f"Agency {code}",
            kind="province",
            level="province",
            certainty="simulated",
        )
        for code in codes
    ]
    clients = [_client(code, AGENCY) for code in codes]
    clients += [_client(name, OPERATOR) for name in _OPERATORS]
    await MemoryStore(books).enrol(agencies, [], clients)
    return books


def _client(name: str, role: str) -> Client:
    digest = hashlib.sha256(_secret(name).encode()).hexdigest()
    return Client(id=name, secret_sha256=digest, roles=(role,))


def _secret(name: str) -> str:
    return f"secret of {name}"
