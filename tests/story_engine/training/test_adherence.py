import random
from dataclasses import replace

import pytest
import torch

from story_engine.preview_model.world.drawing import draw, sample_scene
from story_engine.store.layout import Layout
from story_engine.training.adherence import adherence, read_adherence, write_adherence
from story_engine.training.base import open_base


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """The shipped preview model's networks."""
    layout = Layout(*(tmp_path_factory.mktemp(name) for name in ("workspace", "stories")))
    return open_base(layout, "preview", precision="float32", device="cpu")


def test_a_picture_shows_its_own_prompt_and_not_another(shipped):
    prompts = ["一只橘猫，客厅，全身", "一只熊猫，雪山，全身", ""]
    scenes = [("cat", "living_room"), ("panda", "snow_mountain")]
    rng = random.Random(3)
    drawn = [draw(_scene(sample_scene(rng), subject, place)) for subject, place in scenes]
    pixels = torch.stack(
        [torch.frombuffer(bytearray(each.tobytes()), dtype=torch.uint8).view(256, 256, 3) for each in drawn]
    )
    with shipped.vae_encoder() as encoder, torch.inference_mode():
        latents = encoder(pixels.permute(0, 3, 1, 2).float() / 127.5 - 1)
    with shipped.text_encoder() as encode:
        cat, panda, empty = encode(prompts)
    unet = shipped.unet().eval()

    own = [adherence(unet, latents[0], cat, empty), adherence(unet, latents[1], panda, empty)]
    swapped = [adherence(unet, latents[0], panda, empty), adherence(unet, latents[1], cat, empty)]

    assert own[0] > swapped[0] and own[1] > swapped[1]
    assert adherence(unet, latents[0], empty, empty) == 0


def _scene(scene, subject, place):
    main = replace(scene.main, subject=subject)
    return replace(scene, main=main, companions=(), place=place, style="modern", shot="full", degradation="none")


def test_values_are_added_to_those_there_are_and_a_broken_file_is_none(tmp_path):
    assert read_adherence(tmp_path) == {}
    write_adherence(tmp_path, {0: 0.5})
    write_adherence(tmp_path, {1: 0.25})

    assert read_adherence(tmp_path) == {0: 0.5, 1: 0.25}
    (tmp_path / "adherence.json").write_text("[1]")
    assert read_adherence(tmp_path) == {}
