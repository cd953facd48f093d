"""What a running test tells of itself: true, of the last seconds, and cheap to tell."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.load.plan import Shape, plan
from agencies.load.pulse import DRAINING, LOOKS, PLAYING, SAMPLE_MAX, Pulse, while_built
from agencies.load.record import Record
from agencies.load.spool import Spool
from agencies.load.usage import Meter
from tests.agencies.load.steps import TO, letters
from tests.agencies.load.test_send import keys

BEGIN_S = 100.0


def pulse(record: Record, tmp_path: Path, **other: Any) -> Pulse:
    made = Pulse(record, Meter(None, tmp_path), 10.0, lambda _: 50.0, lambda _: None, **other)
    made._then_s = record.begin_s
    return made


def accept(record: Record, index: int, at_s: float) -> None:
    letter = record.letters[index]
    record.late_s.append(0.0)
    told = {"doc": f"doc_{index}", "sha256": letter.sha256, "deliveries": list(TO)}
    record.accept(letter, at_s, told)


def arrive(record: Record, index: int, delay_s: float, to: tuple[str, ...] = TO) -> None:
    for code in to:
        record.arrive(record.letters[index], code, "d", record.due_s(index) + delay_s)


def test_rates_are_those_since_the_last_look_and_counts_those_so_far(tmp_path: Path) -> None:
    record = Record(letters(100, 0.02), begin_s=BEGIN_S)
    telling = pulse(record, tmp_path)
    for index in range(40):
        accept(record, index, BEGIN_S + 0.5)
    record.late_s += [0.007, 0.003]
    first = telling.told(BEGIN_S + 0.8)
    assert (first["offered"], first["achieved"]) == pytest.approx((42 / 0.8, 40 / 0.8))
    assert (first["doing"], first["accepted"], first["unanswered"]) == (PLAYING, 40, 2)
    assert (first["deliveries"], first["open"]) == (80, 80)
    assert first["rate"] == 50
    for index in range(40, 60):
        accept(record, index, BEGIN_S + 1.5)
    second = telling.told(BEGIN_S + 1.8)
    assert second["achieved"] == pytest.approx(20)
    assert second["accepted"] == 60


def test_how_far_behind_its_moments_the_driver_is_counts_also_what_it_has_not_sent(
    tmp_path: Path,
) -> None:
    record = Record(letters(100, 0.02), begin_s=BEGIN_S)
    telling = pulse(record, tmp_path)
    record.late_s += [0.25] * 10
    assert telling.told(BEGIN_S + 0.2)["late"] == 0.25
    # The eleventh is due at 0.2 s.
    assert telling.told(BEGIN_S + 0.9)["late"] == pytest.approx(0.7)
    record.late_s += [0.0] * 90
    drained = telling.told(BEGIN_S + 2.0)
    assert (drained["doing"], drained["late"]) == (DRAINING, 0.0)


def test_latencies_are_those_of_the_last_looks_alone(tmp_path: Path) -> None:
    record = Record(letters(100, 0.02), begin_s=BEGIN_S)
    telling = pulse(record, tmp_path)
    assert telling.told(BEGIN_S)["p99"] is None
    arrive(record, 0, 3.0)
    for look in range(1, LOOKS + 1):
        arrive(record, look, 0.5)
        assert telling.told(BEGIN_S + look)["p99"] == pytest.approx(3.0)
    arrive(record, LOOKS + 1, 0.5)
    assert telling.told(BEGIN_S + LOOKS + 1)["p99"] == pytest.approx(0.5)


def test_who_is_late_on_purpose_is_left_out(tmp_path: Path) -> None:
    record = Record(letters(10, 0.02), begin_s=BEGIN_S)
    telling = pulse(record, tmp_path, apart={TO[0]})
    arrive(record, 0, 9.0, TO[:1])
    arrive(record, 0, 0.5, TO[1:])
    assert telling.told(BEGIN_S + 1)["p99"] == pytest.approx(0.5)


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=LOOKS))
def test_no_more_than_a_sample_is_read_however_much_came(counts: list[int]) -> None:
    record = Record(letters(sum(counts), 0.001), begin_s=BEGIN_S)
    telling = pulse(record, Path("/"))
    index = 0
    for look, count in enumerate(counts, 1):
        for _ in range(count):
            arrive(record, index, look)
            index += 1
        told = telling.told(BEGIN_S + look)
        assert len(telling._recent[-1]) <= SAMPLE_MAX
        # Of each look something is read where something came.
        assert bool(telling._recent[-1]) is bool(count)
        if count:
            assert told["p99"] <= look + 1e-6


def test_it_tells_how_many_packages_are_built(tmp_path: Path) -> None:
    told: list[Any] = []
    step = Shape(documents=200, seconds=2, fanout=1).step(0, 100)

    async def build() -> int:
        with Spool(tmp_path / "spool") as spool:
            made = await while_built(
                told.append,
                {"documents": 200},
                spool,
                lambda: spool.fill(plan(step), keys(), Shape().profile),
            )
            assert spool.built == len(made)
            return len(made)

    assert asyncio.run(build()) == 200
    assert told[0] == {"doing": "building", "documents": 200, "built": 0}
