from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from preview_training.drawing_cache import DrawingCache
from preview_training.judges import JudgeNetwork, Judges, labels, network_values, save, shrunk
from preview_training.judges_training import clean_drawings, measure
from story_engine.preview_model.world import DrawnScene, Figure
from story_engine.preview_model.world.drawing import draw, shipped_scenes
from story_engine.preview_model.world.expected import ATTRIBUTES

SHIPPED_JUDGES = Path(__file__).parents[2] / "benchmarks" / "judges"


def test_labels_name_the_scene_in_the_order_of_the_attributes() -> None:
    scene = DrawnScene(main=Figure(subject="fox", colour="red"), place="beach", style="ink", shot="long")

    named = [values[index] for values, index in zip(ATTRIBUTES.values(), labels(scene), strict=True)]

    assert named == ["fox", "beach", "ink", "long", "red"]


def test_saved_judges_give_the_same_verdicts(tmp_path: Path) -> None:
    torch.manual_seed(0)
    near, far = JudgeNetwork().eval(), JudgeNetwork().eval()
    pictures = [draw(scene, 64) for scene in shipped_scenes()[:3]]

    save(near, tmp_path / "near.safetensors", {"steps": "0"})
    save(far, tmp_path / "far.safetensors", {"steps": "0"})
    verdicts = Judges.load(tmp_path).read(pictures)

    assert [verdict.values for verdict in verdicts] == [verdict.values for verdict in Judges(near, far).read(pictures)]
    assert (tmp_path / "near.safetensors").stat().st_size < 1_500_000


def test_pictures_of_any_size_are_judged_alike() -> None:
    picture = Image.new("RGB", (256, 256), (200, 40, 90))

    assert (shrunk(picture, 64) == shrunk(picture.resize((320, 192)), 64)).all()


def test_a_picture_and_its_mirror_image_get_one_verdict() -> None:
    torch.manual_seed(0)
    judges = Judges(JudgeNetwork(), JudgeNetwork())
    picture = draw(shipped_scenes()[0], 128)

    one, other = judges.read([picture, ImageOps.mirror(picture)])

    assert one.values == other.values
    assert list(one.confidences.values()) == pytest.approx(list(other.confidences.values()))


def test_measuring_counts_right_answers() -> None:
    torch.manual_seed(0)
    network = JudgeNetwork().eval()
    pictures = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), dtype=np.uint8)
    with torch.inference_mode():
        logits = network(network_values(pictures))
    answers = torch.stack([logits[name].argmax(1) for name in ATTRIBUTES], dim=1)

    assert measure(network, pictures, answers)["subject"] == 1.0
    assert measure(network, pictures, (answers + 1) % 4)["shot"] == 0.0


def test_a_drawing_folder_gives_clean_drawings_only(tmp_path: Path) -> None:
    cache = DrawingCache.plan(tmp_path, count=6, seed=3, size=96)
    cache.draw(0)
    expected = sum(scene.degradation == "none" for scene in cache.scenes())

    pictures, targets = clean_drawings([cache, cache], side=64)

    assert pictures.shape == (2 * expected, 64, 64, 3)
    assert targets.shape == (2 * expected, len(ATTRIBUTES))


@pytest.mark.skipif(
    not (SHIPPED_JUDGES / "far.safetensors").exists(), reason="the judges are trained by a command and not here"
)
def test_the_shipped_judges_read_the_shipped_scenes() -> None:
    scenes = [replace(scene, seed=900 + number) for number, scene in enumerate(shipped_scenes())]

    verdicts = Judges.load(SHIPPED_JUDGES).read([draw(scene) for scene in scenes])

    right = [
        (verdict.values["subject"], verdict.values["place"], verdict.values["style"])
        == (scene.main.subject, scene.place, scene.style)
        for scene, verdict in zip(scenes, verdicts, strict=True)
    ]
    assert sum(right) >= 15
