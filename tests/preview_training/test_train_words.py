"""The text encoder learns that words for one thing mean the same, and forgets nothing of the usual ones."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
import torch

from preview_training import train_words
from preview_training.drawing_cache import DrawingCache
from preview_training.train_words import WordsTraining, same_places
from preview_training.training_run import Moment, RunOptions, TrainingRun
from story_engine.preview_model.architecture import SMALLEST, build_preview
from story_engine.preview_model.weights import load_preview, save_preview
from story_engine.preview_model.world.vocabulary import known_token_ids


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    save_preview(build_preview(SMALLEST, known_token_ids=known_token_ids(), seed=4), folder)
    return folder


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawings")
    DrawingCache.plan(folder, count=40, seed=5, size=64).draw(0)
    return folder


def taught(before: Path, drawings: Path, folder: Path, *, steps: int) -> None:
    options = [f"--from-weights={before}", f"--to={folder / 'after'}", "--processes=1", "--learning-rate=0.02"]
    train_words.main([str(drawings), f"--folder={folder}", f"--steps={steps}", *options], config=SMALLEST)


def test_other_words_come_to_be_read_as_the_usual_ones_and_all_but_the_text_encoder_stays(
    before: Path, drawings: Path, tmp_path: Path
) -> None:
    taught(before, drawings, tmp_path, steps=120)

    lines = [json.loads(line) for line in (tmp_path / "words.jsonl").read_text().splitlines()]
    # Batches differ much in how many rare words they have.
    at_last = sum(line["others"] for line in lines[-3:]) / 3
    assert at_last < 0.8 * lines[0]["others"]
    assert lines[-1]["kept"] < 0.2 * at_last
    names = ("unet.safetensors", "vae.safetensors", "text_encoder.safetensors")
    same = [(before / each).read_bytes() == (tmp_path / "after" / each).read_bytes() for each in names]
    assert same == [True, True, False]


def test_a_stopped_training_ends_in_the_same_values(before: Path, drawings: Path, tmp_path: Path) -> None:
    def trained(folder: Path, *, stop_at: int | None = None) -> TrainingRun:
        encoder = load_preview(before).text_encoder.requires_grad_(True)
        words = WordsTraining(encoder, DrawingCache(drawings).scenes(), batch=4, prompt_tokens=SMALLEST.prompt_tokens)
        options = RunOptions(folder=folder, stage=train_words.STAGE, learning_rate=0.01, steps=6)
        run = TrainingRun({"text_encoder": encoder}, options)

        def losses(moment: Moment) -> dict[str, torch.Tensor]:
            if moment.step == stop_at:
                os.kill(os.getpid(), signal.SIGTERM)
            return words.losses(moment)

        run.run(losses)
        return run

    whole = trained(tmp_path / "whole")
    stopped = trained(tmp_path / "parts", stop_at=2)
    assert not stopped.is_finished
    resumed = trained(tmp_path / "parts")

    assert torch.equal(resumed.parameters.average, whole.parameters.average)


def test_tokens_stand_for_each_other_where_the_text_is_the_same_and_where_a_part_ends() -> None:
    assert same_places([1, 2, 3, 4], [1, 2, 3, 4]) == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert same_places([1, 7, 8, 4], [1, 9, 4]) == [(0, 0), (2, 1), (3, 2)]
    assert same_places([1, 4], [1, 9, 4]) == [(0, 0), (1, 2)]
