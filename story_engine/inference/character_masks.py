"""Where in a picture a character is: by how much each place looks at the character's words while it is painted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional

_BINS = 64
_BLUR = torch.tensor([0.25, 0.5, 0.25])


def mass_on(attention: Any, hidden: torch.Tensor, text: torch.Tensor, spans: Sequence[slice]) -> torch.Tensor:
    """How much each place of a picture looks at some of the prompt's tokens.

    Args:
        attention: DiffSynth's `Attention` from picture to text.
        hidden: (places, width): one row of what it is given.
        text: (tokens, width): the row's prompt.
        spans: of the prompt's tokens, one after the other.

    Returns:
        (spans, places) float32, each 0 … 1: the mean over the heads.
    """
    query, key = attention.to_q(hidden), attention.to_k(text)
    query, key = (each.view(len(each), attention.num_heads, -1).transpose(0, 1) for each in (query, key))
    weights = (query.float() @ key.float().transpose(1, 2) * query.shape[-1] ** -0.5).softmax(-1).mean(0)
    return torch.stack([weights[:, span].sum(-1) for span in spans])


def whole_map(mass: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """(places,) of any layer as a map of `size` (rows, columns) with values from 0 to 1."""
    rows, columns = layer_size(len(mass), size)
    spread = functional.interpolate(mass.view(1, 1, rows, columns), size=size, mode="bilinear")[0, 0]
    return (spread - spread.min()) / (spread.max() - spread.min()).clamp(min=1e-9)


def layer_size(places: int, size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of a layer that sees a picture of this shape in so many places."""
    height, width = size
    share = (places / (height * width)) ** 0.5
    return round(height * share), round(width * share)


def otsu_mask(values: torch.Tensor) -> torch.Tensor:
    """(rows, columns) bool: what stands out from the rest, after single places are smoothed away.

    The threshold is the one between the two groups that differ most. Source: Otsu 1979, "A threshold selection method
    from gray-level histograms", equation 14.
    """
    blur = (_BLUR[:, None] * _BLUR).to(values)
    padded = functional.pad(values[None, None], (1, 1, 1, 1), mode="replicate")
    smooth = functional.conv2d(padded, blur[None, None])[0, 0]
    counts = torch.histc(smooth, _BINS, float(smooth.min()), float(smooth.max()))
    levels = torch.linspace(float(smooth.min()), float(smooth.max()), _BINS, device=values.device)
    below = counts.cumsum(0)
    above = below[-1] - below
    sums = (counts * levels).cumsum(0)
    apart = sums / below.clamp(min=1) - (sums[-1] - sums) / above.clamp(min=1)
    best = (below * above * apart**2).argmax()
    return smooth > levels[best]


def at_layer(mask: torch.Tensor, places: int) -> torch.Tensor:
    """(places,) bool: the mask as a layer with so many places sees it, with at least one of them."""
    rows, columns = layer_size(places, (mask.shape[0], mask.shape[1]))
    share = functional.adaptive_avg_pool2d(mask[None, None].float(), (rows, columns)).flatten()
    return share >= min(0.5, float(share.max()))
