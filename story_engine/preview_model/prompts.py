"""Prompts to the text encoder's output, as Kolors does it, at the preview model's own prompt length."""

from __future__ import annotations

import torch
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
