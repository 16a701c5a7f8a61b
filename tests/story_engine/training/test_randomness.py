from collections import Counter

import pytest
import torch

from story_engine.domain.training import TrainingSpec
from story_engine.training.randomness import Order, draw, draw_class, learning_rate


def a_spec(**changes) -> TrainingSpec:
    return TrainingSpec(**({"name": "a", "dataset": "b"} | changes))


@pytest.mark.parametrize("together", [1, 2, 4, 7])
def test_every_picture_comes_as_often_as_every_other_and_only_with_its_bucket(together):
    buckets = ((0, 1, 2, 3, 4), (5,), (6, 7, 8))
    order = Order(buckets, together=together, seed=3)

    groups = [order.group(number) for number in range(2 * 9)]

    assert set(Counter(picture for group in groups for picture in group).values()) == {2 * together}
    assert all(any(set(group) <= set(bucket) for bucket in buckets) for group in groups)
    assert all(len(group) == together for group in groups)


def test_with_one_bucket_all_pictures_come_before_any_comes_again():
    order = Order((tuple(range(8)),), together=4, seed=1)

    assert sorted(order.group(0) + order.group(1)) == list(range(8))


def test_the_order_can_be_entered_anywhere_and_follows_the_seed():
    buckets = ((0, 1, 2, 3, 4), (5, 6))
    whole = [Order(buckets, together=2, seed=5).group(number) for number in range(40)]
    again = Order(buckets, together=2, seed=5)

    assert [again.group(number) for number in (33, 2, 17)] == [whole[33], whole[2], whole[17]]
    assert [Order(buckets, together=2, seed=6).group(number) for number in range(40)] != whole


def test_a_draw_is_the_same_whoever_makes_it():
    spec = a_spec(seed=4)

    first = draw(spec, 7, 1, together=4, shape=(4, 8, 8))
    torch.randn(100)
    again = draw(spec, 7, 1, together=4, shape=(4, 8, 8))

    assert (first.variant, first.timestep, first.caption) == (
        again.variant,
        again.timestep,
        again.caption,
    )
    assert torch.equal(first.noise, again.noise)
    assert not torch.equal(first.noise, draw(spec, 7, 2, together=4, shape=(4, 8, 8)).noise)


def test_timesteps_of_a_group_lie_in_equal_parts_and_within_the_limits():
    spec = a_spec(min_timestep=100, max_timestep=499)

    for group in range(50):
        timesteps = sorted(draw(spec, group, slot, together=4, shape=(4, 8, 8)).timestep for slot in range(4))
        assert all(100 + 100 * part <= timestep < 200 + 100 * part for part, timestep in enumerate(timesteps))


def test_captions_are_left_out_as_often_as_said():
    dropped = [
        draw(a_spec(caption_dropout=0.25), group, 0, together=1, shape=(4, 1, 1)).caption == "left_out"
        for group in range(2000)
    ]

    assert sum(dropped) / len(dropped) == pytest.approx(0.25, abs=0.03)


def test_half_of_the_captions_that_stay_name_other_styles_where_there_are_any():
    def uses(**changes):
        spec = a_spec(caption_dropout=0.2, **changes)
        return [draw(spec, group, 0, together=1, shape=(4, 1, 1)).caption for group in range(2000)]

    counted = Counter(uses(other_styles="二次元"))

    assert counted["left_out"] / 2000 == pytest.approx(0.2, abs=0.03)
    assert counted["with_other_styles"] / 2000 == pytest.approx(0.4, abs=0.03)
    assert set(uses()) == {"left_out", "as_written"}


def test_noise_offset_moves_whole_channels():
    plain = draw(a_spec(), 0, 0, together=1, shape=(4, 64, 64)).noise
    moved = draw(a_spec(noise_offset=0.5), 0, 0, together=1, shape=(4, 64, 64)).noise

    moves = (moved - plain).flatten(1)
    assert torch.allclose(moves, moves[:, :1], atol=1e-5) and moves.abs().max() > 0.05


def test_the_learning_rate_rises_and_falls_as_said():
    spec = a_spec(steps_per_epoch=100, lr_warmup_steps=10, learning_rate=1e-3)

    assert learning_rate(spec, 0) == pytest.approx(1e-4) and learning_rate(spec, 9) == pytest.approx(1e-3)
    assert learning_rate(spec, 99) == 1e-3
    falling = {name: spec.model_copy(update={"lr_scheduler": name}) for name in ("linear", "cosine")}
    assert all(learning_rate(each, 55) == pytest.approx(5e-4) for each in falling.values())
    assert all(0 < learning_rate(each, 99) < 2e-5 for each in falling.values())


def test_class_pictures_are_drawn_by_place_and_their_timesteps_are_spread_as_those_of_the_samples():
    spec = a_spec(min_timestep=100, max_timestep=499, prior_weight=1.0)

    drawn = [draw_class(spec, 3, slot, together=4, shape=(4, 8, 8)) for slot in range(4)]
    torch.randn(100)
    again = draw_class(spec, 3, 2, together=4, shape=(4, 8, 8))

    assert sorted((each.timestep - 100) // 100 for each in drawn) == [0, 1, 2, 3]
    assert (again.which, again.timestep) == (drawn[2].which, drawn[2].timestep)
    assert torch.equal(again.noise, drawn[2].noise)
    assert not torch.equal(again.noise, draw(spec, 3, 2, together=4, shape=(4, 8, 8)).noise)
