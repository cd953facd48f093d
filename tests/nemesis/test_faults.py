"""The plan of a storm: the same for a seed, every kind in the shortest, nobody harmed twice at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest

from tests.nemesis.faults import AWAY_S, HELD_S, Cast, Fault, storm

#: The short form of CI.
SHORT_S = 75.0

CASTS = {
    "small": Cast(("a-1", "a-2"), (), ("c-1", "c-2"), "books", "bus", "a-1", networks=True),
    "with relays": Cast(
        ("a-1", "a-2"), ("r-1", "r-2"), ("c-1", "c-2"), "books", "bus", "a-1", networks=True
    ),
    "without networks": Cast(("a-1", "a-2"), (), ("c-1",), "books", "bus", "a-1", networks=False),
}


def _kinds(faults: Sequence[Fault]) -> set[tuple[str, str, str]]:
    return {(f.kind, f.target.partition("-")[0], f.other.partition("-")[0]) for f in faults}


@pytest.mark.parametrize("name", CASTS)
@pytest.mark.parametrize("seed", range(20))
def test_the_shortest_storm_has_every_kind(name: str, seed: int) -> None:
    cast = CASTS[name]
    wanted = {
        (kind, targets[0].partition("-")[0], (others or ("",))[0].partition("-")[0])
        for kind, targets, others in cast.kinds()
    }
    assert _kinds(storm(seed, SHORT_S, cast)) == wanted


@pytest.mark.parametrize("seed", range(20))
def test_nobody_is_harmed_twice_at_once_and_all_are_healed_in_the_end(seed: int) -> None:
    faults = storm(seed, 600, CASTS["with relays"])
    assert len(faults) > 60
    assert [f.begin_s for f in faults] == sorted(f.begin_s for f in faults)
    for fault in faults:
        span_s = AWAY_S if fault.kind.startswith("kill") else HELD_S
        assert fault.begin_s < fault.heal_s <= 600
        assert fault.heal_s == 600 or span_s[0] <= fault.heal_s - fault.begin_s <= span_s[1]
    for one, other in combinations(faults, 2):
        if one.busy & other.busy:
            assert one.heal_s <= other.begin_s


def test_a_storm_follows_from_its_seed() -> None:
    cast = CASTS["with relays"]
    assert storm(7, 120, cast) == storm(7, 120, cast)
    assert storm(7, 120, cast) != storm(8, 120, cast)


def test_without_networks_nobody_is_cut_off() -> None:
    assert "cut" not in {f.kind for f in storm(1, 600, CASTS["without networks"])}
