"""One trash for everything: what is deleted comes back, for as long as was set, whatever its files' time stamps say."""

import json
import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from story_engine.domain.disk import Limits
from story_engine.domain.take import Take
from story_engine.errors import ChooseAnother, Wait
from story_engine.store import atomic
from story_engine.store.datasets import DatasetStore
from story_engine.store.layout import Layout
from story_engine.store.limits import write_limits
from story_engine.store.lora_library import LoraLibrary
from story_engine.store.loras import LoraStore
from story_engine.store.runs import RunStore
from story_engine.store.stories import StoryStore
from story_engine.store.takes import TakeStore
from story_engine.store.trash import ENTRY, Trash
from tests.builders import a_recipe, a_story, a_take
from tests.story_engine.store.test_runs import PICTURES, a_spec
from tests.story_engine.store.test_takes import a_picture

YEAR_AGO = time.time() - 365 * 24 * 3600


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "workspace", tmp_path / "stories")


@pytest.fixture
def stores(layout):
    """Kind → (its store's `delete`, its `restore`, the names that are there now)."""
    stories, datasets, runs = StoryStore(layout), DatasetStore(layout), RunStore(layout)
    library, takes = LoraLibrary(layout, LoraStore(layout)), TakeStore(layout)
    return {
        "story": (stories.delete, stories.restore, stories.slugs),
        "dataset": (datasets.delete, datasets.restore, datasets.names),
        "run": (runs.delete, runs.restore, runs.ids),
        "lora": (library.delete, library.restore, lambda: LoraStore(layout).names()),
        "take": (
            lambda name: takes.delete("cat", "s1", name),
            lambda token: takes.restore(token).id,
            lambda: tuple(take.id for take in takes.takes_of("cat", "s1")),
        ),
    }


def make(layout: Layout, kind: str, number: int = 1) -> str:
    """One thing of a kind, whose files are all a year old; its name."""
    name = f"a-{kind}-{number}"
    if kind == "story":
        name = StoryStore(layout).create(name, a_story())
    elif kind == "dataset":
        name = DatasetStore(layout).create(name)
    elif kind == "run":
        name = RunStore(layout).create(a_spec(name=name), PICTURES)
    elif kind == "lora":
        layout.loras.mkdir(parents=True, exist_ok=True)
        (layout.loras / f"{name}.safetensors").write_bytes(b"x")
    else:
        take: Take = a_take(a_recipe(seed=number), story="cat")
        name = TakeStore(layout).add(take, a_picture(), {}).id
    make_old(layout.workspace, layout.stories)
    return name


def make_old(*folders: Path) -> None:
    for folder in folders:
        for path in [folder, *folder.rglob("*")] if folder.exists() else []:
            if "trash" not in path.relative_to(folder).parts:
                os.utime(path, (YEAR_AGO, YEAR_AGO))


def deleted_before(layout: Layout, token: str, **time_ago: float) -> None:
    """As if it had been deleted so long ago."""
    path = Trash(layout).place(token) / ENTRY
    said = json.loads(path.read_text())
    path.write_text(json.dumps(said | {"deleted_at": (datetime.now(UTC) - timedelta(**time_ago)).isoformat()}))


KINDS = ("story", "dataset", "run", "lora", "take")


def test_old_things_of_every_kind_stay_their_thirty_days_whatever_is_deleted_after_them(layout, stores):
    tokens = {}
    for kind in KINDS:
        names = [make(layout, kind, number) for number in (1, 2)]
        tokens[kind] = [(name, stores[kind][0](name)) for name in names]
        assert stores[kind][2]() == ()

    for kind in KINDS:
        for name, token in tokens[kind]:
            assert stores[kind][1](token) == name
            with pytest.raises(ChooseAnother):
                stores[kind][1](token)
        assert sorted(stores[kind][2]()) == sorted(name for name, _ in tokens[kind])
    assert Trash(layout).entries() == ()
    assert list(layout.trash.iterdir()) == []


def test_what_was_deleted_longer_ago_than_was_set_goes_with_the_next_deletion_of_any_kind(layout, stores):
    write_limits(layout, Limits(trash_days=7))
    tokens = {kind: stores[kind][0](make(layout, kind)) for kind in KINDS}
    deleted_before(layout, tokens["dataset"], days=6)
    deleted_before(layout, tokens["run"], days=8)
    deleted_before(layout, tokens["lora"], days=-400)  # the clock was wrong on that day

    stores["story"][0](make(layout, "story", 2))

    left = {entry.token for entry in Trash(layout).entries()}
    assert set(tokens.values()) - left == {tokens["run"]}


def test_a_token_gives_back_only_what_it_belongs_to(layout, stores):
    token = stores["run"][0](make(layout, "run"))

    for kind in ("story", "dataset", "lora", "take"):
        with pytest.raises(ChooseAnother):
            stores[kind][1](token)
    for wrong in ("", "..", "../../etc", "a/b", token[:-1], ".going-1", "nul"):
        with pytest.raises(ChooseAnother):
            stores["run"][1](wrong)

    assert stores["run"][1](token) == "a-run-1"


def test_the_trash_of_the_first_version_is_found_and_honoured(layout, stores):
    """Its layouts, kind by kind, as that version wrote them."""
    names = {kind: make(layout, kind) for kind in KINDS}
    make(layout, "lora", 2)
    library = LoraLibrary(layout, LoraStore(layout))
    library.make_entry("a-lora-2")
    workspace, old = layout.workspace, layout.stories / ".trash" / "a-story-1~0a1b2c3d"
    old.mkdir(parents=True)
    layout.story("a-story-1").rename(old / "story.yaml")
    layout.history("a-story-1").rename(old / "history")
    (old / "a-story-1.yaml.damaged-12345678").write_text("x")
    for kind, folder in (("dataset", layout.datasets), ("run", layout.runs)):
        place = workspace / f"{kind}-trash" / f"{names[kind]}~00000001"
        place.parent.mkdir()
        (folder / names[kind]).rename(place)
    for number, name in ((1, "a-lora-1.safetensors"), (2, "a-lora-2")):
        place = workspace / "lora-trash" / f"a-lora-{number}~0000000{number}"
        place.mkdir(parents=True)
        (layout.loras / name).rename(place / name)
    place = workspace / "trash" / "0123456789abcdef"
    place.mkdir(parents=True)
    for path in layout.takes("cat", "s1").iterdir():
        path.rename(place / path.name)
    make_old(workspace / "dataset-trash", workspace / "run-trash")

    assert sorted(entry.kind for entry in Trash(layout).entries()) == [
        "dataset",
        "lora",
        "lora",
        "run",
        "story",
        "take",
    ]
    assert Trash(layout).forget_old() == 0
    assert stores["story"][1]("a-story-1~0a1b2c3d") == "a-story-1"
    assert StoryStore(layout).load("a-story-1").title == "a-story-1"
    assert (layout.stories / "a-story-1.yaml.damaged-12345678").exists()
    assert stores["dataset"][1]("a-dataset-1~00000001") == "a-dataset-1"
    assert stores["run"][1]("a-run-1~00000001") == "a-run-1"
    assert stores["lora"][1]("a-lora-1~00000001") == "a-lora-1"
    assert stores["lora"][1]("a-lora-2~00000002") == "a-lora-2"
    assert stores["take"][1]("0123456789abcdef") == names["take"]
    assert Trash(layout).entries() == ()


def test_what_was_half_brought_in_from_the_old_trash_comes_in_whole(layout, stores):
    make(layout, "story")
    place = layout.stories / ".trash" / "a-story-1~0a1b2c3d"
    place.mkdir(parents=True)
    layout.story("a-story-1").rename(place / "story.yaml")
    Trash(layout).entry("a-story-1~0a1b2c3d")
    place.mkdir()
    layout.history("a-story-1").rename(place / "history")

    assert stores["story"][1]("a-story-1~0a1b2c3d") == "a-story-1"
    assert layout.history("a-story-1").is_dir()


def test_a_deletion_that_fails_half_way_leaves_everything_where_it_was(layout, monkeypatch):
    store = StoryStore(layout)
    slug = store.create("Cat", a_story())
    real = Path.replace

    def fails_for_the_history(self, target):
        if self.name == slug:
            raise OSError(5, "Input/output error")
        return real(self, target)

    with monkeypatch.context() as context:
        context.setattr(Path, "replace", fails_for_the_history)
        context.setattr(atomic, "RENAME_TRIES", 1)
        with pytest.raises(Wait):
            store.delete(slug)

    assert store.load(slug).title == "Cat"
    assert Trash(layout).entries() == ()


def test_a_damaged_description_is_worked_out_from_the_parts(layout, stores):
    tokens = {kind: stores[kind][0](make(layout, kind)) for kind in KINDS}
    for token, content in zip(tokens.values(), (b"", b"{", b"[" * 100_000, b"{}", b"\xff"), strict=True):
        (Trash(layout).place(token) / ENTRY).write_bytes(content)

    assert {entry.kind for entry in Trash(layout).entries()} == set(KINDS)
    for kind, token in tokens.items():
        stores[kind][1](token)
        assert len(stores[kind][2]()) == 1


def test_what_is_foreign_in_the_trash_is_left_alone(layout, stores):
    layout.trash.mkdir(parents=True)
    (layout.trash / "notes").mkdir()
    (layout.trash / "notes" / "my file.txt").write_text("x")
    (layout.trash / "file").write_text("x")
    (layout.trash / "dangling").symlink_to("/nowhere")

    token = stores["dataset"][0](make(layout, "dataset"))

    assert [entry.token for entry in Trash(layout).entries()] == [token]
    assert (layout.trash / "notes" / "my file.txt").exists()


def test_an_entry_whose_deletion_was_cut_short_is_gone_and_its_rest_is_cleared(layout, stores, monkeypatch):
    token = stores["dataset"][0](make(layout, "dataset"))
    with monkeypatch.context() as context:
        context.setattr(shutil, "rmtree", lambda *_, **__: None)
        Trash(layout).forget([token])

    with pytest.raises(ChooseAnother):
        stores["dataset"][1](token)
    Trash(layout).forget_old()
    assert list(layout.trash.iterdir()) == []
