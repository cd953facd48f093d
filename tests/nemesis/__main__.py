"""``python -m tests.nemesis --seconds 600 --seed N``: a storm over the large form, and the verdict.

Exit codes: 0 every promise was kept; 1 one was not, or it could not be carried out; 2 CI would have
had to leave something out. What everybody recorded and wrote stays in the folder.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from axis import cluster
from axis.broker import jars, node
from tests.nemesis import apart
from tests.nemesis.check import check
from tests.nemesis.day import Day
from tests.nemesis.faults import storm
from tests.nemesis.figures import figures, report
from tests.nemesis.ground import (
    AXES,
    CREWS,
    FROM_THE_BOOKS,
    LOOK_S,
    RELAYS,
    Ground,
    NotBegun,
    running,
)
from tests.nemesis.nemesis import Nemesis, cast_of
from tests.nemesis.network import Network
from tests.nemesis.run import Run, heard, last_look, memories, reached, topics
from tests.sim.history import Event

#: Documents a second, and the part of the storm in which they are due: the last ones before its end.
RATE, DUE = 8.0, 0.97
#: Seconds after the heal in which everything must have come to rest, and in which something must
#: move. A poll whose way was cut off is given up after 28; what it waited for is asked again then.
DRAIN_S_MAX, STILL_S_MAX = 300.0, 60.0
EXIT_LEFT_OUT = 2

_NOT_CARRIED_OUT = (
    NotBegun,
    TimeoutError,
    cluster.Missing,
    cluster.NotStarted,
    jars.Missing,
    node.NotStarted,
)


def main() -> int:
    """Carry out a run; returns the exit code."""
    asked = _arguments()
    if not apart.inside():
        seed = secrets.randbelow(10**6) if asked.seed is None else asked.seed
        print(f"seed {seed}, {asked.seconds:.0f} s, in {asked.folder}", flush=True)
        try:
            why = apart.enter(
                [
                    *("--seconds", f"{asked.seconds}", "--seed", f"{seed}"),
                    *("--folder", str(asked.folder)),
                ]
            )
        except apart.Required as missing:
            print(missing, file=sys.stderr)
            return EXIT_LEFT_OUT
        print(f"NO NETWORK IS CUT: {why}. All other faults are carried out.", flush=True)
        asked.seed = seed
    # Also where whoever started it had it hear no SIGINT, as shells do behind the scenes.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        return _carry_out(asked)
    except KeyboardInterrupt:
        print("Stopped; everything it started is ended.", file=sys.stderr)
    except _NOT_CARRIED_OUT as error:
        print(f"{error!r}\nagain: {_again(asked)}", file=sys.stderr)
    return 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.nemesis", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seconds", type=float, default=600, help="how long the storm lasts")
    parser.add_argument("--seed", type=int, help="of plan and traffic; a fresh one otherwise")
    parser.add_argument("--folder", type=Path, default=Path("var/nemesis"), help="made anew")
    return parser.parse_args()


def _again(asked: argparse.Namespace) -> str:
    return f"python -m tests.nemesis --seconds {asked.seconds:g} --seed {asked.seed}"


def _carry_out(asked: argparse.Namespace) -> int:
    folder = asked.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    network = None
    if apart.inside():
        network = Network()
        network.start()
    day = Day(asked.seed, asked.seconds * DUE, int(asked.seconds * RATE))
    faults = storm(asked.seed, asked.seconds, cast_of(networks=network is not None))
    with running(folder, day, network) as ground:
        nemesis = Nemesis(ground, asked.seed, lambda line: print(line, flush=True))
        nemesis.rage(faults, asked.seconds)
        print(f"healed; {ground.progress}", flush=True)
        complaints = _drain(ground)
        rest_s = time.monotonic() - nemesis.healed_s
        print(f"at rest after {rest_s:.1f} s; {ground.progress}", flush=True)
        run = _recorded(ground, day, nemesis, complaints)
    violations = check(run)
    print(report(figures(run, nemesis.done), violations))
    if violations:
        print(f"again: {_again(asked)}; what led there lies in {folder}")
    return 1 if violations else 0


def _drain(ground: Ground) -> list[str]:
    """Wait until all is sent, answered and heard of, and every axis says that it can work; a
    complaint when that does not come about.
    """
    now = moved_s = time.monotonic()
    deadline, before = now + DRAIN_S_MAX, ""
    while not ground.finished or ground.unready:
        now, told = time.monotonic(), ground.progress
        moved_s, before = (moved_s, before) if told == before else (now, told)
        if now > min(deadline, moved_s + STILL_S_MAX):
            return [f"no rest after the heal: {told}; not ready: {ground.unready}"]
        ground.tend()
        time.sleep(LOOK_S)
    return []


def _recorded(ground: Ground, day: Day, nemesis: Nemesis, complaints: list[str]) -> Run:
    """Look at everything for the last time and end it. What does not end well is complained of."""
    for name in CREWS:
        ground.members[name].end()
    settings = ground.settings
    final = asyncio.run(last_look(ground, day, nemesis.seed))
    reach = reached(final) if FROM_THE_BOOKS else {}
    told = asyncio.run(topics(ground.kafka.bootstrap, settings.topic_prefix, reach))
    for name in (*AXES, *RELAYS):
        code = ground.members[name].end()
        if code != 0:
            complaints.append(f"{name} ended with {code} on SIGTERM: {ground.members[name].log}")
    return Run(
        sent=[sent for sent, _, _ in day.letters(settings.home)],
        heard=heard(ground),
        final=final,
        memories=memories(settings.home),
        topics=told,
        # Any of them may have kept a refusal from its line in the log, as a crash does.
        events=[(begun_s, Event("crash", fault.target)) for fault, begun_s, _ in nemesis.done],
        healed_s=nemesis.healed_s,
        relayed=FROM_THE_BOOKS,
        complaints=[*complaints, *ground.complaints],
    )


if __name__ == "__main__":
    sys.exit(main())
