"""The mean of weights files of runs that began with the same weights: it can be better than each of them.

One run paints two figures more often, another leaves one alone more surely; what lies between them does both.
(Wortsman et al. 2022, "Model soups", arXiv:2203.05482.)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from story_engine.preview_model.architecture import PreviewParts
from story_engine.preview_model.weights import load_preview

_ROUNDING = 1e-6


def mean_of(folders: Sequence[Path], shares: Sequence[float]) -> PreviewParts:
    """What lies between the weights.

    Args:
        folders: of weights files.
        shares: how much of each, in their order; they add up to 1.

    Raises:
        ValueError: the shares do not fit the folders, or the weights are not of one architecture and list of tokens.
    """
    if len(folders) != len(shares) or abs(sum(shares) - 1) > _ROUNDING:
        raise ValueError(f"{len(folders)} folders of weights need as many shares, which add up to 1, not {shares}")
    runs = [load_preview(folder) for folder in folders]
    mean = runs[0]
    for networks in zip(*(_networks(run) for run in runs), strict=True):
        values = [network.state_dict() for network in networks]
        try:
            networks[0].load_state_dict({name: _mean([each[name] for each in values], shares) for name in values[0]})
        except (KeyError, RuntimeError) as error:
            raise ValueError(f"these weights are of different kinds: {', '.join(map(str, folders))}") from error
    return mean


def _networks(parts: PreviewParts) -> tuple[nn.Module, ...]:
    return parts.unet, parts.text_encoder, parts.vae_encoder, parts.vae_decoder


def _mean(values: Sequence[torch.Tensor], shares: Sequence[float]) -> torch.Tensor:
    if not values[0].is_floating_point():  # ids of tokens
        if not all(torch.equal(each, values[0]) for each in values):
            raise KeyError("other tokens")
        return values[0]
    return torch.stack([share * each for share, each in zip(shares, values, strict=True)]).sum(0)
