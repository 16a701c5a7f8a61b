"""Captions of training drawings as token batches: worded anew every time, now and then empty or partly unknown."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import torch

from story_engine.catalog.tokenizer import PREFIX_IDS, encode_ids
from story_engine.preview_model.world import DrawnScene
from story_engine.preview_model.world.captions import caption

EMPTY_SHARE = 0.1
"""Share of the captions replaced by the empty prompt: what guidance is measured against."""
UNKNOWN_TOKEN_SHARE = 0.02
"""Share of the tokens replaced by "unknown", so that its row is trained."""
_UNKNOWN = -1


def caption_tokens(
    scenes: Sequence[DrawnScene], rng: np.random.Generator, *, length: int, empty_share: float = EMPTY_SHARE
) -> dict[str, torch.Tensor]:
    """One new caption per scene as the text encoder's input; see `PreviewPrompter.tokenize`.

    Returns:
        `input_ids` (-1: unknown), `attention_mask`, `position_ids`: (batch, length) each, int64.
    """
    wording = random.Random(int(rng.integers(2**62)))
    ids = [encode_ids("" if rng.random() < empty_share else caption(scene, wording)) for scene in scenes]
    tokens = pad_tokens(ids, length=length)
    replaced = torch.from_numpy(rng.random(tokens["input_ids"].shape) < UNKNOWN_TOKEN_SHARE)
    is_word = tokens["attention_mask"].bool() & ~torch.isin(tokens["input_ids"], torch.tensor(PREFIX_IDS))
    tokens["input_ids"][replaced & is_word] = _UNKNOWN
    return tokens


def pad_tokens(ids: Sequence[Sequence[int]], *, length: int) -> dict[str, torch.Tensor]:
    """Token lists, prefix included, cut at the end and padded on the left as the Kolors tokenizer does."""
    tokens = {name: torch.zeros(len(ids), length, dtype=torch.int64) for name in ("input_ids", "attention_mask")}
    tokens["position_ids"] = torch.zeros(len(ids), length, dtype=torch.int64)
    for row, values in enumerate(ids):
        kept = list(values[:length])
        start = length - len(kept)
        tokens["input_ids"][row, start:] = torch.tensor(kept)
        tokens["attention_mask"][row, start:] = 1
        tokens["position_ids"][row, start:] = torch.arange(len(kept))
    return tokens
