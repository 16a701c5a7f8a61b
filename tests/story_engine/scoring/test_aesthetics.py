"""The challenge's class with small random weights, saved as the published model is, found and used as it would be."""

import numpy as np
import pytest
import torch
from aesthetics_predictor import AestheticsPredictorV2Linear
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import CLIPImageProcessor, CLIPVisionConfig

from story_engine.catalog.published import AESTHETIC
from story_engine.catalog.scorers import present_scorer
from story_engine.errors import InstallOrDownload
from story_engine.scoring.aesthetics import Scorer, score_pictures
from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout
from story_engine.store.scores import ScoreStore


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "workspace", tmp_path / "stories")


def save_challenge_scorer(layout, *, seed=0):
    torch.manual_seed(seed)
    config = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        projection_dim=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
    )
    folder = AESTHETIC.folder(layout)
    AestheticsPredictorV2Linear(config).save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def pictures(folder, count=3):
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index in range(count):
        pixels = np.random.default_rng(index).integers(0, 255, (64, 64, 3), dtype=np.uint8)
        paths.append(folder / f"{index}.png")
        Image.fromarray(pixels).save(paths[-1])
    return paths


def test_without_the_challenge_s_weights_the_preview_scorer_counts(layout):
    present = present_scorer(layout)

    assert present.name == "preview" and not present.is_challenge


def test_the_challenge_s_weights_are_preferred_as_soon_as_they_are_there(layout):
    save_challenge_scorer(layout)

    present = present_scorer(layout)

    assert present.name == "aesthetic" and present.is_challenge


def test_batched_scores_equal_single_ones_and_the_class_s_own_answer(layout, tmp_path):
    folder = save_challenge_scorer(layout)
    paths = pictures(tmp_path / "p")
    scorer = Scorer(present_scorer(layout))
    images = [Image.open(path) for path in paths]

    together = scorer.score(images)
    single = [scorer.score([image])[0] for image in images]
    model = AestheticsPredictorV2Linear.from_pretrained(folder).eval()
    processor = CLIPImageProcessor.from_pretrained(folder)
    with torch.no_grad():
        own = [model(**processor(images=image, return_tensors="pt")).logits.tolist()[0][0] for image in images]

    assert together == pytest.approx(single, abs=1e-5)
    assert together == pytest.approx(own, abs=1e-5)


def test_scoring_twice_gives_the_same_number(layout, tmp_path):
    save_challenge_scorer(layout)
    scorer = Scorer(present_scorer(layout))
    image = Image.open(pictures(tmp_path / "p", 1)[0])

    assert scorer.score([image]) == scorer.score([image])  # dropout would differ


def test_any_kind_of_picture_can_be_scored(layout):
    save_challenge_scorer(layout)
    scorer = Scorer(present_scorer(layout))

    values = scorer.score([Image.new(mode, (300, 80)) for mode in ("RGBA", "L", "P", "CMYK", "1")])

    assert len(values) == 5 and all(np.isfinite(values))


def test_a_known_score_is_not_computed_again(layout, tmp_path):
    folder = save_challenge_scorer(layout)
    paths = pictures(tmp_path / "p")
    first = score_pictures(paths, layout)
    present = present_scorer(layout)
    # Without the model nothing can be computed: an answer can only come from the store.
    (folder / "config.json").write_text("{}", encoding="utf-8")
    store = ScoreStore(layout)

    assert store.scores(present.name, present.version) == {s.picture_sha256: s.value for s in first}
    assert score_pictures(paths, layout) == first


def test_scores_of_another_version_are_never_mixed_in(layout, tmp_path):
    save_challenge_scorer(layout, seed=0)
    paths = pictures(tmp_path / "p")
    old = score_pictures(paths, layout)
    save_challenge_scorer(layout, seed=1)

    new = score_pictures(paths, layout)

    assert {score.scorer_version for score in old}.isdisjoint({score.scorer_version for score in new})
    assert [score.value for score in old] != [score.value for score in new]
    assert ScoreStore(layout).scores("aesthetic", old[0].scorer_version)  # the old ones are kept


def test_a_damaged_scorer_says_where_and_what_to_do(layout):
    folder = save_challenge_scorer(layout)
    save_file({"vision_model.other": torch.zeros(3)}, folder / "model.safetensors")

    with pytest.raises(InstallOrDownload, match="download the scorer again"):
        Scorer(present_scorer(layout))


def test_a_scorer_that_is_not_whole_never_counts_as_the_challenges(layout):
    folder = save_challenge_scorer(layout)
    whole = {path: path.read_bytes() for path in folder.iterdir()}
    counted = []
    for path, content in whole.items():
        path.unlink()
        counted.append((path.name, "missing", present_scorer(layout).name))
        path.write_bytes(content[: len(content) // 2])
        counted.append((path.name, "half", present_scorer(layout).name))
        path.write_bytes(content)

    assert {name for _, _, name in counted} == {"preview"}, counted
    assert present_scorer(layout).is_challenge


def test_a_scorer_is_read_from_the_file_that_its_version_names(layout, tmp_path):
    folder = save_challenge_scorer(layout)
    paths = pictures(tmp_path / "p")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    before, present = score_pictures(paths, layout), present_scorer(layout)
    assert present.version == file_sha256(folder / "model.safetensors")[:12]  # as scores of earlier versions are named

    # A copy that broke off: from here on the other file is the one that counts, is hashed and is read.
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    after = score_pictures(paths, layout)

    assert after[0].scorer_version == file_sha256(folder / "pytorch_model.bin")[:12]
    assert [score.value for score in after] == pytest.approx([score.value for score in before], abs=1e-5)


def test_a_line_torn_by_a_crash_loses_only_itself(layout, tmp_path):
    save_challenge_scorer(layout)
    paths = pictures(tmp_path / "p")
    first = score_pictures(paths[:2], layout)
    present = present_scorer(layout)
    file = layout.scores / f"{present.name}-{present.version}.jsonl"
    with file.open("a", encoding="utf-8") as torn:
        torn.write('{"picture_sha256": "ab')

    score_pictures(paths, layout)

    known = ScoreStore(layout).scores(present.name, present.version)
    assert len(known) == 3 and all(score.picture_sha256 in known for score in first)
