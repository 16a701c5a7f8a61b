import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from story_engine.domain.recipe import Recipe
from story_engine.domain.take import Take
from story_engine.errors import ChooseAnother, FixInput
from story_engine.store.layout import Layout
from story_engine.store.takes import LEFTOVER_SECONDS, TakeStore


def a_recipe(**fields) -> Recipe:
    usual = {
        "prompt": "一只小猫在雨里",
        "negative": "",
        "seed": 7,
        "sampler": "ddim",
        "steps": 20,
        "cfg_scale": 4.0,
        "width": 512,
        "height": 512,
        "noise": "cpu",
        "family": "preview",
        "weights_hash": "0" * 64,
        "precision": "float32",
    }
    return Recipe(**(usual | fields))


def a_take(story="cat", scene="scene-1", seed=7, number=0, **fields) -> Take:
    recipe = a_recipe(seed=seed)
    usual = {"created_at": f"2026-01-01T00:00:{number % 60:02}Z", "seconds": 1.5, "picture_sha256": ""}
    return Take(id=recipe.digest, story=story, scene=scene, number=number, recipe=recipe, **(usual | fields))


def a_picture(colour="teal", size=(64, 64)) -> Image.Image:
    return Image.new("RGB", size, colour)


@pytest.fixture
def layout(tmp_path) -> Layout:
    return Layout(tmp_path / "workspace", tmp_path / "stories")


def test_a_take_comes_back_with_its_picture_and_what_the_picture_says(layout):
    store = TakeStore(layout)
    chunks = {"parameters": "小猫 🐈‍⬛, قصة\nSteps: 20", "made": "naïve"}

    stored = store.add(a_take(), a_picture(size=(900, 600)), chunks)

    fresh = TakeStore(layout)
    assert fresh.takes("cat") == {"scene-1": (stored,)}
    assert fresh.find("cat", "scene-1", stored.id) == stored
    with Image.open(fresh.picture(stored)) as picture:
        assert picture.size == (900, 600)
        assert picture.text == chunks
    with Image.open(fresh.thumbnail(stored)) as thumbnail:
        assert thumbnail.size == (384, 256)
        assert thumbnail.format == "JPEG"


def test_a_take_that_is_there_already_is_never_painted_over(layout):
    store = TakeStore(layout)
    first = store.add(a_take(), a_picture("teal"), {})

    second = store.add(a_take(seconds=9.0), a_picture("red"), {})

    assert second == first
    assert store.fault(first) is None


def test_takes_are_listed_oldest_first_and_by_scene(layout):
    store = TakeStore(layout)
    for number in (2, 0, 1):
        store.add(a_take(seed=number, number=number), a_picture(), {})
    store.add(a_take(scene="雨の日", seed=50), a_picture(), {})

    takes = store.takes("cat")

    assert [take.number for take in takes["scene-1"]] == [0, 1, 2]
    assert list(takes) == ["scene-1", "雨の日"]
    assert store.takes("another") == {}


def test_a_picture_cut_off_anywhere_is_no_take_and_is_reported(layout):
    store = TakeStore(layout)
    stored = store.add(a_take(), a_picture(), {})
    whole = store.picture(stored).read_bytes()

    for length in range(0, len(whole), max(1, len(whole) // 19)):
        store.picture(stored).write_bytes(whole[:length])

        assert TakeStore(layout).takes_of("cat", "scene-1") == ()
        assert store.find("cat", "scene-1", stored.id) is None
        assert store.fault(stored).code == "takes.damaged"


def test_a_flipped_byte_is_found_and_the_take_can_be_painted_again(layout):
    store = TakeStore(layout)
    stored = store.add(a_take(), a_picture(), {})
    damaged = bytearray(store.picture(stored).read_bytes())
    damaged[len(damaged) // 2] ^= 0x10
    store.picture(stored).write_bytes(bytes(damaged))

    assert store.find("cat", "scene-1", stored.id) is None
    again = store.add(a_take(), a_picture(), {})

    assert store.fault(again) is None
    assert store.find("cat", "scene-1", stored.id) == again


def test_a_damaged_record_is_passed_over(layout):
    store = TakeStore(layout)
    stored = store.add(a_take(), a_picture(), {})
    other = store.add(a_take(seed=8, number=1), a_picture(), {})
    store.picture(stored).with_suffix(".json").write_text('{"id": "half')

    assert TakeStore(layout).takes_of("cat", "scene-1") == (other,)


def test_what_a_stopped_writer_left_is_ignored_and_swept_when_it_is_old(layout):
    store = TakeStore(layout)
    kept = store.add(a_take(), a_picture(), {})
    folder = store.picture(kept).parent
    orphans = [folder / "abc.png", folder / "abc.jpg", folder / ".abc.png.0123.writing"]
    for orphan in orphans:
        orphan.write_bytes(b"half")
    young = folder / "def.png"
    young.write_bytes(b"half")
    long_ago = time.time() - LEFTOVER_SECONDS - 1
    for orphan in orphans:
        os.utime(orphan, (long_ago, long_ago))

    assert store.takes_of("cat", "scene-1") == (kept,)
    assert store.sweep() == 3

    assert not any(orphan.exists() for orphan in orphans)
    assert young.exists()
    assert store.find("cat", "scene-1", kept.id) == kept


def test_a_deleted_take_comes_back_whole(layout):
    store = TakeStore(layout)
    stored = store.add(a_take(), a_picture(), {})

    token = store.delete("cat", "scene-1", stored.id)
    assert store.takes_of("cat", "scene-1") == ()
    store.restore(token)

    assert store.takes_of("cat", "scene-1") == (stored,)
    assert store.fault(stored) is None
    with pytest.raises(ChooseAnother):
        store.restore(token)


def test_a_take_that_is_not_there_cannot_be_deleted(layout):
    with pytest.raises(ChooseAnother) as raised:
        TakeStore(layout).delete("cat", "scene-1", "0123abcd")

    assert "已不存在" in raised.value.text("zh")


@pytest.mark.parametrize("name", ["..", "../outside", "a/b", "", "nul", "a\u202eb"])
def test_names_that_would_leave_the_folder_are_refused(layout, name):
    store = TakeStore(layout)

    with pytest.raises(FixInput):
        store.takes_of(name, "scene-1")
    with pytest.raises(FixInput):
        store.takes_of("cat", name)
    with pytest.raises(FixInput):
        store.picks(name)
    with pytest.raises(ChooseAnother):
        store.restore(name)


def test_picks_of_different_panels_do_not_undo_each_other(layout):
    store, other = TakeStore(layout), TakeStore(layout)

    store.set_pick("cat", "scene-1", "aaa")
    other.set_pick("cat", "scene-2", "bbb")
    store.set_pick("cat", "scene-3", "ccc")
    other.set_pick("cat", "scene-3", None)

    assert store.picks("cat") == {"scene-1": "aaa", "scene-2": "bbb"}
    assert store.picks("dog") == {}


def test_a_pick_file_damaged_by_hand_is_named(layout):
    layout.picks("cat").parent.mkdir(parents=True)
    layout.picks("cat").write_text("{broken")

    with pytest.raises(FixInput, match=r"cat\.json"):
        TakeStore(layout).picks("cat")


def test_listing_eight_scenes_of_twenty_takes_costs_less_than_five_milliseconds(layout):
    store = TakeStore(layout)
    for scene in range(8):
        for number in range(20):
            take = a_take(scene=f"scene-{scene}", seed=scene * 100 + number, number=number)
            store.add(take, a_picture(size=(8, 8)), {})
    store.takes("cat")
    for folder in (layout.workspace / "takes" / "cat").iterdir():
        long_ago = time.time() - 60
        os.utime(folder, (long_ago, long_ago))
    store.takes("cat")

    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        takes = store.takes("cat")
        seconds.append(time.perf_counter() - started)

    assert sum(map(len, takes.values())) == 160
    assert min(seconds) < 0.005


def test_a_take_added_by_another_process_is_seen_at_once(layout):
    reader, writer = TakeStore(layout), TakeStore(layout)
    for number in range(20):
        writer.add(a_take(seed=number, number=number), a_picture(size=(8, 8)), {})

        assert len(reader.takes_of("cat", "scene-1")) == number + 1


_FILL = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.story_engine.store.test_takes import a_picture, a_take
from story_engine.errors import Wait
from story_engine.store.layout import Layout
from story_engine.store.takes import TakeStore
from PIL import Image
import os
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
store = TakeStore(Layout(Path({workspace!r}), Path({workspace!r})))
store.add(a_take(seed=1), a_picture(), {{}})
noise = Image.frombytes("RGB", (256, 256), os.urandom(256 * 256 * 3))
try:
    store.add(a_take(seed=2), noise, {{}})
except Wait as error:
    print(error.code)
"""


def test_a_disk_that_fills_up_keeps_the_finished_takes_and_leaves_nothing_half_written(layout, request):
    # A process that may not write more than 40 000 bytes to a file stands for the full disk: no root is needed.
    script = _FILL.format(root=str(request.config.rootpath), workspace=str(layout.workspace))

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() in ("files.disk_full", "files.not_written")
    store = TakeStore(layout)
    (kept,) = store.takes_of("cat", "scene-1")
    assert store.fault(kept) is None
    left = sorted(path.suffix for path in store.picture(kept).parent.iterdir())
    assert left == [".jpg", ".json", ".png", ".txt"]  # the last is the number of the take


@pytest.mark.parametrize("content", [None, b"", b"\xff\xd8 cut off", b"<html>"])
def test_a_thumbnail_that_is_missing_or_damaged_is_made_again(layout, content):
    store = TakeStore(layout)
    stored = store.add(a_take(), a_picture(), {})
    path = store.thumbnail(stored)
    whole = path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    assert store.shown(path) == whole
    assert path.read_bytes() == whole


def test_a_thumbnail_whose_picture_is_gone_too_is_none(layout):
    store = TakeStore(layout)
    stored = store.add(a_take(), a_picture(), {})
    store.thumbnail(stored).unlink()
    for content in (b"", b"\x89PNG\r\n\x1a\nrubbish", None):
        if content is None:
            store.picture(stored).unlink()
        else:
            store.picture(stored).write_bytes(content)
        assert store.shown(store.thumbnail(stored)) is None


def test_records_that_cannot_be_read_hide_no_other_take(layout):
    store = TakeStore(layout)
    whole = store.add(a_take(), a_picture(), {})
    folder = layout.takes("cat", "scene-1")
    record = folder.joinpath(f"{whole.id}.json").read_bytes()
    for name, content in (("deep", b"[" * 100_000), ("empty", b""), ("other", record), ("bytes", b"\xff\x00")):
        (folder / f"{name}.json").write_bytes(content)
    (folder / "folder.json").mkdir()
    (folder / "dangling.json").symlink_to("/nowhere")
    os.mkfifo(folder / "pipe.json")

    assert TakeStore(layout).takes_of("cat", "scene-1") == (whole,)
    assert TakeStore(layout).find("cat", "scene-1", "deep") is None


def test_a_take_that_vanishes_while_it_is_read_is_no_error_and_comes_back(layout, monkeypatch):
    store = TakeStore(layout)
    stored = store.add(a_take(), a_picture(), {})
    record = layout.takes("cat", "scene-1") / f"{stored.id}.json"
    real = Path.stat

    def deleted_after(self, **how):
        found = real(self, **how)
        if self == record:
            monkeypatch.setattr(Path, "stat", real)
            record.rename(record.with_suffix(".away"))
        return found

    monkeypatch.setattr(Path, "stat", deleted_after)
    assert TakeStore(layout).find("cat", "scene-1", stored.id) is None
    record.with_suffix(".away").rename(record)

    assert TakeStore(layout).find("cat", "scene-1", stored.id) == stored


def test_what_cannot_be_swept_stops_no_sweep(layout):
    folder = layout.takes("cat", "scene-1")
    folder.mkdir(parents=True)
    (folder / "a.png").symlink_to("/nowhere")
    (folder / "b.png").mkdir()
    (folder / "c.png").write_bytes(b"left over")
    os.utime(folder / "c.png", (0, 0))
    os.utime(folder / "a.png", (0, 0), follow_symlinks=False)
    os.utime(folder / "b.png", (0, 0))

    assert TakeStore(layout).sweep() == 2
    assert [path.name for path in folder.iterdir()] == ["b.png"]


@pytest.mark.parametrize("content", [b"[" * 100_000, b"", b"\xff", b"[]", b'{"s1": 3}', None])
def test_damaged_picks_are_named_and_a_new_pick_keeps_them_beside_it(layout, content):
    path, store = layout.picks("cat"), TakeStore(layout)
    path.parent.mkdir(parents=True)
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)

    fault = store.picks_fault("cat")
    assert fault is not None and "cat.json" in fault.text("zh")
    store.set_pick("cat", "s1", "aaa")

    assert store.picks("cat") == {"s1": "aaa"}
    assert len(list(path.parent.glob("cat.json.damaged-*"))) == 1


def test_takes_are_numbered_once_for_all(layout):
    store = TakeStore(layout)
    for number, seed in enumerate((7, 3, 900)):
        store.add(a_take(seed=seed, number=number), a_picture(), {})
    first, _, last = store.takes_of("cat", "scene-1")

    token = store.delete("cat", "scene-1", last.id)
    store.delete("cat", "scene-1", first.id)
    store.add(a_take(seed=1, number=4), a_picture(), {})
    store.restore(token)

    assert {take.recipe.seed: take.serial for take in store.takes_of("cat", "scene-1")} == {3: 2, 900: 3, 1: 4}


def test_takes_of_earlier_versions_are_numbered_as_they_came(layout):
    store = TakeStore(layout)
    for number, seed in enumerate((7, 3)):
        store.add(a_take(seed=seed, number=number), a_picture(), {})
    folder = store.picture(store.takes_of("cat", "scene-1")[0]).parent
    (folder / "last-number.txt").unlink()
    for record in folder.glob("*.json"):
        fields = json.loads(record.read_text())
        del fields["serial"]
        record.write_text(json.dumps(fields))

    store.add(a_take(seed=5, number=4), a_picture(), {})

    assert [(take.recipe.seed, take.serial) for take in store.takes_of("cat", "scene-1")] == [(7, 1), (3, 2), (5, 3)]


def test_takes_that_several_devices_store_at_once_get_a_number_each(tmp_path):
    layout = Layout(tmp_path / "workspace", tmp_path / "stories")

    def add(seed: int) -> int:
        return TakeStore(layout).add(a_take(seed=seed), Image.new("RGB", (8, 8)), {}).serial

    with ThreadPoolExecutor(max_workers=6) as devices:
        numbers = list(devices.map(add, range(24)))

    assert sorted(numbers) == list(range(1, 25))
