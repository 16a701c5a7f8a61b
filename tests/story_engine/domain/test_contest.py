"""Who goes on in a contest, and what is said of the others."""

from __future__ import annotations

import pytest

from story_engine.domain.contest import Measures, decide, judged_step
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
def test_imagined_pictures_are_judged_after_a_quarter_of_the_steps(steps, judged):
    assert judged_step(steps) == judged


def test_a_picture_that_begins_with_another_one_is_judged_after_a_quarter_of_what_it_makes():
    assert (judged_step(20, skipped=12), judged_step(20, skipped=19)) == (14, 20)
