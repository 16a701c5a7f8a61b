"""Prompts as the U-Net is given them, kept by text so that no prompt is encoded twice."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from story_engine.domain.guidance import LARGEST_NOISE
from story_engine.domain.recipe import Recipe
from story_engine.errors import StudioError
from story_engine.inference.weight_files import placed
from story_engine.store.atomic import writing

_LOG = logging.getLogger(__name__)
_MOST_IN_MEMORY = 256
_TEXTS_PER_CALL = 8
EMPTY_PROMPT = ""
"""What guidance leads away from at noise levels at which the negative prompt is not in force."""


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """One prompt after the text encoder, on the CPU, in the encoder's precision."""

    embedding: torch.Tensor
    """(tokens, width)."""
    pooled: torch.Tensor
    """(width,)."""


def texts_of(recipe: Recipe) -> tuple[str, ...]:
    """Everything that has to be encoded to paint it."""
    texts = (recipe.sent_prompt, recipe.negative)
    return texts if recipe.negative_below >= LARGEST_NOISE else (*texts, EMPTY_PROMPT)


class EmbeddingCache:
    """Encoded prompts by text, of one text encoder: in memory, and on disk where encoding is expensive.

    Args:
        weights: hash of the weights with the precision; embeddings of other weights are other embeddings.
        folder: where files are kept, or None for memory only. The folder can be deleted at any time.
        is_needed: whether what cannot be written is an error; else it is encoded again by the next process.
    """

    def __init__(self, weights: str, *, folder: Path | None = None, is_needed: bool = False) -> None:
        self._weights = weights
        self._is_needed = is_needed
        self._folder = folder
        self._memory: OrderedDict[str, EncodedPrompt] = OrderedDict()

    def encoded(
        self,
        texts: Iterable[str],
        *,
        encode: Callable[[Sequence[str]], Sequence[EncodedPrompt]],
        texts_per_call: int = _TEXTS_PER_CALL,
    ) -> dict[str, EncodedPrompt]:
        """Every text encoded; `encode` is called with the unknown ones only, a few at a time, and never for none."""
        unique = list(dict.fromkeys(texts))
        found = {text: known for text in unique if (known := self._known(text)) is not None}
        missing = [text for text in unique if text not in found]
        for start in range(0, len(missing), texts_per_call):
            some = missing[start : start + texts_per_call]
            for text, fresh in zip(some, encode(some), strict=True):
                found[text] = fresh
                self._keep(text, fresh)
        return found

    def knows_all(self, texts: Iterable[str]) -> bool:
        """Whether the text encoder is not needed for these texts."""
        return all(self._known(text) is not None for text in set(texts))

    def _known(self, text: str) -> EncodedPrompt | None:
        if text in self._memory:
            self._memory.move_to_end(text)
            return self._memory[text]
        path = self._path(text)
        if path is None:
            return None
        try:
            tensors = load_file(path)
            known = EncodedPrompt(placed(tensors["embedding"]), placed(tensors["pooled"]))
        except (OSError, SafetensorError, KeyError):
            return None  # a cache file that cannot be read is written again
        self._remember(text, known)
        return known

    def _keep(self, text: str, fresh: EncodedPrompt) -> None:
        self._remember(text, fresh)
        path = self._path(text)
        if path is None:
            return
        try:
            with writing(path, is_durable=False) as partial:
                save_file({"embedding": fresh.embedding.contiguous(), "pooled": fresh.pooled.contiguous()}, partial)
        except (StudioError, SafetensorError) as error:
            if self._is_needed:
                raise
            # Only the next process misses it; this one has it in memory.
            _LOG.warning("an encoded prompt is not kept: %s", error)

    def _remember(self, text: str, encoded: EncodedPrompt) -> None:
        self._memory[text] = encoded
        while len(self._memory) > _MOST_IN_MEMORY:
            self._memory.popitem(last=False)

    def _path(self, text: str) -> Path | None:
        if self._folder is None:
            return None
        named = hashlib.sha256(f"{self._weights}\n{text}".encode()).hexdigest()
        return self._folder / named[:2] / f"{named}.safetensors"
