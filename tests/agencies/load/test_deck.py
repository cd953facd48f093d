"""Packages built while a course plays: others than those before, whole, and behind them."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from agencies.load.course import CONSTANT, course
from agencies.load.course_orders import CourseOrders
from agencies.load.deck import PACKAGES, Builder, fill
from agencies.load.impossible import Impossible
from agencies.load.personas import MALFORMED
from agencies.load.plan import STEP_DOCUMENTS_MAX, Shape
from agencies.load.spool import Spool
from agencies.world import make_world, read_key
from schemas.codes import agencies

EVEN = course(CONSTANT, seconds=4, rate=50, first=50, times=1, every_s=1, burst_s=1)
#: The one that sends most.
LARGEST = "000.00.00.G22"


@pytest.fixture
def orders(tmp_path: Path) -> CourseOrders:
    home = tmp_path / "home"
    make_world(home)
    return CourseOrders(
        home=home,
        work=tmp_path / "work",
        url="http://127.0.0.1:1",
        axis_pid=None,
        shape=Shape(fanout=1),
        course=EVEN,
        personas={LARGEST: MALFORMED},
        ahead=1,
    )


def test_more_packages_lie_behind_the_first_and_are_others(orders: CourseOrders) -> None:
    keys = {row.code: read_key(orders.home, row.code) for row in agencies()}
    with Spool(orders.work / PACKAGES) as spool:
        deck = fill(spool, orders, keys, 200)
        builder = Builder(orders, spool)
        for count in (1, 60):
            deck += asyncio.run(builder.build(len(deck), count))
        assert [letter.index for letter in deck] == list(range(261))
        assert len({letter.document_id for letter in deck}) == 261
        starts = [letter.start for letter in deck]
        assert starts == sorted(set(starts))
        for letter in deck:
            assert hashlib.sha256(spool.raw(letter)).hexdigest() == letter.sha256
        # Personas hold for what is built meanwhile too.
        spoilt = [letter for letter in deck[200:] if letter.sender == LARGEST]
        assert spoilt
        for letter in spoilt:
            raw = spool.raw(letter)
            assert b"<!DOCTYPE" in raw if letter.index % 2 else not raw.endswith(b">")
    assert not list(orders.work.iterdir())


def test_more_than_one_test_may_have_is_refused(orders: CourseOrders) -> None:
    with Spool(orders.work / PACKAGES) as spool:
        building = Builder(orders, spool).build(STEP_DOCUMENTS_MAX, 1)
        with pytest.raises(Impossible, match="a shorter test would do"):
            asyncio.run(building)
