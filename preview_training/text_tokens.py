"""Prompts as token ids, and what the text encoder makes of them with gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from diffsynth.models.kolors_text_encoder import ChatGLMModel

from story_engine.preview_model.prompts import PreviewPrompter


def tokenize(prompter: PreviewPrompter, prompts: Sequence[str]) -> dict[str, torch.Tensor]:
    """Token ids, attention mask and positions, left-padded.

    Returns:
        `input_ids`, `attention_mask`, `position_ids`: (batch, prompt_tokens) each, int64.
    """
    tokens: Any = prompter.tokenizer(
        list(prompts), padding="max_length", max_length=prompter.prompt_tokens, truncation=True, return_tensors="pt"
    )
    return {name: tokens[name] for name in ("input_ids", "attention_mask", "position_ids")}


def encode_tokens(text_encoder: ChatGLMModel, tokens: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """What the UNet is given for tokenised prompts; gradients flow.

    Returns:
        (pooled, embedding) as `PreviewPrompter.encode_prompt`: the last token of the last layer, and all tokens of the
        last but one.

    Source: diffsynth 1.1.9, prompters/kolors_prompter.py, `encode_prompt_using_ChatGLM` with clip_skip 2.
    """
    states = text_encoder(**tokens, output_hidden_states=True).hidden_states
    return states[-1][-1], states[-2].permute(1, 0, 2)
