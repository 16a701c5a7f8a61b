"""Plans for the machines that entrants have: the fastest that fits, and always one."""

from __future__ import annotations

from story_engine.domain.family import GIB
from story_engine.domain.memory_plan import MemoryPlan, Painting, leaner, plan_for
from story_engine.kolors.family import FAMILY

KOLORS = FAMILY.painting


def painting(side: int = 1024, *, is_gpu: bool = True, is_half: bool = True, host: float = 16) -> Painting:
    return Painting(pixels=side * side, is_half=is_half, is_gpu=is_gpu, host_bytes=host * GIB)


def plan(free: float, *, side: int = 1024, host: float = 16) -> MemoryPlan:
    assert KOLORS is not None
    return plan_for(KOLORS, painting(side, host=host), free_bytes=free * GIB)


def test_each_card_gets_the_fastest_plan_that_fits_it() -> None:
    cards = {24: 23.2, 16: 15.4, 12: 11.5, 8: 7.4, 6: 5.4}
    plans = {card: plan(free) for card, free in cards.items()}

    assert {card: (each.encoder, each.unet, each.decoding) for card, each in plans.items()} == {
        24: ("resident", "resident", "whole"),
        16: ("staged", "resident", "whole"),
        12: ("brought", "resident", "whole"),
        8: ("brought", "resident", "bands"),
        6: ("brought", "brought", "bands"),
    }
    too_large = {card: each.peak_bytes for card, each in plans.items() if each.peak_bytes > cards[card] * GIB}
    assert not too_large


def test_more_memory_never_means_a_slower_plan_and_every_plan_that_can_fits() -> None:
    order = {"brought": 0, "staged": 1, "resident": 2}
    previous = plan(3.5)
    for tenths in range(36, 300):
        following = plan(tenths / 10)
        assert following.peak_bytes <= tenths / 10 * GIB
        assert order[following.encoder] >= order[previous.encoder]
        assert following.brought <= previous.brought
        previous = following


def test_a_machine_that_is_too_small_gets_the_leanest_plan_and_no_refusal() -> None:
    smallest = plan(0.5)

    assert (smallest.encoder, smallest.unet, smallest.brought, smallest.rows) == ("brought", "brought", 1.0, 2)
    assert smallest.peak_bytes > 0.5 * GIB  # and so it can be warned of


def test_large_pictures_are_decoded_in_bands_where_small_ones_are_not() -> None:
    assert plan(11.5).decoding == "whole"
    assert plan(11.5, side=2048).decoding == "bands"
    assert plan(11.5, side=2048).rows < plan(11.5).rows


def test_weights_are_rounded_only_where_main_memory_cannot_hold_them() -> None:
    assert plan(3.5, host=16).unet == "brought"
    assert plan(3.5, host=1).unet == "rounded"
    assert plan(3.5, host=1).rounds_weights and not plan(3.5).rounds_weights


def test_after_memory_ran_out_each_plan_is_leaner_until_there_is_none() -> None:
    assert KOLORS is not None
    following: MemoryPlan | None = plan(139)
    seen: list[MemoryPlan] = []
    while following is not None:
        seen.append(following)
        following = leaner(following, KOLORS, painting())

    peaks = [each.peak_bytes for each in seen]
    assert len(seen) >= 4 and peaks == sorted(peaks, reverse=True)
    assert len({each.text for each in seen}) == len(seen)


def test_a_processor_in_full_precision_needs_no_more_memory_than_an_ordinary_machine_has() -> None:
    assert KOLORS is not None
    for free in (4, 8, 14, 30):
        chosen = plan_for(KOLORS, painting(is_gpu=False, is_half=False), free_bytes=free * GIB)
        assert chosen.peak_bytes <= free * GIB and chosen.rows == 2 and chosen.unet in ("resident", "brought")


def test_adapters_of_control_pictures_are_counted_beside_the_unet() -> None:
    assert KOLORS is not None
    for free in (23.2, 15.4, 7.4, 5.4):
        bare = painting()
        held = bare.model_copy(update={"controls": frozenset({"edges", "likeness"})})
        without, with_both = (plan_for(KOLORS, each, free_bytes=free * GIB) for each in (bare, held))

        rank = ("resident", "brought", "rounded")
        assert rank.index(with_both.unet) >= rank.index(without.unet) and with_both.brought >= without.brought
        assert with_both.rows <= without.rows and with_both.peak_bytes <= max(free, 6.5) * GIB
        if (without.unet, without.rows, without.brought) == (with_both.unet, with_both.rows, with_both.brought):
            assert with_both.denoising_bytes - without.denoising_bytes > 3.2 * GIB
    assert plan_for(KOLORS, held, free_bytes=7.4 * GIB).brought > 0
