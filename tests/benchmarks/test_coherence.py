"""A few boards of the benchmark, with other seeds than the figures in its README."""

import pytest

from benchmarks.coherence import AIMS, measure

BOARDS = 6
SEED = 5000


@pytest.mark.thorough
def test_boards_of_one_hand_come_before_mixed_ones_and_odd_panels_and_copies_are_found():
    figures = measure(BOARDS, seed=SEED)
    shares = figures.shares()

    assert {name: share for name, share in shares.items() if name in AIMS and name != "odd panel named"} == {
        "above mixed": 1.0,
        "above shuffled": 1.0,
        "copies flagged": 1.0,
    }
    assert shares["odd panel named"] >= 5 / 6  # named in 91 of 100; chance alone would name 1 of 8
    assert shares["falsely flagged"] <= 1 / 6  # 4 of 100
    means = figures.means()
    assert means["one hand"] < means["mixed"] and means["one hand"] < means["shuffled"]
