"""Teaches the text encoder that all words for one thing mean the same: rare ones as the usual one, from texts alone.

Captions say "on the street" four to five times as often as "on the road", and what a picture loses by a word that is
not understood is little: a model that is taught by pictures alone may never learn some words ("on the road" was a
street in none of 12 pictures). Here the text encoder reads a caption in any words and is to end at what it made of the
same caption in the usual words before; what it makes of those stays as it is, so that the UNet can too. (Distillation
of features, Romero et al. 2015, arXiv:1412.6550, with the network as its own teacher.)

The same command goes on where it was stopped.
"""

from __future__ import annotations

import copy
import dataclasses
import random
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

import torch

from preview_training.caption_batches import pad_tokens
from preview_training.device import at_home, device_of, device_with, processes_for
from preview_training.drawing_cache import DrawingCache
from preview_training.plan_options import read_plan
from preview_training.processes import run_in_processes
from preview_training.synonyms import in_usual_and_other_words
from preview_training.text_tokens import encode_tokens
from preview_training.train_diffusion import PREVIEW, load_averages
from preview_training.training_run import Moment, RunOptions, TrainingRun
from story_engine.catalog.tokenizer import encode_ids
from story_engine.preview_model.architecture import PreviewConfig, PreviewTextEncoder
from story_engine.preview_model.weights import WEIGHTS_FOLDER, load_preview, save_preview
from story_engine.preview_model.world import DrawnScene
from story_engine.preview_model.world.captions import caption

STAGE = "words"
STEPS = 2_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WordsPlan:
    """What trains how long."""

    drawings: Path
    """Only what is in them is used: captions are made of it."""
    folder: Path
    from_weights: Path = WEIGHTS_FOLDER
    to: Path = WEIGHTS_FOLDER
    """The same weights, but for the text encoder that has learned."""
    steps: int = STEPS
    batch: int = 64
    """Captions per step and process."""
    learning_rate: float = 2e-3
    seed: int = 0
    processes: int = 2


class WordsTraining:
    """Losses of reading captions in any words as those in the usual words were read."""

    def __init__(
        self, text_encoder: PreviewTextEncoder, scenes: Sequence[DrawnScene], *, batch: int, prompt_tokens: int
    ) -> None:
        self._encoder, self._scenes, self._batch = text_encoder, scenes, batch
        self._teacher = copy.deepcopy(text_encoder).eval().requires_grad_(False)
        self._length = prompt_tokens
        self._device = device_with(text_encoder)

    def losses(self, moment: Moment) -> dict[str, torch.Tensor]:
        """One step's loss: of other words and of usual words, each as a share of what the features vary."""
        rng = random.Random(int(moment.random.integers(2**62)))
        rows = moment.random.integers(len(self._scenes), size=self._batch)
        pairs = [in_usual_and_other_words(caption(self._scenes[row], rng), rng) for row in rows]
        usual, other = ([encode_ids(text) for text in texts] for texts in zip(*pairs, strict=True))
        with torch.no_grad():
            pooled_before, before, is_text = self._features(self._teacher, usual)
        # Left-padded: token k of n stands at length - n + k.
        places = [
            (row, self._length - len(mine) + at_mine, self._length - len(theirs) + at_theirs)
            for row, (mine, theirs) in enumerate(zip(other, usual, strict=True))
            if max(len(mine), len(theirs)) <= self._length
            for at_mine, at_theirs in same_places(mine, theirs)
        ]
        row, at_mine, at_theirs = torch.tensor(places, device=self._device).T
        fitting = row.unique()
        pooled, embedding, _ = self._features(self._encoder, other)
        others = _error(pooled[fitting], pooled_before[fitting])
        others = others + _error(embedding[row, at_mine], before[row, at_theirs])
        pooled, embedding, _ = self._features(self._encoder, usual)
        kept = _error(pooled, pooled_before) + _error(embedding[is_text], before[is_text])
        return {"loss": others + kept, "others": others, "kept": kept}

    def _features(
        self, encoder: PreviewTextEncoder, texts: Sequence[Sequence[int]]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What the UNet is given, (batch, width) and (batch, tokens, width), and where it is not padding."""
        tokens = pad_tokens(texts, length=self._length)
        tokens = {name: values.to(self._device) for name, values in tokens.items()}
        with torch.autocast(self._device.type, torch.bfloat16):
            pooled, embedding = encode_tokens(encoder, tokens)
        return pooled.float(), embedding.float(), tokens["attention_mask"].bool()


def same_places(mine: Sequence[int], theirs: Sequence[int]) -> list[tuple[int, int]]:
    """Which token of one text says the same as which of another, in order.

    Equal ones do, and of a part in other words the last, where all of it has been read.
    """
    places: list[tuple[int, int]] = []
    for change, begin, end, their_begin, their_end in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        if change == "equal":
            places += zip(range(begin, end), range(their_begin, their_end), strict=True)
        elif change == "replace":
            places.append((end - 1, their_end - 1))
    return places


def _error(features: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Mean square of the difference as a share of the wanted features' own variance; (rows, width) both."""
    return (features - wanted).square().mean() / wanted.var(0).mean()


def train(process: int, config: PreviewConfig, plan: WordsPlan) -> None:
    """All of it in one of `plan.processes`; the first one writes the weights."""
    parts = load_preview(plan.from_weights)
    device = device_of(process)
    text_encoder = parts.text_encoder.requires_grad_(True)
    # No result of ours depends on the last norm; see `encode_tokens`.
    text_encoder.encoder.final_layernorm.requires_grad_(False)
    at_home(text_encoder, device)
    training = WordsTraining(
        text_encoder.train(), DrawingCache(plan.drawings).scenes(), batch=plan.batch, prompt_tokens=config.prompt_tokens
    )
    options = RunOptions(
        folder=plan.folder,
        stage=STAGE,
        learning_rate=plan.learning_rate,
        steps=plan.steps,
        average_decay=0.995,
        seed=plan.seed,
        process=process,
        processes=plan.processes,
    )
    run = TrainingRun({"text_encoder": text_encoder}, options)
    if run.run(training.losses) and process == 0:
        learned = load_preview(plan.from_weights)
        load_averages(run, text_encoder=learned.text_encoder)
        save_preview(learned, plan.to)


def main(arguments: Sequence[str] | None = None, *, config: PreviewConfig = PREVIEW) -> None:
    """Teach the text encoder of some weights that all words for one thing mean the same; the same command resumes."""
    plan = read_plan(WordsPlan, arguments, about=main.__doc__)
    plan = dataclasses.replace(plan, processes=processes_for(plan.processes))
    run_in_processes(train, (config, plan), processes=plan.processes)


if __name__ == "__main__":
    main()
