import pytest

from story_engine.domain.run import LEAST_ADHERENCE, prompts_kept_percent


@pytest.mark.parametrize(
    ("adherence", "base", "percent"),
    [(0.1, 0.2, 50), (0.2, 0.2, 100), (0.0, 0.2, 0)],
)
def test_what_is_left_of_the_prompts_is_told_in_percent_of_the_base(adherence: float, base: float, percent: int):
    assert prompts_kept_percent(adherence, base=base) == percent


def test_samples_nearer_to_their_prompts_than_the_bases_have_kept_all_of_them():
    assert prompts_kept_percent(0.3, base=0.2) == 100


def test_samples_that_their_prompts_would_make_worse_have_kept_nothing():
    assert prompts_kept_percent(-0.1, base=0.2) == 0


@pytest.mark.parametrize(("adherence", "base"), [(None, 0.2), (0.2, None), (0.2, LEAST_ADHERENCE / 2), (0.2, -0.1)])
def test_nothing_is_said_where_one_of_them_is_unknown_or_the_prompts_say_the_base_nothing(
    adherence: float | None, base: float | None
):
    assert prompts_kept_percent(adherence, base=base) is None
