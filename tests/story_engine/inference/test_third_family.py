"""A third family is one folder and one line: it paints, is trained, and is found wherever families are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from story_engine.catalog.families import families
from story_engine.catalog.published import downloads, family_states
from story_engine.domain.family import FAMILY_FOLDERS
from story_engine.domain.recipe import LoraPart, Recipe
from story_engine.domain.training import problems
from story_engine.domain.training_cost import memory_of
from story_engine.domain.validation import story_from
from story_engine.errors import InstallOrDownload, InvalidInput
from story_engine.inference.render import Renderer
from story_engine.lora_files.doctor import examine
from story_engine.lora_files.shapes import base_shapes
from story_engine.preview_model.architecture import SMALLEST, build_preview
from story_engine.preview_model.weights import save_preview
from story_engine.store.layout import Layout
from story_engine.store.loras import LoraStore
from story_engine.store.runs import RunStore
from tests.story_engine.training.small_training import PROMPT, new_run, small_spec, trained, training_workspace


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setitem(FAMILY_FOLDERS, "third", "tests.third_family")  # the line
    return training_workspace(tmp_path, sizes=((64, 64), (96, 64)))


def test_it_is_named_with_what_is_missing_until_its_files_are_here(layout: Layout) -> None:
    states = {state.name: state for state in family_states(layout)}
    assert list(states) == ["preview", "kolors", "third"] and not states["third"].ready
    assert "third" in downloads() and families(layout)["third"].weights_hash == ""

    with pytest.raises(InstallOrDownload) as caught:
        Renderer(layout, threads=1).render([_recipe(layout)])
    assert "third/one/unet.safetensors" in str(caught.value) and "nobody/third" in str(caught.value)

    _publish(layout)
    assert {state.name: state.ready for state in family_states(layout)}["third"]


def test_it_paints_and_is_trained_and_paints_with_what_was_trained(layout: Layout) -> None:
    _publish(layout)
    plain = Renderer(layout, threads=1).render([_recipe(layout)])[0]
    run = new_run(layout, family="third", steps_per_epoch=4, save_every=4, sample_every=4, sample_prompts=(PROMPT,))

    assert trained(layout, run).state == "finished"

    store, name = RunStore(layout), f"{run}@4"
    assert len(store.samples(run)) == 2 and store.run(run).weights_hash == families(layout)["third"].weights_hash
    used = LoraPart(name=name, sha256=LoraStore(layout).sha256(name), strength=8.0)
    changed = Renderer(layout, threads=1).render([_recipe(layout, loras=(used,))])[0]
    assert plain.size == (64, 64) and not np.array_equal(np.asarray(plain), np.asarray(changed))
    assert "third" in examine(store.checkpoints(run)[4], bases=base_shapes(layout)).families


def test_stories_and_trainings_accept_it_with_its_own_limits(layout: Layout) -> None:
    family = families(layout)["third"]

    story = story_from({"title": "x", "settings": {"family": "third"}, "scenes": [{"id": "s1"}]}, file="x")
    assert story.settings.family == "third"
    assert problems(small_spec(family="third", learning_rate=0.04), family=family) == ()
    memory = memory_of(small_spec(family="third"), family, available_bytes=1, is_gpu=False)
    assert memory.needed_bytes > 2 * 2**30


def test_a_family_that_nobody_registered_is_refused() -> None:
    with pytest.raises(InvalidInput):
        story_from({"title": "x", "settings": {"family": "third"}, "scenes": [{"id": "s1"}]}, file="x")


def _publish(layout: Layout) -> None:
    save_preview(build_preview(SMALLEST, seed=5), layout.models / "third" / "one")


def _recipe(layout: Layout, **changes: object) -> Recipe:
    family = families(layout)["third"]
    fields: dict[str, object] = {
        "prompt": "一只猫",
        "negative": "",
        "seed": 1,
        "sampler": family.sampler,
        "steps": family.steps,
        "cfg_scale": family.cfg_scale,
        "width": family.width,
        "height": family.height,
        "noise": "cpu",
        "family": "third",
        "weights_hash": family.weights_hash,
        "precision": family.precision,
    }
    return Recipe.model_validate(fields | changes)
