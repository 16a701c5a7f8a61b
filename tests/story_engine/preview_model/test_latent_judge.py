"""The judges of a contest read drawings in latents, say nothing of prompts that they do not know, and fail clearly."""

from __future__ import annotations

import random

import pytest
import torch

from story_engine.errors import InstallOrDownload
from story_engine.inference.starts import encode_picture
from story_engine.preview_model.latent_judge import JUDGE_FILE, LatentJudge, load, save
from story_engine.preview_model.weights import WEIGHTS_FOLDER, load_preview
from story_engine.preview_model.world.captions import caption
from story_engine.preview_model.world.drawing import draw, sample_scene


@pytest.fixture(scope="module")
def judge():
    return load(JUDGE_FILE)


def test_of_two_drawings_the_one_that_a_prompt_tells_of_shows_more_of_it(judge) -> None:
    rng, encoder = random.Random(4), load_preview(WEIGHTS_FOLDER).vae_encoder
    scenes = [sample_scene(rng) for _ in range(12)]
    latents = torch.cat([encode_picture(encoder, draw(scene)) for scene in scenes])

    right = 0
    for place, scene in enumerate(scenes):
        seen = judge.adherence(latents, caption(scene, rng))
        right += max(range(12), key=lambda each: seen[each].value) == place

    assert right >= 10


def test_its_words_are_the_prompt_s_own(judge) -> None:
    (seen,) = judge.adherence(torch.zeros(1, 4, 32, 32), "水墨风格，一只小狐狸坐在雪山前，远景")

    assert judge.reads("水墨风格，一只小狐狸坐在雪山前，远景")
    assert list(seen.words) == ["小狐狸", "雪山前", "水墨风格", "远景"]
    assert 0 < seen.value < 1


@pytest.mark.parametrize("prompt", ["", "量子纠缠", "a submarine"])
def test_a_prompt_that_names_nothing_of_the_drawn_world_is_not_judged(judge, prompt: str) -> None:
    assert not judge.reads(prompt)


def test_pictures_of_any_shape_are_read_and_a_mirror_changes_nothing(judge) -> None:
    latents = torch.randn(2, 4, 48, 24, generator=torch.Generator().manual_seed(1))

    plain, mirrored = (judge.adherence(each, "a cat in the garden") for each in (latents, latents.flip(3)))

    assert [each.value for each in plain] == pytest.approx([each.value for each in mirrored], rel=1e-4)


def test_what_is_saved_reads_the_same_and_a_damaged_file_is_told(tmp_path) -> None:
    path, latents = tmp_path / "some" / "judge.safetensors", torch.ones(1, 4, 8, 8)
    save([LatentJudge().eval(), LatentJudge().eval()], path)

    assert load(path).adherence(latents, "a cat") == load(path).adherence(latents, "a cat")

    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InstallOrDownload) as caught:
        load(path)
    assert caught.value.code == "contest.judge_damaged" and str(path) in str(caught.value.values)
    with pytest.raises(InstallOrDownload):
        load(tmp_path / "nowhere")
