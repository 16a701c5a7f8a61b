"""The model learns from what it paints itself: its moments, its judges, and a training that resumes to the bit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from preview_training import export, imagining, train_adherence
from preview_training.drawing_cache import DrawingCache
from preview_training.imagining import Imagination, Moments, clean_chances, finished, telling_chances
from preview_training.latent_judge_training import Readable, share_read
from preview_training.latent_judge_training import train as train_judge
from preview_training.spoilt_faces import FACE
from preview_training.taught import NOT_SAID, TAUGHT, labels_of
from preview_training.train_adherence import AdherenceTraining
from preview_training.train_diffusion import DiffusionTraining, trained_networks
from preview_training.training_run import RunOptions, TrainingRun
from story_engine.catalog.tokenizer import encode_ids
from story_engine.inference.noise_schedule import add_noise, signal_shares
from story_engine.inference.samplers import build_sampler
from story_engine.preview_model.architecture import SMALLEST, build_preview
from story_engine.preview_model.family import FAMILY
from story_engine.preview_model.latent_judge import LatentJudge
from story_engine.preview_model.weights import save_preview
from story_engine.preview_model.world import DrawnScene, Figure
from story_engine.preview_model.world.expected import ATTRIBUTES, read_prompt

TOKEN_IDS = sorted({*encode_ids("一只橙色的猫"), *encode_ids("a cat in a palace hall")})
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Drawn:
    folder: Path
    scenes: list[DrawnScene]
    latents: np.ndarray


@pytest.fixture(scope="module")
def judge(drawn: Drawn) -> LatentJudge:
    targets = torch.tensor([labels_of(scene) for scene in drawn.scenes])
    readable = Readable(latents=drawn.latents, targets=targets, chances=np.full(40, 1 / 40))
    return train_judge(readable, readable, attributes=TAUGHT, steps=150, seed=1, device=CPU)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    folder = tmp_path_factory.mktemp("drawings")
    drawings = DrawingCache.plan(folder, count=40, seed=5, size=64)
    drawings.draw(0)
    small = drawings.pictures.reshape(40, 8, 8, 8, 8, 3).mean((2, 4)) / 127.5 - 1
    # A VAE that has learnt nothing would show nothing; colours of cells and their mean are a latent that shows much.
    latents = np.concatenate([small, small.mean(3, keepdims=True)], axis=3).transpose(0, 3, 1, 2)
    return Drawn(folder, drawings.scenes(), latents.astype(np.float32))


def imagination() -> Imagination:
    return Imagination(*trained_networks(SMALLEST, TOKEN_IDS), side=8, prompt_tokens=SMALLEST.prompt_tokens)


def painted(drawn: Drawn, pictures: int = 5) -> Moments:
    return imagination().moments(drawn.scenes, clean_chances(drawn.scenes), pictures=pictures, seed=3)


def test_finished_latents_are_what_noise_was_added_to() -> None:
    latents, noise, timesteps = torch.randn(3, 4, 8, 8), torch.randn(3, 4, 8, 8), torch.tensor([5, 400, 1099])

    back = finished(add_noise(latents, noise, timesteps), noise, signal_shares()[timesteps])

    assert torch.allclose(back, latents, atol=1e-3)


def test_the_moments_of_a_picture_follow_each_other_as_its_sampler_has_them(drawn: Drawn) -> None:
    moments = painted(drawn)

    assert len(moments.prompts) == 5 * imagining.MOMENTS
    sampler, model = build_sampler(FAMILY.sampler, imagining.STEPS), imagination()
    now, then = (np.flatnonzero(moments.steps == step) for step in (0, 1))
    assert moments.prompts[now].tolist() == moments.prompts[then].tolist()
    latents, unprompted = (
        torch.from_numpy(values[now].astype(np.float32)) for values in (moments.latents, moments.unprompted)
    )
    with torch.no_grad():
        timesteps = torch.full((5,), sampler.timesteps[0])
        prompted = model.predicted(latents, timesteps, moments.prompts[now].tolist())
    stepped = sampler.step(unprompted + FAMILY.cfg_scale * (prompted - unprompted), 0, latents)
    assert np.abs(stepped.numpy() - moments.latents[then]).max() < 0.1


def test_what_is_wanted_of_a_picture_is_what_its_prompt_says(drawn: Drawn) -> None:
    moments = painted(drawn, pictures=12)

    for prompt, wanted in zip(moments.prompts, moments.wanted, strict=True):
        said = [getattr(read_prompt(prompt), name) for name in ATTRIBUTES]
        asked = wanted[: len(ATTRIBUTES)]
        values = [None if at == NOT_SAID else of[at] for at, of in zip(asked, ATTRIBUTES.values(), strict=True)]
        assert values == said
    assert (moments.wanted == NOT_SAID).any() and (moments.wanted != NOT_SAID).any()


def test_drawings_with_a_flaw_teach_nobody_to_read(drawn: Drawn) -> None:
    chances = clean_chances(drawn.scenes)

    flawed = [scene.degradation != "none" for scene in drawn.scenes]
    assert chances.sum() == pytest.approx(1) and any(flawed)
    assert chances[flawed].sum() == 0


def test_judges_are_shown_two_of_one_kind_more_often_than_painters(drawn: Drawn) -> None:
    alone = replace(drawn.scenes[0], main=Figure(subject="cat"), companions=(), degradation="none")
    scenes = [
        alone,
        replace(alone, companions=(Figure(subject="cat"),)),
        replace(alone, companions=(Figure(subject="dog"),)),
    ]

    chances = clean_chances(scenes)
    shares = telling_chances(scenes, chances) / chances

    assert shares[1] == pytest.approx(4 * shares[0])
    assert shares[2] == pytest.approx(shares[0])


@pytest.mark.thorough
def test_a_judge_learns_to_read_latents(drawn: Drawn, judge: LatentJudge) -> None:
    targets = torch.tensor([labels_of(scene) for scene in drawn.scenes])

    read = share_read(judge, torch.from_numpy(drawn.latents), targets)

    assert min(read["shot"], read["style"]) > 0.7


@pytest.mark.thorough
def test_the_judges_miss_less_of_the_prompts_after_a_while(drawn: Drawn, judge: LatentJudge, tmp_path: Path) -> None:
    _trained(drawn, judge, tmp_path, steps=30)

    lines = [json.loads(line) for line in (tmp_path / "adherence.jsonl").read_text().splitlines()]
    assert lines[-1]["missed"] < lines[0]["missed"]


@pytest.mark.thorough
def test_a_stopped_adherence_training_ends_in_the_same_values(drawn: Drawn, judge: LatentJudge, tmp_path: Path) -> None:
    whole = _trained(drawn, judge, tmp_path / "whole", steps=6)
    _trained(drawn, judge, tmp_path / "parts", steps=6, until=2)
    resumed = _trained(drawn, judge, tmp_path / "parts", steps=6)

    assert torch.equal(resumed.parameters.average, whole.parameters.average)


@pytest.mark.thorough
@pytest.mark.timeout(300)
def test_exported_weights_are_taught_by_one_command_and_exported_again(drawn: Drawn, tmp_path: Path) -> None:
    weights, folder = tmp_path / "weights", tmp_path / "training"
    save_preview(build_preview(SMALLEST, known_token_ids=TOKEN_IDS), weights)
    given = [str(drawn.folder), "--folder", str(folder), "--from-weights", str(weights)]
    amounts = ["--steps=2", "--judge-steps=3", "--imagined=16", "--pictures=4", "--faces=8"]

    train_adherence.main([*given, *amounts, "--batch=2", "--processes=1"], config=SMALLEST)
    export.main(["weights", "--folder", str(folder), "--to", str(tmp_path / "taught")], config=SMALLEST)

    before, after = (export.load_preview(each).unet.state_dict() for each in (weights, tmp_path / "taught"))
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_what_judges_of_faces_miss_counts_too(drawn: Drawn, tmp_path: Path) -> None:
    judge, faces = LatentJudge(TAUGHT).eval(), LatentJudge(FACE).eval()

    _trained(drawn, judge, tmp_path / "without", steps=1)
    _trained(drawn, judge, tmp_path / "with", steps=1, face_judges=[faces])

    without, with_faces = (
        json.loads((tmp_path / each / "adherence.jsonl").read_text().splitlines()[0]) for each in ("without", "with")
    )
    assert with_faces["missed"] > without["missed"]
    assert with_faces["read"] == without["read"]


def _trained(
    drawn: Drawn,
    judge: LatentJudge,
    folder: Path,
    *,
    steps: int,
    until: int | None = None,
    face_judges: Sequence[LatentJudge] = (),
) -> TrainingRun:
    unet, text_encoder = trained_networks(SMALLEST, TOKEN_IDS)
    model = Imagination(unet, text_encoder, side=8, prompt_tokens=SMALLEST.prompt_tokens)
    training = AdherenceTraining(
        DiffusionTraining(
            unet,
            text_encoder,
            latents=drawn.latents,
            scenes=drawn.scenes,
            batch=2,
            prompt_tokens=SMALLEST.prompt_tokens,
        ),
        model,
        painted(drawn),
        [judge],
        face_judges=face_judges,
        batch=4,
        weight=1.0,
    )
    run = TrainingRun(
        {"unet": unet, "text_encoder": text_encoder},
        RunOptions(folder=folder, stage=train_adherence.STAGE, learning_rate=3e-3, steps=steps, warm_up_steps=5),
    )
    if until is None:
        run.run(training.losses)
        return run
    while run.step < until:
        run._one_step(training.losses)
    run.save()
    return run
