"""Where a picture is guided, and away from what."""

import pytest
from pydantic import ValidationError

from story_engine.domain.guidance import EVERYWHERE, LARGEST_NOISE, Guidance, guidance_in
from story_engine.inference.noise_schedule import signal_shares


def test_the_largest_level_bounds_nothing():
    share = float(signal_shares()[-1])

    assert ((1 - share) / share) ** 0.5 < LARGEST_NOISE
    assert all(EVERYWHERE.is_guided_at(level) and EVERYWHERE.is_negative_at(level) for level in (0.029, 1.0, 29.1))


def test_an_interval_is_open_below_and_closed_above():
    levels = Guidance(guidance_above=0.28, guidance_below=5.42, negative_below=1.0)

    assert [levels.is_guided_at(level) for level in (0.28, 0.29, 5.42, 5.43)] == [False, True, True, False]
    assert [levels.is_negative_at(level) for level in (0.0, 1.0, 1.01)] == [True, True, False]


@pytest.mark.parametrize(
    "levels",
    [
        {"guidance_above": 5.0, "guidance_below": 5.0},
        {"guidance_above": -0.1},
        {"guidance_below": 30.5},
        {"negative_below": -1.0},
    ],
)
def test_no_interval_is_refused_and_is_none_in_a_file(levels):
    with pytest.raises(ValidationError):
        Guidance(**levels)
    assert guidance_in(levels) is None


def test_a_file_of_before_there_were_levels_is_guided_everywhere():
    assert guidance_in({"prompt": "a cat"}) == EVERYWHERE
    assert guidance_in({"guidance_below": "much"}) is None
