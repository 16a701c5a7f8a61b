"""What a U-Net imagines: finished latents of noised drawings, and the moments of pictures that it paints itself.

Both are what it makes in use: guided as the family's pictures are, from captions worded anew.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from preview_training.balance import COMPANY_SHARE, balanced_probabilities
from preview_training.caption_batches import pad_tokens
from preview_training.noise_prediction import predicted_noise
from preview_training.synonyms import in_usual_and_other_words
from preview_training.taught import wanted_of
from story_engine.catalog.tokenizer import encode_ids
from story_engine.domain.family import LATENT_CHANNELS, TIMESTEPS
from story_engine.inference.noise_schedule import add_noise, signal_shares
from story_engine.inference.samplers import build_sampler
from story_engine.preview_model.architecture import PreviewTextEncoder, PreviewUNet
from story_engine.preview_model.family import FAMILY
from story_engine.preview_model.world import DrawnScene
from story_engine.preview_model.world.captions import CHALLENGE_NEGATIVE, caption
from story_engine.store.atomic import writing

NEGATIVES = {"zh": "、".join(CHALLENGE_NEGATIVE), "en": "ugly, deformed, noisy, blurry, low contrast"}
"""The challenge's, by language."""
STEPS = FAMILY.by_noise.steps
MOMENTS = 8
"""Steps of a picture that are kept: after them little is left to decide but outlines."""
_BATCH = 16
_TWINS = 4.0
"""Times as often as else: of what is learnt from by chance, 2 to 3 % are two of one kind."""
_CLEAREST = 500
"""Drawings are noised at this timestep or later: before it what is imagined is the drawing."""
_OTHER_WORDS_SHARE = 0.5
"""Of the prompts of moments: captions seldom say the rare words, and what is not painted is not taught."""


@dataclasses.dataclass(frozen=True, slots=True)
class Imagined:
    """Finished latents as imagined from noised drawings."""

    latents: np.ndarray
    """(count, 4, side, side) float16."""
    rows: np.ndarray
    """The drawing of each, (count,) int64."""


@dataclasses.dataclass(frozen=True, slots=True)
class Moments:
    """Latents on their way to pictures."""

    latents: np.ndarray
    """(count, 4, side, side) float16."""
    unprompted: np.ndarray
    """The noise predicted without the prompt, in that shape."""
    steps: np.ndarray
    """How many steps were done, (count,) int64."""
    prompts: np.ndarray
    """(count,) text."""
    wanted: np.ndarray
    """What the prompt says of each attribute of `TAUGHT`, (count, attributes) int64; `NOT_SAID` where nothing."""


_Values = TypeVar("_Values", Imagined, Moments)


class Imagination:
    """A U-Net that paints for its own training."""

    def __init__(self, unet: PreviewUNet, text_encoder: PreviewTextEncoder, *, side: int, prompt_tokens: int) -> None:
        """`side`: of latents, in cells."""
        self._unet, self._text_encoder, self._length = unet, text_encoder, prompt_tokens
        self._shape = (LATENT_CHANNELS, side, side)

    def predicted(self, latents: torch.Tensor, timesteps: torch.Tensor, prompts: Sequence[str]) -> torch.Tensor:
        """The noise in latents, (batch, 4, side, side), under their prompts; `timesteps`: (batch,)."""
        tokens = pad_tokens([encode_ids(prompt) for prompt in prompts], length=self._length)
        return predicted_noise(self._unet, self._text_encoder, latents, timesteps, tokens)

    @torch.inference_mode()
    def of_drawings(
        self, latents: np.ndarray, scenes: Sequence[DrawnScene], chances: np.ndarray, *, count: int, seed: int
    ) -> Imagined:
        """What is imagined of `count` drawings, noised at random, guided with any strength up to the family's."""
        rng, words, noises = _randoms(seed)
        made, taken = [], []
        while len(taken) * _BATCH < count:
            rows = np.sort(rng.choice(len(scenes), _BATCH, p=chances))
            timesteps = (_CLEAREST + (TIMESTEPS - 1 - _CLEAREST) * torch.rand(_BATCH, generator=noises)).long()
            drawn = torch.from_numpy(latents[rows].astype(np.float32))
            noisy = add_noise(drawn, torch.randn(drawn.shape, generator=noises), timesteps)
            prompts = [caption(scenes[row], words) for row in rows]
            prompted, unprompted = (self.predicted(noisy, timesteps, each).cpu() for each in (prompts, [""] * _BATCH))
            scales = 1 + (FAMILY.cfg_scale - 1) * torch.rand(_BATCH, 1, 1, 1, generator=noises)
            noise = unprompted + scales * (prompted - unprompted)
            made.append(finished(noisy, noise, signal_shares()[timesteps]).half().numpy())
            taken.append(rows)
        return Imagined(np.concatenate(made)[:count], np.concatenate(taken)[:count])

    @torch.inference_mode()
    def moments(self, scenes: Sequence[DrawnScene], chances: np.ndarray, *, pictures: int, seed: int) -> Moments:
        """The first moments of so many pictures, painted as the family usually paints."""
        rng, words, noises = _randoms(seed)
        parts: dict[str, list[np.ndarray]] = {field.name: [] for field in dataclasses.fields(Moments)}
        for start in range(0, pictures, _BATCH):
            size = min(_BATCH, pictures - start)
            prompts = [_prompt(scenes[row], words) for row in rng.choice(len(scenes), size, p=chances)]
            negatives = [tuple(NEGATIVES.values())[index] for index in rng.integers(0, len(NEGATIVES), size)]
            sampler = build_sampler(FAMILY.sampler, STEPS)
            latents = torch.randn(size, *self._shape, generator=noises)
            for index in range(min(MOMENTS, STEPS)):
                timesteps = torch.full((size,), sampler.timesteps[index])
                is_negative = FAMILY.by_noise.levels.is_negative_at(sampler.noise_levels[index])
                prompted = self.predicted(latents, timesteps, prompts).cpu()
                unprompted = self.predicted(latents, timesteps, negatives if is_negative else [""] * size).cpu()
                parts["latents"].append(latents.half().numpy())
                parts["unprompted"].append(unprompted.half().numpy())
                parts["steps"].append(np.full(size, index))
                parts["prompts"].append(np.array(prompts))
                parts["wanted"].append(np.array([wanted_of(prompt) for prompt in prompts]))
                latents = sampler.step(unprompted + FAMILY.cfg_scale * (prompted - unprompted), index, latents)
        return Moments(**{name: np.concatenate(values) for name, values in parts.items()})


def _prompt(scene: DrawnScene, words: random.Random) -> str:
    said = caption(scene, words)
    return in_usual_and_other_words(said, words)[1] if words.random() < _OTHER_WORDS_SHARE else said


def finished(latents: torch.Tensor, noise: torch.Tensor, signal: torch.Tensor) -> torch.Tensor:
    """Latents, (batch, 4, side, side), without their predicted noise; `signal`: share of the variance, (batch,)."""
    share = signal[:, None, None, None]
    return (latents - (1 - share).sqrt() * noise) / share.sqrt()


def clean_chances(scenes: Sequence[DrawnScene], *, company: float = COMPANY_SHARE) -> np.ndarray:
    """Chances of the drawings without a flaw, balanced, (scenes,), with sum 1; `company` as in the balance."""
    chances = balanced_probabilities(scenes, company=company) * [scene.degradation == "none" for scene in scenes]
    balanced: np.ndarray = chances / chances.sum()
    return balanced


def telling_chances(scenes: Sequence[DrawnScene], chances: np.ndarray) -> np.ndarray:
    """The chances for judges: two of one kind come more often, since one who was painted twice looks like them."""
    twins = np.array([any(each.subject == scene.main.subject for each in scene.companions) for scene in scenes])
    weighted = chances * np.where(twins, _TWINS, 1.0)
    telling: np.ndarray = weighted / weighted.sum()
    return telling


def save(values: Imagined | Moments, path: Path) -> None:
    """Write them, whole or not at all."""
    with writing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **{field.name: getattr(values, field.name) for field in dataclasses.fields(values)})


def load(kind: type[_Values], path: Path) -> _Values:
    """What `save` has written."""
    with np.load(path) as stored:
        return kind(**{field.name: stored[field.name] for field in dataclasses.fields(kind)})


def _randoms(seed: int) -> tuple[np.random.Generator, random.Random, torch.Generator]:
    """For choices, for wordings, for noise."""
    return np.random.default_rng(seed), random.Random(seed), torch.Generator().manual_seed(seed)
