"""What takes up how much, what of it can go, and that nothing else goes."""

import json
import os
import time
from functools import partial

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.cli.main import run
from story_engine.config import Config
from story_engine.domain.disk import Limits
from story_engine.errors import ChooseAnother, FixInput, Wait
from story_engine.store import disk as store_disk
from story_engine.store.disk_clean import keep_limits
from story_engine.store.trash import ENTRY
from tests.builders import a_recipe, a_take
from tests.local_hub import accept_kolors
from tests.story_engine.store.test_takes import a_picture


@pytest.fixture
def services(tmp_path):
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


@pytest.fixture
def layout(services):
    return services.layout


def painted(services, slug: str, seed: int = 0) -> None:
    services.takes.add(a_take(a_recipe(seed=seed), story=slug), a_picture(), {})


def cached(layout, name: str, size: int, *, hours_ago: float) -> None:
    path = layout.embeddings / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    then = time.time() - hours_ago * 3600
    os.utime(path, (then, then))


def by_name(use) -> dict[str, int]:
    return {part.name: part.size_bytes for part in use.parts}


def test_every_byte_of_the_workspace_is_found_under_one_name(services, layout):
    slug = flows.shelf.create(services, "Cat")
    painted(services, slug)
    painted(services, "long-gone")
    services.takes.delete(slug, "s1", services.takes.takes_of(slug, "s1")[0].id)
    painted(services, slug, seed=1)
    services.datasets.create("Ink")
    flows.queue.jobs(services)
    cached(layout, "a", 1000, hours_ago=5)
    layout.loras.mkdir()
    (layout.loras / "ink.safetensors").write_bytes(b"x" * 500)
    layout.models.mkdir()
    (layout.models / "kolors").mkdir()
    (layout.models / "kolors" / "unet").write_bytes(b"x" * 700)

    use = flows.disk.measure(services)

    sizes = by_name(use)
    everything = sum(path.stat().st_size for path in layout.workspace.rglob("*") if path.is_file())
    assert sum(size for name, size in sizes.items() if name != "stories") == everything
    assert (sizes["loras"], sizes["models"], sizes["caches"]) == (500, 700, 1000)
    assert {story.name: story.is_gone for story in use.stories} == {slug: False, "long-gone": True}
    assert [(room.entry.kind, room.size_bytes > 0) for room in use.trash] == [("take", True)]
    assert 0 < use.free_bytes < use.total_bytes


def test_cleaning_takes_what_was_named_before_and_nothing_else(services, layout):
    here, deleted, by_hand = (
        flows.shelf.create(services, "Here"),
        flows.shelf.create(services, "Deleted"),
        flows.shelf.create(services, "By hand"),
    )
    for slug in (here, deleted, by_hand, "long-gone"):
        for place in (layout.hand_in(slug), layout.comics(slug)):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("{}")
        painted(services, slug)
        services.takes.set_pick(slug, "s1", "aaa")
    broken = layout.stories / "broken.yaml"
    broken.write_text("[")
    painted(services, "broken")
    token = services.stories.delete(deleted)
    layout.story(by_hand).unlink()  # its history stays: the file may come back
    old = flows.dataset_import.delete(services, services.datasets.create("Old"))
    said = json.loads((layout.trash / old / ENTRY).read_text())
    (layout.trash / old / ENTRY).write_text(json.dumps(said | {"deleted_at": "2026-01-01T00:00:00+00:00"}))
    cached(layout, "old", 1000, hours_ago=5)
    cached(layout, "in-use", 1000, hours_ago=0)
    half = layout.takes(here, "s1") / ".a.png.0a1b.writing"
    half.write_bytes(b"x" * 300)
    os.utime(half, (0, 0))

    use = flows.disk.measure(services)
    assert {each.kind: each.names for each in use.cleanups} == {
        "caches": ("embeddings",),
        "gone_takes": ("long-gone",),
        "old_trash": ("Old",),
        "leftovers": (half.name,),
    }
    freed = flows.disk.clean_now(services)

    assert freed == sum(each.size_bytes for each in use.cleanups)
    after = flows.disk.measure(services)
    assert after.cleanups == ()
    assert {story.name for story in after.stories} == {here, deleted, by_hand, "broken"}
    assert (layout.embeddings / "in-use").exists() and not half.exists()
    assert not layout.picks("long-gone").exists() and layout.picks(here).exists()
    beside = (layout.hand_in, layout.comics)
    assert not any(place("long-gone").exists() for place in beside) and all(place(here).exists() for place in beside)
    assert services.stories.restore(token) == deleted


def test_only_the_kinds_that_were_chosen_go(services, layout):
    painted(services, "long-gone")
    cached(layout, "old", 1000, hours_ago=5)

    flows.disk.clean_now(services, ["caches"])

    assert [each.kind for each in flows.disk.measure(services).cleanups] == ["gone_takes"]


def test_pages_are_never_kept_waiting_and_are_told_how_far_it_is(services, layout, monkeypatch):
    painted(services, "long-gone")
    real = store_disk.Disk.measure

    def slow(self, **values):
        time.sleep(0.3)
        return real(self, **values)

    monkeypatch.setattr(store_disk.Disk, "measure", slow)
    started = time.perf_counter()
    first = flows.disk.state(services)
    assert time.perf_counter() - started < 0.2
    assert first.use is None and first.is_measuring
    measured = wait_until(services, lambda state: not state.is_measuring)
    assert measured.use is not None

    flows.disk.start_cleaning(services, ["gone_takes"])
    cleaned = wait_until(services, lambda state: not state.is_cleaning and not state.is_measuring)

    assert cleaned.freed_bytes == cleaned.to_free_bytes > 0
    assert cleaned.use is not None and cleaned.use.stories == ()


def wait_until(services, is_so):
    patience = time.monotonic() + 20
    while not is_so(state := flows.disk.state(services)):
        assert time.monotonic() < patience
        time.sleep(0.01)
    return state


def test_anything_in_the_trash_comes_back_by_its_token_or_goes_for_good(services, layout):
    story, dataset = flows.shelf.create(services, "Cat"), services.datasets.create("Ink")
    painted(services, "dog")
    take = services.takes.takes_of("dog", "s1")[0].id
    tokens = [
        services.stories.delete(story),
        flows.dataset_import.delete(services, dataset),
        services.takes.delete("dog", "s1", take),
    ]

    assert [flows.disk.restore(services, token).name for token in tokens] == [story, dataset, take]
    assert services.takes.takes_of("dog", "s1")
    token = flows.dataset_import.delete(services, dataset)
    flows.disk.forget(services, token)
    for act in (partial(flows.disk.restore, services), partial(flows.disk.forget, services)):
        with pytest.raises(ChooseAnother):
            act(token)


def test_limits_are_kept_refused_with_their_name_and_survive_a_damaged_file(services, layout):
    flows.disk.set_limits(services, trash_days=7, cache_gb=1.5)
    assert flows.disk.limits(services) == Limits(trash_days=7, cache_gb=1.5)
    for wrong in ({"trash_days": 0}, {"cache_gb": float("nan")}, {"finished_jobs": -1}):
        with pytest.raises(FixInput, match=next(iter(wrong))):
            flows.disk.set_limits(services, **wrong)

    layout.limits.write_bytes(b"[" * 100_000)
    assert flows.disk.limits(services) == Limits()


def test_caches_stay_below_their_limit_the_longest_untouched_going_first(services, layout):
    flows.disk.set_limits(services, cache_gb=0.1)
    for name, hours in (("oldest", 9), ("older", 5), ("newer", 2)):
        cached(layout, name, 1, hours_ago=hours)
        with (layout.embeddings / name).open("r+b") as file:
            file.truncate(60_000_000)  # takes no room on the disk
        cached_at = time.time() - hours * 3600
        os.utime(layout.embeddings / name, (cached_at, cached_at))

    assert keep_limits(layout) == 120_000_000
    assert [path.name for path in layout.embeddings.iterdir()] == ["newer"]


def test_what_certainly_does_not_fit_is_refused_before_it_begins(services, monkeypatch):
    monkeypatch.setattr("story_engine.flows.room.free_bytes", lambda folder: 5_000_000)
    accept_kolors(services.layout)

    with pytest.raises(Wait) as raised:
        flows.models.download(services, "kolors")

    assert raised.value.code == "disk.does_not_fit" and "5 MB" in raised.value.text("en")
    assert flows.queue.jobs(services) == ()
    assert flows.room.low_bytes(services) == 5_000_000


def test_the_command_line_says_the_same_and_cleans(services, layout, capsys):
    painted(services, "long-gone")
    where = ["--workspace", str(layout.workspace), "--json"]

    assert run(["disk", *where]) == 0
    before = json.loads(capsys.readouterr().out)
    assert run(["disk", "--clean", *where]) == 0
    after = json.loads(capsys.readouterr().out)

    assert [each["kind"] for each in before["can_go"]] == ["gone_takes"]
    assert after["cleaned"] == before["can_go"] and after["freed_bytes"] > 0 and after["can_go"] == []
    assert run(["disk", "--workspace", str(layout.workspace)]) == 0
    assert "can go: nothing" in capsys.readouterr().out
