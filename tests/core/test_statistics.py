"""Measures are made of counters; of nothing there is no share and no mean."""

from __future__ import annotations

from axis.core.statistics import BOOKS, MEASURES, METRICS, measured
from axis.core.timeliness import ACCEPTANCE, FAMILIES, SENDING, SIGNATURE
from schemas.rest_statistics import Measures


def test_measures_are_those_of_the_wire():
    assert [m.name for m in MEASURES] == list(Measures.model_fields)
    assert {m.family for m in MEASURES} == {BOOKS, *FAMILIES}


def test_of_nothing_there_are_counts_but_no_shares():
    for measure in MEASURES:
        assert measure.of({}) == (0 if measure.kind == "count" else None), measure.name


def test_every_counter_that_is_read_belongs_to_a_measure():
    some = {**dict.fromkeys(METRICS, 1), "sent": 99, "said.03": 99, "acceptance.seconds": 3600}
    for metric in METRICS:
        more = {**some, metric: 2 * some[metric]}
        assert [m.of(more) for m in MEASURES] != [m.of(some) for m in MEASURES], metric


def test_signatures_that_are_not_counted_are_valid():
    counts = {"sent": 8, "signature.absent": 1, "signature.weak": 1}
    assert measured(SIGNATURE, counts) == {"signature_valid": 6, "signature_valid_share": 0.75}


def test_shares_have_four_digits_and_means_two():
    signed = measured(SIGNATURE, {"sent": 3, "signature.absent": 1})
    assert signed["signature_valid_share"] == 0.6667
    counts = {"sent": 4, "sending.later": 3, "sending.undated": 1, "sending.days": 7}
    assert measured(SENDING, counts)["sent_mean_days"] == 2.33


def test_sending_has_classes_that_add_up():
    counts = {
        "sent": 10,
        "sending.next_morning": 3,
        "sending.later": 2,
        "sending.undated": 2,
        "sending.days": 20,
    }
    assert measured(SENDING, counts) == {
        "sent_same_day": 3,
        "sent_next_morning": 3,
        "sent_later": 2,
        "sent_undated": 2,
        "sent_in_time_share": 0.75,
        "sent_mean_days": 2.5,
    }


def test_acceptance_has_classes_that_add_up():
    counts = {
        "said.03": 10,
        "acceptance.next_day": 1,
        "acceptance.later": 1,
        "acceptance.untimed": 2,
        "acceptance.seconds": 8 * 5400,
    }
    assert measured(ACCEPTANCE, counts) == {
        "accepted_within_hour": 6,
        "accepted_next_day": 1,
        "accepted_later": 1,
        "accepted_untimed": 2,
        "accepted_within_hour_share": 0.75,
        "accepted_by_next_day_share": 0.875,
        "accepted_mean_hours": 1.5,
    }
