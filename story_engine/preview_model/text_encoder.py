"""The preview model's text encoder: ChatGLM as Kolors uses it, small, with rows for the known tokens only."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from diffsynth.models.kolors_text_encoder import ChatGLMConfig, ChatGLMModel, RMSNorm
from torch import nn

from story_engine.catalog.preview_sizes import PreviewConfig

KOLORS_TOKEN_COUNT = 65024
"""Rows of the full Kolors embedding table.

Source: `padded_vocab_size` in text_encoder/config.json of Kwai-Kolors/Kolors.
"""


class CompactEmbedding(nn.Module):
    """Kolors token ids to vectors through a table of the known tokens only; row 0 stands for every other token."""

    known_token_ids: torch.Tensor
    row_of_token: torch.Tensor

    def __init__(self, known_token_ids: Sequence[int], width: int) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(len(known_token_ids) + 1, width)
        known = torch.tensor(list(known_token_ids), dtype=torch.int64)
        row_of_token = torch.zeros(KOLORS_TOKEN_COUNT, dtype=torch.int64)
        row_of_token[known] = torch.arange(1, len(known_token_ids) + 1)
        # The ids travel with the weights, so that rows and words can never drift apart; the map is derived from them.
        self.register_buffer("known_token_ids", known)
        self.register_buffer("row_of_token", row_of_token, persistent=False)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Vectors of tokens, in the order that the ChatGLM layers expect.

        Args:
            input_ids: (batch, tokens), integer; ids of the Kolors tokenizer, or -1 for "unknown" (token dropout).

        Returns:
            (tokens, batch, width), the table's dtype.
        """
        rows = torch.where(input_ids < 0, 0, self.row_of_token[input_ids])
        vectors: torch.Tensor = self.word_embeddings(rows)
        return vectors.transpose(0, 1).contiguous()


class PreviewTextEncoder(ChatGLMModel):  # type: ignore[misc]
    """`ChatGLMModel` with small widths, a compact embedding table and no unused output layer."""

    def __init__(self, config: PreviewConfig, known_token_ids: Sequence[int]) -> None:
        layers = ChatGLMConfig(
            num_layers=config.text_layers,
            padded_vocab_size=1,
            hidden_size=config.text_hidden,
            ffn_hidden_size=config.text_feed_forward,
            kv_channels=config.text_hidden // config.text_heads,
            num_attention_heads=config.text_heads,
            seq_length=config.prompt_tokens,
            add_qkv_bias=True,
            multi_query_attention=True,
            multi_query_group_num=config.text_groups,
            original_rope=True,
            torch_dtype=torch.float32,
            use_cache=False,
        )
        super().__init__(layers, empty_init=False)
        self.embedding = CompactEmbedding(known_token_ids, config.text_hidden)
        self.output_layer = nn.Identity()
        for module in self.modules():
            if isinstance(module, RMSNorm):
                # DiffSynth leaves this weight uninitialised because Kolors always loads it.
                nn.init.ones_(module.weight)

    @property
    def known_token_ids(self) -> list[int]:
        """Ids of the Kolors tokenizer that have a row of their own, in row order (first id: row 1)."""
        ids: list[int] = self.embedding.known_token_ids.tolist()
        return ids
