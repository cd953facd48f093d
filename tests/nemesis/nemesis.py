"""Does to the large form what a plan says, and undoes it."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.nemesis.faults import Cast, Fault
from tests.nemesis.ground import AXES, BROKER, CREWS, LOOK_S, POSTGRES, RELAYS, Ground

Heal = Callable[[], object]

#: What can be done only to who has begun to work.
_WORKING = ("stop", "kill worker")


def cast_of(*, networks: bool) -> Cast:
    """Who there is to be harmed."""
    return Cast(
        axes=tuple(AXES),
        relays=RELAYS,
        crews=CREWS,
        postgres=POSTGRES,
        broker=BROKER,
        crowded=max(AXES, key=lambda name: AXES[name]),
        networks=networks,
    )


@dataclass(frozen=True, slots=True)
class _There:
    """A fault that is there, from and until when (monotonic seconds), and what undoes it."""

    fault: Fault
    begun_s: float
    until_s: float
    heal: Heal


@dataclass
class Nemesis:
    """``done`` are the faults that were really there: (fault, begun, healed), and ``healed_s`` is
    when all were over, in monotonic seconds.
    """

    ground: Ground
    seed: int
    tell: Callable[[str], None]
    done: list[tuple[Fault, float, float]] = field(default_factory=list)
    healed_s: float = 0.0

    def rage(self, faults: Sequence[Fault], seconds: float) -> None:
        """Carry a plan out; everything is healed on return, also when it is cut off.

        Whoever is not there waits for its fault until it is. What has not begun after ``seconds``
        does not begin any more.
        """
        dice = random.Random(f"nemesis {self.seed}")
        start_s = time.monotonic()
        coming = list(faults)
        there: list[_There] = []
        with ExitStack() as unhealed:
            unhealed.callback(lambda: [one.heal() for one in there])
            while there or time.monotonic() - start_s < seconds:
                now = time.monotonic()
                for one in [one for one in there if one.until_s <= now]:
                    there.remove(one)
                    one.heal()
                    self.done.append((one.fault, one.begun_s, time.monotonic()))
                at_s = now - start_s
                due = [fault for fault in coming if fault.begin_s <= at_s < seconds]
                fault = next((fault for fault in due if not self._unsettled(fault, there)), None)
                if fault is not None:
                    coming.remove(fault)
                    heal = self._begin(fault, dice)
                    self.tell(f"{at_s:6.1f} s  {told(fault)}{'' if heal else ': none found'}")
                    if heal is not None:
                        # One that began late lasts as long.
                        until_s = now + fault.heal_s - fault.begin_s
                        there.append(_There(fault, now, until_s, heal))
                self.ground.tend()
                time.sleep(LOOK_S)
        for server in (self.ground.postgres, self.ground.kafka):
            server.there()
        self.healed_s = time.monotonic()

    def _unsettled(self, fault: Fault, there: Sequence[_There]) -> bool:
        """Whether whom it befalls has not come back from what befell it before."""
        if any(fault.busy & one.fault.busy for one in there):
            return True
        servers = {POSTGRES: self.ground.postgres, BROKER: self.ground.kafka}
        server = servers.get(fault.target)
        if server is not None:
            return server.starting
        # Who is just starting may be killed, but there is nothing to be stopped.
        return fault.kind in _WORKING and not self.ground.members[fault.target].working

    def _begin(self, fault: Fault, dice: random.Random) -> Heal | None:
        """Do it; what undoes it, or None where there was nobody to do it to."""
        match fault.kind, fault.target:
            case "cut", _:
                return self._cut(fault)
            case "kill", "postgres":
                self.ground.postgres.kill()
                return self.ground.postgres.start_aside
            case "stop session", _:
                pid = self.ground.postgres.stop_session(writing=not fault.part)
                return (lambda: self.ground.postgres.resume(pid)) if pid else None
            case "kill", "broker":
                self.ground.kafka.kill()
                return self.ground.kafka.start_aside
            case "stop", "broker":
                self.ground.kafka.stop()
                return self.ground.kafka.resume
            case "kill worker", _:
                return self._kill_worker(fault, dice)
            case "kill", _:
                member = self.ground.members[fault.target]
                member.kill(whole=not fault.part)
                return member.start
            case _:
                return self._stop(fault)

    def _cut(self, fault: Fault) -> Heal:
        network, hosts = self.ground.network, self.ground.hosts
        assert network is not None
        one, other = hosts[fault.target], hosts[fault.other]
        network.cut(one, other, one_way=fault.part)
        return lambda: network.mend(one, other, one_way=fault.part)

    def _kill_worker(self, fault: Fault, dice: random.Random) -> Heal:
        """One of several; its parent starts another."""
        member = self.ground.members[fault.target]
        member.send(signal.SIGKILL, dice.sample(member.family()[1:], 1))
        return lambda: None

    def _stop(self, fault: Fault) -> Heal:
        """All of a family at once, as a machine that stands still, or the youngest of it."""
        member = self.ground.members[fault.target]
        pids = member.family()
        if fault.part:
            pids = pids[-1:]
        member.send(signal.SIGSTOP, pids)
        return lambda: member.send(signal.SIGCONT, pids)


def told(fault: Fault) -> str:
    """A fault as a person reads it."""
    how = f" for {fault.heal_s - fault.begin_s:.1f} s"
    if fault.kind == "cut":
        way = "to" if fault.part else "from"
        return f"{fault.kind} {fault.target} {'one way ' if fault.part else ''}{way} {fault.other}{how}"
    if fault.kind == "kill worker" or fault.target in (POSTGRES, BROKER):
        return f"{fault.kind} {fault.target}{'' if fault.kind == 'kill worker' else how}"
    return f"{fault.kind} {'one process of ' if fault.part else ''}{fault.target}{how}"
