"""Diffusion training learns, resumes to the bit, and ends in weights that paint."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from preview_training import export
from preview_training.caption_batches import caption_tokens, pad_tokens
from preview_training.drawing_cache import DrawingCache
from preview_training.latents import LatentCache
from preview_training.text_tokens import tokenize
from preview_training.timesteps import loss_weights, spread_timesteps
from preview_training.train_diffusion import (
    TOKEN_IDS_FILE,
    DiffusionPlan,
    DiffusionTraining,
    train,
    trained_networks,
    unpack_weights,
)
from preview_training.train_text import TextTraining, attribute_indices
from preview_training.training_run import Moment, RunOptions, TrainingRun
from story_engine.catalog.tokenizer import encode_ids
from story_engine.domain.family import TIMESTEPS
from story_engine.inference.noise_schedule import add_noise
from story_engine.preview_model.architecture import SMALLEST, build_preview
from story_engine.preview_model.prompts import PreviewPrompter
from story_engine.preview_model.weights import save_preview
from story_engine.preview_model.world import DrawnScene

TOKEN_IDS = sorted({*encode_ids("一只橙色的猫"), *encode_ids("a cat in a palace hall")})


@dataclass(frozen=True)
class Drawn:
    drawings: DrawingCache
    scenes: list[DrawnScene]
    latents: LatentCache
    folder: Path


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    folder = tmp_path_factory.mktemp("drawings")
    drawings = DrawingCache.plan(folder, count=12, seed=5, size=64)
    drawings.draw(0)
    latents = LatentCache(drawings, size=8, folder=folder)
    latents.encode(build_preview(SMALLEST).vae_encoder, process=0, processes=1, until=12)
    return Drawn(drawings, drawings.scenes(), latents, folder)


def test_every_drawing_gets_latents_of_its_own(drawn: Drawn) -> None:
    with torch.no_grad():
        picture = torch.from_numpy(drawn.drawings.pictures[7] / np.float32(127.5) - 1).permute(2, 0, 1)[None]
        expected = build_preview(SMALLEST).vae_encoder(picture)[0]

    assert drawn.latents.ready() == 12
    assert np.abs(drawn.latents.values[7] - expected.numpy()).mean() < 0.05


def test_a_stopped_drawing_goes_on_where_it_was(drawn: Drawn, tmp_path: Path) -> None:
    both = DrawingCache.plan(tmp_path, count=12, seed=5, processes=2, size=64)
    both.draw(1)
    assert both.ready() == 0

    both.draw(0)

    assert both.ready() == 12
    assert np.array_equal(both.pictures, drawn.drawings.pictures)
    assert both.scenes() == drawn.scenes


@pytest.mark.thorough
def test_the_loss_falls(drawn: Drawn, tmp_path: Path) -> None:
    _trained(drawn, tmp_path, steps=60)

    lines = [json.loads(line) for line in (tmp_path / "diffusion_8.jsonl").read_text().splitlines()]
    assert lines[-1]["noise_error"] < 0.8 * lines[0]["noise_error"]


def test_resuming_gives_the_same_values_as_running_through(drawn: Drawn, tmp_path: Path) -> None:
    whole = _trained(drawn, tmp_path / "whole", steps=6)
    _trained(drawn, tmp_path / "parts", steps=6, until=2)
    resumed = _trained(drawn, tmp_path / "parts", steps=6)

    assert torch.equal(resumed.parameters.values, whole.parameters.values)
    assert torch.equal(resumed.parameters.average, whole.parameters.average)


def test_checkpoints_become_weights_that_paint(drawn: Drawn, tmp_path: Path) -> None:
    run = _trained(drawn, tmp_path, steps=3)
    vae = build_preview(SMALLEST)
    torch.save({"encoder": vae.vae_encoder.state_dict(), "decoder": vae.vae_decoder.state_dict()}, tmp_path / "vae.pt")
    (tmp_path / TOKEN_IDS_FILE).write_text(json.dumps(TOKEN_IDS))

    export.main(["weights", "--folder", str(tmp_path), "--to", str(tmp_path / "weights")], config=SMALLEST)
    export.main(["sheet", "--weights", str(tmp_path / "weights"), "--out", str(tmp_path / "sheet.png"), "--steps", "2"])

    parts = export.load_preview(tmp_path / "weights")
    expected = run.parameters.averaged()["unet"]["conv_in.weight"]
    assert torch.allclose(parts.unet.conv_in.weight, expected, atol=1e-3)
    assert parts.text_encoder.known_token_ids == TOKEN_IDS
    assert export.Image.open(tmp_path / "sheet.png").size == (4 * 64, 2 * 64)


def test_training_goes_on_from_exported_weights_when_the_checkpoints_are_lost(drawn: Drawn, tmp_path: Path) -> None:
    parts = build_preview(SMALLEST, known_token_ids=TOKEN_IDS, seed=9)
    save_preview(parts, tmp_path / "weights")
    folder = tmp_path / "training"

    unpack_weights(tmp_path / "weights", folder)
    # A step that changes nothing: what is written is what was loaded.
    plan = DiffusionPlan(
        drawings=drawn.folder,
        folder=folder,
        from_weights=tmp_path / "weights",
        full_size_steps=1,
        full_size_batch=2,
        processes=1,
        learning_rate=0.0,
    )
    train(0, SMALLEST, TOKEN_IDS, plan)
    again = export.parts_from_checkpoints(folder, SMALLEST)

    for name in ("unet", "text_encoder", "vae_encoder", "vae_decoder"):
        expected, found = getattr(parts, name).state_dict(), getattr(again, name).state_dict()
        assert all(torch.allclose(found[key], value, atol=1e-3) for key, value in expected.items()), name


def test_the_text_encoder_learns_to_read_attributes(drawn: Drawn, tmp_path: Path) -> None:
    _unet, text_encoder = trained_networks(SMALLEST, TOKEN_IDS)
    training = TextTraining(text_encoder, drawn.scenes, SMALLEST)
    options = RunOptions(folder=tmp_path, stage="text", learning_rate=1e-2, steps=30, warm_up_steps=5)

    TrainingRun({"text_encoder": text_encoder, "heads": training.heads}, options).run(training.losses)

    lines = [json.loads(line) for line in (tmp_path / "text.jsonl").read_text().splitlines()]
    assert lines[-1]["loss"] < lines[0]["loss"]


def test_animals_have_no_hair_to_read(drawn: Drawn) -> None:
    scenes = [DrawnScene()]

    assert attribute_indices(scenes)["hair_colour"].tolist() == [-1]


def test_tokens_are_padded_as_the_kolors_tokenizer_does() -> None:
    prompts = ["一只橙色的猫", "", "a cat " * 80]
    expected = tokenize(PreviewPrompter(64), prompts)

    tokens = pad_tokens([encode_ids(prompt) for prompt in prompts], length=64)

    assert all(torch.equal(tokens[name], expected[name]) for name in expected)


def test_captions_differ_between_steps_and_repeat_for_one_seed(drawn: Drawn) -> None:
    def tokens(seed: int) -> torch.Tensor:
        return caption_tokens(drawn.scenes, np.random.default_rng(seed), length=64)["input_ids"]

    assert torch.equal(tokens(1), tokens(1))
    assert not torch.equal(tokens(1), tokens(2))


def test_timesteps_cover_the_schedule_evenly() -> None:
    timesteps = spread_timesteps(11, torch.Generator().manual_seed(0))

    assert sorted((timesteps // (TIMESTEPS // 11)).tolist()) == list(range(11))


def test_noise_follows_the_schedule_of_the_pipeline() -> None:
    scheduler = export.kolors_schedule()
    latents, noise = torch.randn(1, 4, 2, 2), torch.randn(1, 4, 2, 2)

    ours = add_noise(latents, noise, torch.tensor([700]))

    assert torch.allclose(ours, scheduler.add_noise(latents, noise, torch.tensor([700])), atol=1e-6)


def test_noisier_timesteps_weigh_more_within_limits() -> None:
    weights = loss_weights(torch.tensor([0, 300, 700, 1099]))

    assert torch.equal(weights, weights.sort().values)
    assert weights[0] == pytest.approx(1.0, abs=0.01)
    assert weights[-1] < 20


def _trained(drawn: Drawn, folder: Path, *, steps: int, until: int | None = None) -> TrainingRun:
    """A run with a budget of `steps` that gets SIGTERM in its step `until`, if one is given."""
    unet, text_encoder = trained_networks(SMALLEST, TOKEN_IDS)
    training = DiffusionTraining(
        unet, text_encoder, latents=drawn.latents.values, scenes=drawn.scenes, batch=4, prompt_tokens=64
    )
    options = RunOptions(folder=folder, stage="diffusion_8", learning_rate=5e-3, steps=steps, warm_up_steps=5)
    run = TrainingRun({"unet": unet, "text_encoder": text_encoder}, options)

    def losses(moment: Moment) -> dict[str, torch.Tensor]:
        if until is not None and moment.step == until - 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return training.losses(moment)

    run.run(losses)
    return run
