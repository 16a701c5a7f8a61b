"""What a training of Kolors needs on the cards that entrants have, and what is done so that it fits."""

from __future__ import annotations

import math
from pathlib import Path

from story_engine.catalog.families import family_of
from story_engine.domain.family import GIB
from story_engine.domain.training import TrainingSpec
from story_engine.domain.training_cost import Memory, memory_of
from story_engine.store.layout import Layout


def needed(free: float, **fields: object) -> Memory:
    kolors = family_of(Layout(Path("unused"), Path("unused")), "kolors")
    spec = TrainingSpec.model_validate({"name": "ink", "dataset": "ink", "family": "kolors"} | fields)
    return memory_of(spec, kolors, available_bytes=math.floor(free * GIB), is_gpu=True)


def test_with_checkpointing_a_training_fits_every_card_from_six_gigabytes_on() -> None:
    cards = {24: 23.2, 16: 15.4, 12: 11.5, 8: 7.4, 6: 5.4}
    found = {card: needed(free, use_gradient_checkpointing=True) for card, free in cards.items()}

    assert all(memory.fits for memory in found.values())
    assert [memory.is_encoder_brought for memory in found.values()] == [False, False, True, True, True]
    assert [memory.brought > 0 for memory in found.values()] == [False, False, False, True, True]


def test_without_checkpointing_layers_cannot_wait_and_that_is_what_is_advised() -> None:
    found = needed(15.4, use_gradient_checkpointing=False)

    assert not found.fits and found.brought == 0
    assert dict(found.remedy) == {"use_gradient_checkpointing": True}


def test_more_memory_never_asks_for_more_to_wait() -> None:
    shares = [needed(tenths / 10, use_gradient_checkpointing=True).brought for tenths in range(20, 120)]

    assert shares == sorted(shares, reverse=True) and shares[0] == 1.0 and shares[-1] == 0.0


def test_a_class_picture_beside_each_training_picture_needs_as_much_as_twice_the_batch() -> None:
    with_prior = needed(40, batch_size=2, prior_weight=1.0, trigger="墨染").needed_bytes

    assert with_prior == needed(40, batch_size=4).needed_bytes > needed(40, batch_size=2).needed_bytes
