"""What packages weigh is known without building them, in both profiles."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cache

import pytest

from agencies import model_offices
from agencies.compose import compose
from agencies.history.plan import plan_of
from agencies.keys import AgencyKey, make_agency, make_authority
from agencies.sizes import PROFILES, REAL, SMALL, Profile, file_sizes, package_bytes, total_bytes
from agencies.traffic import Planned
from agencies.words import row_of
from schemas.edxml import NEW, PACKAGE_BYTES_MAX, DocumentPackage
from schemas.edxml_read import read
from schemas.edxml_write import write
from schemas.xmldsig import sign
from tests.agencies.historic import near, whole_history
from tests.agencies.test_traffic import assert_shares

DAY = date(2019, 12, 16)


@cache
def key_of(code: str) -> AgencyKey:
    return make_agency(make_authority(1), code, row_of(code).name_vi)


@cache
def day() -> tuple[Planned, ...]:
    return plan_of(DAY, 1)


def weighed(planned: Planned, profile: Profile) -> int:
    key = key_of(planned.sender)
    return len(sign(write(compose(planned, profile)), key.private_key, key.certificate_der))


def some() -> list[Planned]:
    """Every fortieth document of a day, those for many, and some of each kind that speaks."""
    chosen = [p for p in day() if p.index % 40 == 0 or (len(p.recipients) > 60 and p.index % 3)]
    return [*chosen, *whole_history().speaking[:40]]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_a_package_weighs_what_was_planned_within_500_bytes(profile: Profile) -> None:
    chosen = some() if profile is SMALL else some()[::16]
    strays = [weighed(p, profile) - package_bytes(p, profile) for p in chosen]
    assert max(map(abs, strays)) <= 500
    planned = sum(package_bytes(p, profile) for p in chosen)
    assert abs(sum(strays)) < planned * (0.003 if profile is SMALL else 0.0002)


def test_the_small_profile_weighs_20_kilobytes_a_package() -> None:
    assert abs(total_bytes(day(), SMALL) / len(day()) - 20_000) < 100


def test_the_whole_history_of_real_packages_would_weigh_some_420_gigabytes() -> None:
    mean = total_bytes(day(), REAL) / len(day())
    assert 1_250_000 < mean < 1_550_000


def test_real_files_have_their_median_and_spread() -> None:
    found = [file_sizes(p, REAL, 0) for p in day()]
    main = sorted(sizes[0] for sizes in found)
    for sigmas, share in ((-1, 0.158655), (0, 0.5), (1, 0.841345)):
        bound = 180_000 * 2.718281828 ** (0.9 * sigmas)
        assert near(sum(size <= bound for size in main), len(main), share)
    others = [size for sizes in found for size in sizes[1:]]
    assert near(sum(size <= 350_000 for size in others), len(others), 0.5)
    assert_shares(Counter(len(s) - 1 for s in found), model_offices.ATTACHMENTS_PER_MILLE.value)


def test_no_package_is_larger_than_what_the_axis_takes() -> None:
    plans = [plan_of(date(2019, 12, n), 1) for n in range(9, 14)]
    largest = max((p for plan in plans for p in plan), key=lambda p: package_bytes(p, REAL))
    # One that was cut to the limit.
    assert package_bytes(largest, REAL) > 0.99 * PACKAGE_BYTES_MAX
    assert weighed(largest, REAL) <= PACKAGE_BYTES_MAX


def test_a_real_package_is_read_with_all_its_files() -> None:
    planned = next(p for p in day() if len(file_sizes(p, REAL, 0)) == 4)
    reading = read(write(compose(planned, REAL)), files=True)
    assert reading.problems == ()
    assert isinstance(reading.package, DocumentPackage)
    sizes = [len(file.data) for file in reading.package.attachments]
    for size, wanted in zip(sizes, file_sizes(planned, REAL, 0), strict=True):
        assert abs(size - wanted) < 30
    assert [file.description for file in reading.package.attachments[1:]] == [
        "Phụ lục 1",
        "Phụ lục 2",
        "Phụ lục 3",
    ]


def test_a_plan_weighs_the_sum_of_its_packages() -> None:
    assert total_bytes(day()[:50], REAL) == sum(package_bytes(p, REAL) for p in day()[:50])
    assert total_bytes((), REAL) == 0


def test_the_profile_changes_no_word() -> None:
    for planned in day()[:20]:
        small, real = compose(planned, SMALL), compose(planned, REAL)
        assert planned.business == NEW
        assert (small.subject, small.signer, small.due) == (real.subject, real.signer, real.due)
