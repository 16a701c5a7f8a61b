"""Where a character is: what stands out of a map, at every layer's fineness."""

from __future__ import annotations

import torch

from story_engine.inference.character_masks import at_layer, layer_size, otsu_mask, whole_map


def test_what_stands_out_is_found_and_single_places_are_not() -> None:
    values = torch.rand(16, 16, generator=torch.Generator().manual_seed(0)) * 0.2
    values[3:9, 5:12] += 0.7
    values[14, 1] = 0.9

    mask = otsu_mask(values)

    assert mask[4:8, 6:11].all()
    assert not mask[14, 1]
    assert mask.sum() < 70


def test_a_map_without_anything_in_it_gives_a_mask_and_no_error() -> None:
    assert otsu_mask(torch.zeros(8, 8)).shape == (8, 8)
    assert whole_map(torch.full((64,), 0.5), (16, 16)).max() == 0


def test_a_coarser_layer_sees_the_same_and_never_nothing() -> None:
    mask = torch.zeros(16, 24, dtype=torch.bool)
    mask[4:8, 8:16] = True

    assert layer_size(8 * 12, (16, 24)) == (8, 12)
    assert at_layer(mask, 8 * 12).view(8, 12)[2:4, 4:8].all()
    assert at_layer(mask, 8 * 12).sum() == 8
    mask[:] = False
    mask[0, 0] = True
    assert at_layer(mask, 4 * 6).any()
