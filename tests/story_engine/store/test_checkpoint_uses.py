"""What keeps a checkpoint from being deleted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from story_engine.domain.story import LoraUse, Scene, Story
from story_engine.domain.sweep import Axis, Sweep
from story_engine.domain.training import TrainingSpec
from story_engine.store.checkpoint_uses import used_steps
from story_engine.store.layout import Layout
from story_engine.store.picks import PickStore
from story_engine.store.stories import StoryStore
from story_engine.store.sweeps import SweepStore
from story_engine.training.records import drop_checkpoints


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "workspace", tmp_path / "stories")


def test_stories_scenes_deleted_stories_sweeps_and_picked_takes_keep_what_they_name(layout: Layout) -> None:
    stories, run = StoryStore(layout), "墨-ink"
    stories.create("Whole", Story(loras=(LoraUse(name=f"{run}@100"),), scenes=(Scene(id="s1"),)))
    stories.create("Scene", Story(scenes=(Scene(id="s1", loras=(LoraUse(name=f"{run}@0200"),)),)))
    deleted = stories.create("Deleted", Story(loras=(LoraUse(name=f"{run}@300"),), scenes=(Scene(id="s1"),)))
    stories.trash.put(deleted, title="Deleted")
    (layout.stories / "escaped.yaml").write_text(f"loras: [{{name: {json.dumps(f'{run}@400')}}}]")
    (layout.stories / "damaged.yaml").write_bytes(f"loras: [{{name: {run}@500".encode() + b"\xff")
    steps = Axis(kind="checkpoint", values=(0, 600, 700))
    SweepStore(layout).remember("a", Sweep(scene="s1", x=steps, run=run), is_painted=True)
    SweepStore(layout).remember("a", Sweep(scene="s1", x=Axis(kind="seed", values=(1,)), y=steps, run="other"))
    SweepStore(layout).remember("b", Sweep(scene="s1", x=Axis(kind="strength", values=(1.0,)), lora=f"{run}@800"))
    for take, step in (("picked", 900), ("passed", 1000)):
        path = layout.takes("a", "s1") / f"{take}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"recipe": {"loras": [{"name": f"{run}@{step}"}]}}))
    PickStore(layout).set_pick("a", "s1", "picked")

    assert used_steps(layout, run) - {0} == {100, 200, 300, 400, 500, 600, 700, 800, 900}


def test_nothing_uses_a_checkpoint_of_an_empty_workspace(layout: Layout) -> None:
    assert used_steps(layout, "ink") == frozenset()


def test_all_checkpoints_stay_while_a_story_cannot_be_read(layout: Layout) -> None:
    layout.stories.mkdir(parents=True)
    (layout.stories / "a.yaml").symlink_to("a.yaml")

    _drop(layout)

    assert len(list(layout.runs.rglob("*.safetensors"))) == 6


def test_the_last_ones_stay_where_nothing_is_used(layout: Layout) -> None:
    _drop(layout)

    assert {path.stem for path in layout.runs.rglob("*.safetensors")} == {"200", "300", "400", "500", "600"}


def _drop(layout: Layout) -> None:
    folder = layout.runs / "ink"
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "spec.json").write_text("{}")
    for step in range(100, 700, 100):
        (folder / "checkpoints" / f"{step}.safetensors").write_bytes(b"")
    drop_checkpoints(layout, "ink", TrainingSpec(name="a", dataset="d"))
