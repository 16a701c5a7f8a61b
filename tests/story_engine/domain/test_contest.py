"""Who goes on in a contest, and what is said of the others."""

from __future__ import annotations

import pytest

from story_engine.domain.contest import Adherence, Measures, Round, decide, rounds
from story_engine.messages import known_codes


def test_the_best_of_both_measures_goes_on_and_the_others_are_told_what_spoke_against_them():
    measured = {
        "stray": Measures(agreement=0.60, score=5.0),
        "plain": Measures(agreement=0.91, score=4.0),
        "best": Measures(agreement=0.91, score=5.1),
    }

    verdict = decide(measured, keep=1)

    assert verdict.order[0] == "best"
    assert {key: reason.code for key, reason in verdict.reasons.items()} == {
        "stray": "contest.agreement",
        "plain": "contest.score",
    }
    assert verdict.reasons["stray"].values == {"best": "best", "value": "0.60", "other": "0.91"}
    assert {reason.code for reason in verdict.reasons.values()} <= known_codes()


def test_two_numbers_that_differ_are_never_told_as_the_same():
    verdict = decide({"a": Measures(agreement=0.9841), "b": Measures(agreement=0.9838)}, keep=1)

    assert verdict.reasons["b"].values == {"best": "a", "value": "0.9838", "other": "0.9841"}


def test_what_one_take_lacks_counts_for_none_of_them():
    measured = {"a": Measures(agreement=0.5, score=None), "b": Measures(agreement=0.6, score=9.0)}

    assert decide(measured, keep=1).order == ("b", "a")
    assert decide({"a": Measures(), "b": Measures()}, keep=1).reasons["b"].code == "contest.alike"


def test_likeness_to_an_anchor_decides_where_nothing_else_does():
    verdict = decide({"a": Measures(anchor=0.2), "b": Measures(anchor=0.8), "c": Measures(anchor=0.7)}, keep=2)

    assert verdict.order == ("b", "c", "a")
    assert verdict.reasons["a"].code == "contest.anchor"


@pytest.mark.parametrize(("steps", "judged"), [(1, 1), (2, 1), (12, 3), (20, 5), (50, 12)])
def test_where_nobody_reads_the_prompt_takes_are_judged_once_after_a_quarter_of_the_steps(steps, judged):
    assert rounds(8, keep=1, is_read=False, steps=steps) == (Round(step=judged, keep=1),)


@pytest.mark.parametrize(("steps", "judged"), [(12, (3, 5)), (20, (5, 8)), (50, (12, 21)), (4, (1, 2))])
def test_where_somebody_reads_it_three_of_eight_go_on_to_a_later_verdict(steps, judged):
    first, last = judged
    expected = (Round(step=first, keep=3), Round(step=last, keep=1))
    assert rounds(8, keep=1, is_read=True, steps=steps) == expected


@pytest.mark.parametrize(("takes", "keep", "steps"), [(2, 1, 12), (4, 2, 12), (8, 1, 2), (8, 1, 1)])
def test_a_second_round_that_would_part_nobody_or_come_at_the_same_step_is_left_out(takes, keep, steps):
    assert [each.keep for each in rounds(takes, keep=keep, is_read=True, steps=steps)] == [keep]


def test_a_picture_that_begins_with_another_one_is_judged_after_shares_of_what_it_makes():
    assert [each.step for each in rounds(8, keep=1, is_read=True, steps=20, skipped=12)] == [14, 15]
    assert [each.step for each in rounds(8, keep=1, is_read=True, steps=20, skipped=19)] == [20]


def seen(girl: float, garden: float) -> Adherence:
    return Adherence(value=(girl * garden) ** 0.5, words={"女孩": girl, "花园": garden})


def test_what_the_prompt_asks_for_comes_before_what_most_takes_show():
    measured = {
        "a boy": Measures(adherence=seen(0.1, 0.9), agreement=0.95, score=5.0),
        "another boy": Measures(adherence=seen(0.2, 0.8), agreement=0.95, score=5.1),
        "the girl": Measures(adherence=seen(0.9, 0.8), agreement=0.90, score=4.9),
    }

    verdict = decide(measured, keep=1)

    assert verdict.order[0] == "the girl"
    assert verdict.reasons["a boy"].code == "contest.adherence"
    assert verdict.reasons["a boy"].values == {"best": "the girl", "words": "女孩", "value": "10%", "other": "90%"}
    assert verdict.reasons["a boy"].code in known_codes()


def test_takes_that_all_show_their_prompt_are_not_told_apart_by_it():
    measured = {
        "surer": Measures(adherence=seen(0.99, 0.99), agreement=0.80),
        "nearly as sure": Measures(adherence=seen(0.98, 0.99), agreement=0.95),
    }

    verdict = decide(measured, keep=1)

    assert verdict.order[0] == "nearly as sure"
    assert verdict.reasons["surer"].code == "contest.agreement"


def test_where_one_take_could_not_be_read_nobody_is_judged_by_its_prompt():
    measured = {"read": Measures(adherence=seen(0.9, 0.9), score=4.0), "not read": Measures(score=5.0)}

    assert decide(measured, keep=1).order[0] == "not read"
