"""When a soak is flat: what forbids it, and a minute of a real one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agencies.load.plan import Shape, Step
from agencies.load.spool import Spool
from agencies.world import make_world
from benchmarks.soak import Period, build, main, verdict
from tests.acceptance.conftest import DEADLINE_S

GOOD = Period(documents=100, p50=0.005, p99=0.02, memory_mb=200.0, recount_s=0.1, wrong="")


def climbing(**by: float) -> list[Period]:
    return [
        replace(GOOD, **{name: getattr(GOOD, name) + each * at for name, each in by.items()})
        for at in range(20)
    ]


def test_twenty_like_periods_are_flat() -> None:
    assert verdict([GOOD] * 20, 60) == []


def test_memory_that_climbs_is_told() -> None:
    hour, short = 180, 15
    assert verdict(climbing(memory_mb=1.0), hour) == []
    (found,) = verdict(climbing(memory_mb=5.0), hour)
    assert found == "memory heads upward, by 85 MB"
    # Caches may still be filling.
    assert verdict(climbing(memory_mb=5.0), short) == []
    (found,) = verdict(climbing(memory_mb=6.0), short)
    assert found == "memory heads upward, by 102 MB"


def test_a_p99_that_climbs_is_told() -> None:
    (found,) = verdict(climbing(p99=0.005), 60)
    assert found == "p99 heads upward, by 0.085 s"


def test_books_that_are_wrong_once_are_told() -> None:
    periods = [GOOD] * 20
    periods[7] = replace(GOOD, wrong="1 lost")
    assert verdict(periods, 60) == ["period 8: 1 lost"]


def test_packages_are_built_for_another_process_to_send(tmp_path: Path) -> None:
    make_world(tmp_path / "home")
    step = Step(number=1, rate=10.0, documents=20, fanout=Shape().base.fanout, seed=2)
    letters = build(step, tmp_path / "home", tmp_path / "packages")
    with Spool(tmp_path / "packages", more=True) as spool:
        spool.grow()
        assert [len(spool.raw(one)) for one in letters] == [one.size for one in letters]
        assert all(one.document_id.encode() in spool.raw(one) for one in letters)
    assert not (tmp_path / "packages").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--minutes", "0"), "--minutes is from 0.33 to "),
        (("--minutes", "0.3"), "--minutes is from 0.33 to "),
        (("--rate", "0"), "--rate 0 is no document in a period of 60 s"),
        (("--minutes", "0.4", "--rate", "0.1"), "--rate 0.1 is no document in a period of 2.4 s"),
    ],
)
def test_a_soak_of_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["soak", *options])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.acceptance
@pytest.mark.long
def test_a_minute_of_a_soak_balances_in_every_period() -> None:
    # Slow enough for any machine; what is flat on a busy one is not judged here.
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", "--minutes", "1", "--rate", "20"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=DEADLINE_S,
        check=False,
    )
    said = done.stdout.decode()
    periods = [line for line in said.splitlines() if line.endswith("| balanced |")]
    assert len(periods) == 10, said
    assert "| 1 | 20 |" in periods[0]
    assert done.returncode == ("Flat, and balanced." not in said), said
