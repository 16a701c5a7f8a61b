import pytest

from story_engine.domain.gate import gate


def test_the_mean_counts_only_what_is_scored():
    assert gate([6.0, None, 7.0]).mean == pytest.approx(6.5)


def test_nothing_scored_has_no_mean():
    result = gate([None, None])

    assert result.mean is None
    assert result.pulls == (None, None)


def test_a_low_score_drags_and_a_high_one_lifts():
    result = gate([7.0, 7.0, 4.0])

    assert result.pulls[0] == pytest.approx(0.5)
    assert result.pulls[2] == pytest.approx(6.0 - 7.0)


def test_a_single_picture_has_no_pull():
    assert gate([6.2]).pulls == (None,)
