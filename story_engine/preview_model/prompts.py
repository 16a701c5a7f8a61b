"""Prompts to the text encoder's output, as Kolors does it, at the preview model's own prompt length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from diffsynth.models.kolors_text_encoder import ChatGLMModel
from diffsynth.prompters import KolorsPrompter


class PreviewPrompter(KolorsPrompter):  # type: ignore[misc]
    """`KolorsPrompter` with another prompt length.

    The UNet attends to padding, so training and use must agree on the length.
    """

    def __init__(self, prompt_tokens: int) -> None:
        super().__init__()
        self.prompt_tokens = prompt_tokens

    def encode_prompt(
        self,
        prompt: str | list[str],
        clip_skip: int = 1,  # noqa: ARG002
        clip_skip_2: int = 2,
        positive: bool = True,
        device: str = "cpu",
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Encode prompts; signature and order of the results are `KolorsPrompter.encode_prompt`'s.

        Returns:
            (pooled, embedding): (batch, width) and (batch, prompt_tokens, width), float32.
        """
        prompt = self.process_prompt(prompt, positive=positive)
        embedding, pooled = self.encode_prompt_using_ChatGLM(
            prompt, self.text_encoder, self.tokenizer, self.prompt_tokens, clip_skip_2, device
        )
        return pooled, embedding

    def token_count(self, prompt: str) -> int:
        """Tokens of a prompt with its two prefix tokens; more than `prompt_tokens` are cut at the end."""
        return len(self.tokenizer(prompt)["input_ids"])

    def tokenize(self, prompts: Sequence[str]) -> dict[str, torch.Tensor]:
        """Token ids, attention mask and positions, left-padded.

        Returns:
            `input_ids`, `attention_mask`, `position_ids`: (batch, prompt_tokens) each, int64.
        """
        tokens: Any = self.tokenizer(
            list(prompts), padding="max_length", max_length=self.prompt_tokens, truncation=True, return_tensors="pt"
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
