"""The VAE learns, its training resumes to the bit, and its latents come out normalised."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from preview_training import train_vae
from preview_training.drawing_cache import DrawingCache, halved
from preview_training.train_vae import (
    VAETraining,
    averaged_vae,
    normalise_latents,
    peak_signal_to_noise,
)
from preview_training.training_run import Moment, RunOptions, TrainingRun
from story_engine.preview_model.architecture import SMALLEST, build_preview

CROPS = ((0.5, 2, 4), (1.01, 1, 2))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    cache = DrawingCache.plan(tmp_path_factory.mktemp("drawings"), count=8, seed=3, size=64)
    cache.draw(0)
    return np.array(cache.pictures)


def test_the_loss_falls(pictures: np.ndarray, tmp_path: Path) -> None:
    _trained(pictures, tmp_path, steps=60, until=60)

    lines = [json.loads(line) for line in (tmp_path / "vae.jsonl").read_text().splitlines()]
    assert lines[-1]["loss"] < 0.85 * lines[0]["loss"]
    assert {"step", "loss", "seconds"} <= lines[-1].keys()


def test_a_stopped_training_resumes_to_the_same_values_as_one_that_ran_through(
    pictures: np.ndarray, tmp_path: Path
) -> None:
    whole = _trained(pictures, tmp_path / "whole", steps=8, until=8)
    _trained(pictures, tmp_path / "parts", steps=8, until=3)
    resumed = _trained(pictures, tmp_path / "parts", steps=8, until=8)

    assert resumed.step == whole.step == 8
    assert torch.equal(resumed.parameters.values, whole.parameters.values)
    assert torch.equal(resumed.parameters.average, whole.parameters.average)


def test_one_seed_gives_one_result(pictures: np.ndarray, tmp_path: Path) -> None:
    first = _trained(pictures, tmp_path / "first", steps=3, until=3)
    second = _trained(pictures, tmp_path / "second", steps=3, until=3)
    other = _trained(pictures, tmp_path / "other", steps=3, until=3, seed=1)

    assert torch.equal(first.parameters.values, second.parameters.values)
    assert not torch.equal(first.parameters.values, other.parameters.values)


def test_a_frozen_encoder_gets_no_gradient(pictures: np.ndarray, tmp_path: Path) -> None:
    training = VAETraining(SMALLEST, pictures, seed=0, crops=CROPS)
    training.encoder_is_frozen = True
    run = TrainingRun({"decoder": training.decoder}, _options(tmp_path, steps=1, seed=0))

    run.run(training.losses)

    assert all(parameter.grad is None for parameter in training.encoder.parameters())


def test_normalised_latents_have_deviation_one_and_the_same_picture(pictures: np.ndarray) -> None:
    parts = build_preview(SMALLEST, seed=4)
    before = peak_signal_to_noise(parts.vae_encoder, parts.vae_decoder, pictures)

    normalise_latents(parts.vae_encoder, parts.vae_decoder, pictures)

    values = torch.from_numpy(pictures.astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2)
    with torch.no_grad():
        latents = parts.vae_encoder(values)
    assert torch.allclose(latents.mean(dim=(0, 2, 3)), torch.zeros(4), atol=1e-3)
    assert torch.allclose(latents.std(dim=(0, 2, 3)), torch.ones(4), atol=1e-3)
    assert peak_signal_to_noise(parts.vae_encoder, parts.vae_decoder, pictures) == pytest.approx(before, abs=1e-3)


def test_the_average_is_exported(pictures: np.ndarray, tmp_path: Path) -> None:
    run = _trained(pictures, tmp_path, steps=3, until=3)

    encoder, _decoder = averaged_vae(SMALLEST, run)

    expected = run.parameters.averaged()["encoder"]
    assert torch.equal(encoder.state_dict()["conv_in.weight"], expected["conv_in.weight"])


def test_a_refined_decoder_keeps_the_latents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_vae, "HELD_OUT", 2)
    monkeypatch.setattr(train_vae, "CROPS", CROPS)
    monkeypatch.setattr(train_vae, "REFINING_CROPS", CROPS)
    drawings = tmp_path / "drawings"
    DrawingCache.plan(drawings, count=8, seed=3, size=64).draw(0)
    options = dataclasses.replace(_options(tmp_path, steps=2, seed=0), learning_rate=1e-3)
    train_vae.train(0, SMALLEST, drawings, options)
    before = torch.load(tmp_path / train_vae.VAE_FILE, weights_only=True)

    train_vae.refine_decoder(0, SMALLEST, drawings, options)

    after = torch.load(tmp_path / train_vae.VAE_FILE, weights_only=True)
    assert all(torch.equal(value, after["encoder"][name]) for name, value in before["encoder"].items())
    assert not torch.equal(before["decoder"]["conv_in.weight"], after["decoder"]["conv_in.weight"])


def test_half_size_is_the_mean_of_four_pixels() -> None:
    picture = np.array([[0, 2, 10, 10], [4, 6, 10, 14]], dtype=np.uint8)[None, :, :, None].repeat(3, axis=3)

    assert halved(picture)[0, :, :, 0].tolist() == [[3, 11]]


def _trained(pictures: np.ndarray, folder: Path, *, steps: int, until: int, seed: int = 0) -> TrainingRun:
    """A run with a budget of `steps` that gets SIGTERM in its step `until`, if that is not the last."""
    training = VAETraining(SMALLEST, pictures, seed=seed, crops=CROPS)
    networks = {"encoder": training.encoder, "decoder": training.decoder}
    run = TrainingRun(networks, _options(folder, steps=steps, seed=seed))

    def losses(moment: Moment) -> dict[str, torch.Tensor]:
        if moment.step == until - 1 and until < steps:
            os.kill(os.getpid(), signal.SIGTERM)
        return training.losses(moment)

    assert run.run(losses) == (until == steps)
    return run


def _options(folder: Path, *, steps: int, seed: int) -> RunOptions:
    return RunOptions(folder=folder, stage="vae", learning_rate=5e-3, steps=steps, warm_up_steps=5, seed=seed)
