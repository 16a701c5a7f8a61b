"""A story survives crashes, other writers, damage, and hands that edit the file itself."""

import multiprocessing
import os
import random
import threading
import time

import pytest

from story_engine.domain.edit import Edit
from story_engine.errors import InvalidInput, StudioError, Wait
from story_engine.store.history import KEPT_WHOLE, History
from story_engine.store.layout import Layout
from story_engine.store.stories import StoryStore
from tests.builders import a_story
from tests.seed_writer import edit_as_nobody, write_seeds

# One clean process is started and has everything imported; writers are forked from it in a few milliseconds.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.seed_writer"])


@pytest.fixture
def store(tmp_path) -> StoryStore:
    store = StoryStore(Layout(tmp_path / "workspace", tmp_path / "stories"))
    store.create("Cat", a_story(count=4))
    return store


@pytest.fixture
def path(store):
    return store.layout.story("cat")


def seed_edit(value: int, seen: int) -> Edit:
    return Edit(scene="s1", field="seed", value=value, seen=seen)


def a_writer(folder, scene: str, count: int):
    ours, theirs = PROCESSES.Pipe(duplex=False)
    writer = PROCESSES.Process(target=write_seeds, args=(folder, scene, count, theirs), daemon=True)
    writer.start()
    theirs.close()
    return writer, ours


def received(pipe) -> list:
    """Everything that the other side has sent until it ended."""
    got = []
    try:
        while True:
            got.append(pipe.recv())
    except EOFError:
        return got


def test_four_processes_that_edit_different_scenes_lose_nothing(tmp_path, store):
    writers = [a_writer(tmp_path, f"s{number}", 15) for number in range(1, 5)]
    saves = [received(pipe) for _, pipe in writers]

    assert [len(saved) for saved in saves] == [15] * 4
    assert len({revision for saved in saves for revision, _ in saved}) == 60
    story = store.load("cat")
    assert [scene.seed for scene in story.scenes] == [15] * 4
    assert story.revision == 61


@pytest.mark.thorough
def test_kill_9_during_saves_never_loses_an_acknowledged_one(tmp_path, store):
    rng = random.Random(20241121)
    for _ in range(40):
        writer, pipe = a_writer(tmp_path, "s1", 1000)
        acknowledged = [pipe.recv()]
        # Not waiting for anything: the kill shall fall anywhere into a save.
        writer.join(rng.random() * 0.03)
        writer.kill()
        acknowledged += received(pipe)
        writer.join()
        revision, seed = acknowledged[-1]

        story = StoryStore(store.layout).load("cat")

        assert story.revision in (revision, revision + 1)
        assert story.scene("s1").seed in (seed, seed + 1)
    assert list(store.layout.stories.glob("*.damaged-*")) == []


def test_a_head_that_is_behind_is_healed(store, path):
    before = path.read_bytes()
    story = store.edit("cat", [seed_edit(1, 0)])
    path.write_bytes(before)

    assert StoryStore(store.layout).load("cat") == story
    assert path.read_bytes() != before
    assert len(store.history("cat")) == 2


def test_the_first_save_of_a_shipped_story_is_not_undone_by_a_reader_that_saw_the_file_before(tmp_path):
    folder = tmp_path / "stories"
    folder.mkdir()
    shipped = b"schema: 1\ntitle: Cat\nscenes:\n- id: s1\n  prompt: a cat\n"  # never saved: it has no revision
    (folder / "cat.yaml").write_bytes(shipped)
    store = StoryStore(Layout(tmp_path / "workspace", folder))
    store.edit("cat", [Edit(scene="s1", field="prompt", value="a dog", seen="a cat")])

    (folder / "cat.yaml").write_bytes(shipped)  # what the reader still has in its hands

    assert store.load("cat").scene("s1").prompt == "a dog"


def test_an_edit_by_hand_becomes_a_revision_with_its_comments(store, path):
    path.write_text("# mine\n" + path.read_text().replace("kitten, 2", "tiger"))

    story = store.load("cat")

    assert (story.revision, story.scene("s2").prompt) == (2, "an orange tiger")
    assert path.read_text().startswith("# mine\nschema: 1\nrevision: 2\n")
    assert store.history("cat")[0].changed == ("scenes[s2].prompt",)
    assert store.load("cat") == story


def test_an_edit_by_hand_and_an_open_tab_merge(store, path):
    seen = store.load("cat")
    path.write_text(path.read_text().replace("kitten, 2", "tiger"))

    story = store.edit("cat", [seed_edit(4, seen.scene("s1").seed)])

    assert (story.scene("s1").seed, story.scene("s2").prompt) == (4, "an orange tiger")


@pytest.mark.parametrize("content", [b"schema: 1\nscenes:\n  - id: 's1\n", b"\xff\xfe", b"a:\n\tb: 1\n", b"[" * 300])
def test_a_damaged_head_is_kept_and_the_last_good_state_shown(store, path, content):
    store.edit("cat", [seed_edit(8, 0)])
    path.write_bytes(content)

    story = StoryStore(store.layout).load("cat")

    assert story.scene("s1").seed == 8
    copies = list(path.parent.glob("cat.yaml.damaged-*"))
    assert [copy.read_bytes() for copy in copies] == [content]
    codes = [code for code, _ in store.notices("cat", "zh")]
    assert codes == ["story.showing_revision", "story.copies_kept"]
    store.edit("cat", [seed_edit(9, 8)])
    assert [code for code, _ in store.notices("cat", "en")] == ["story.copies_kept"]
    assert StoryStore(store.layout).load("cat").scene("s1").seed == 9


def test_an_empty_head_has_nothing_to_keep_and_the_last_good_state_is_shown(store, path):
    store.edit("cat", [seed_edit(8, 0)])
    path.write_bytes(b"")

    assert StoryStore(store.layout).load("cat").scene("s1").seed == 8
    assert [code for code, _ in store.notices("cat", "zh")] == ["story.showing_revision"]
    assert not list(path.parent.glob("cat.yaml.damaged-*"))


def test_a_half_written_head_is_never_taken_for_the_story(store, path):
    whole = path.read_bytes()
    for length in range(0, len(whole), 19):
        path.write_bytes(whole[:length])
        try:
            story = StoryStore(store.layout).load("cat")
        except InvalidInput:
            continue
        assert story.scenes == a_story(count=4).scenes or story.revision > 1


def test_byte_order_marks_and_windows_line_ends_are_no_edit(store, path):
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    assert store.load("cat").revision == 1


def test_a_file_that_is_whole_but_no_valid_story_lists_its_problems_and_can_be_undone(store, path):
    path.write_text(path.read_text().replace("id: s2", "id: s1"))

    with pytest.raises(InvalidInput, match="Scenes 1 and 2 share"):
        store.load("cat")
    assert len(store.history("cat")) == 1
    story = store.go_back_to("cat", 1)

    assert [scene.id for scene in story.scenes] == ["s1", "s2", "s3", "s4"]
    assert store.load("cat") == story
    assert len(list(path.parent.glob("cat.yaml.damaged-*"))) == 1


def test_a_damaged_story_without_history_says_what_is_wrong(store):
    (store.layout.stories / "lone.yaml").write_text("title: 'x\n")

    with pytest.raises(InvalidInput, match=r"stories/lone.yaml: This is not valid YAML at line"):
        store.load("lone")


def test_a_flipped_byte_is_never_silent(store, path):
    rng = random.Random(7)
    store.edit("cat", [seed_edit(5, 0)])
    good, whole = store.load("cat"), path.read_bytes()
    seen = {"shown": 0, "noticed": 0, "refused": 0}
    for _ in range(40):
        flipped = bytearray(whole)
        flipped[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(bytes(flipped))
        fresh = StoryStore(store.layout)
        try:
            story = fresh.load("cat")
        except InvalidInput:
            seen["refused"] += 1
        else:
            is_noticed = story.revision > good.revision or bool(fresh.notices("cat", "en"))
            assert is_noticed
            seen["noticed" if story.revision > good.revision else "shown"] += 1
        for copy in path.parent.glob("*.damaged-*"):
            copy.unlink()
        for number in store._file("cat").history.numbers()[2:]:
            (store.layout.history("cat") / f"{number:06d}.yaml").unlink()
    assert all(seen.values()), seen


def test_a_flipped_byte_in_the_history_is_not_brought_back(store):
    store.edit("cat", [seed_edit(5, 0)])
    revision = store.layout.history("cat") / "000001.yaml"
    content = bytearray(revision.read_bytes())
    content[40] ^= 1
    revision.write_bytes(bytes(content))

    with pytest.raises(StudioError, match="damaged"):
        store.go_back_to("cat", 1)
    assert [one.number for one in store.history("cat")] == [2]


def test_a_damaged_newest_revision_does_not_stop_the_next_save(store, path):
    store.edit("cat", [seed_edit(5, 0)])
    revision = store.layout.history("cat") / "000002.yaml"
    revision.write_bytes(revision.read_bytes().replace(b"seed: 5", b"seed: 6"))

    story = StoryStore(store.layout).edit("cat", [seed_edit(7, 5)])

    assert story.scene("s1").seed == 7
    assert story.revision > 2


def test_a_folder_that_cannot_be_written_is_read_and_says_so(tmp_path, store):
    folders = [tmp_path / "stories", *(tmp_path / "stories").rglob("*")]
    for folder in folders:
        folder.chmod(0o555 if folder.is_dir() else 0o444)
    for above in (tmp_path, *tmp_path.parents[:3]):
        above.chmod(0o755)
    ours, theirs = PROCESSES.Pipe(duplex=False)
    try:
        nobody = PROCESSES.Process(target=edit_as_nobody, args=(tmp_path, theirs), daemon=True)
        nobody.start()
        theirs.close()
        answers = received(ours)
    finally:
        for folder in folders:
            folder.chmod(0o755)

    assert answers == [("Cat", "files.read_only")]


def test_a_full_disk_loses_nothing_that_was_saved(store, monkeypatch):
    before = store.load("cat")
    real = os.fsync

    def full(handle):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Wait, match="disk is full"):
        store.edit("cat", [seed_edit(1, 0)])
    monkeypatch.setattr(os, "fsync", real)

    assert StoryStore(store.layout).load("cat") == before
    assert store.edit("cat", [seed_edit(1, 0)]).scene("s1").seed == 1


def test_a_failure_after_the_commit_is_healed_and_no_error(store, path, monkeypatch):
    head = path.read_bytes()
    real = type(path).replace

    def full(self, target):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(type(path), "replace", full)
    story = store.edit("cat", [seed_edit(1, 0)])
    assert path.read_bytes() == head
    monkeypatch.setattr(type(path), "replace", real)

    assert StoryStore(store.layout).load("cat") == story


def test_the_last_fifty_revisions_are_kept_and_one_per_day_before(store):
    history = History(store.layout.history("cat"))
    content = history.content(1)
    for number in range(2, 101):
        history.add(number, content)
        days = number // 10
        os.utime(history.folder / f"{number:06d}.yaml", (1e9 + days * 86400, 1e9 + days * 86400))
    history.prune()

    numbers = history.numbers()

    assert numbers[-KEPT_WHOLE:] == list(range(51, 101))
    assert numbers[:-KEPT_WHOLE] == [1, 9, 19, 29, 39, 49, 50]


def test_a_save_is_quick(store):
    started = time.process_time()
    for seed in range(10):
        store.edit("cat", [seed_edit(seed + 1, seed)])

    # Of the processor: what the disk and other programs take is theirs.
    assert (time.process_time() - started) / 10 < 0.1


@pytest.mark.parametrize("revision", ["999999", "1000000", "123456789012", "1" * 40, "-3", "abc", "1.5", "true", "[]"])
def test_an_odd_revision_in_a_file_stops_no_edit(tmp_path, revision):
    layout = Layout(tmp_path / "workspace", tmp_path / "stories")
    layout.stories.mkdir()
    layout.story("cat").write_text(f"schema: 1\nrevision: {revision}\ntitle: Cat\nscenes:\n- id: s1\n  seed: 0\n")
    started = time.monotonic()

    for seed in range(3):
        StoryStore(layout).edit("cat", [seed_edit(seed + 1, seed)])

    story = StoryStore(layout).load("cat")
    assert story.scene("s1").seed == 3
    assert f"revision: {story.revision}\n" in layout.story("cat").read_text()
    assert "seed: 3" in layout.story("cat").read_text()
    numbers = [one.number for one in StoryStore(layout).history("cat")]
    assert numbers == sorted(numbers, reverse=True) and len(numbers) == 4
    assert StoryStore(layout).go_back_to("cat", numbers[-1]).scene("s1").seed == 0
    assert time.monotonic() - started < 10


def test_a_hand_that_writes_in_the_moment_of_a_save_loses_nothing_and_leaves_no_clutter(store, path, monkeypatch):
    """An editor that writes in place, and one that replaces the file, each in the middle of saves."""
    # A quick machine makes more than fifty revisions meanwhile; that older ones are thinned out is another test's.
    monkeypatch.setattr("story_engine.store.history.KEPT_WHOLE", 10_000)
    written, stop = [], threading.Event()
    rng = random.Random(7)

    def edit_by_hand():
        for number in range(40):
            text = path.read_text().replace("kitten, 2", f"kitten, 2 hand{number}-")
            if number % 2:
                path.write_text(text)
            else:
                fresh = path.with_name(f"editor-{number}")
                fresh.write_text(text)
                fresh.replace(path)
            written.append(f"hand{number}-")
            time.sleep(rng.random() * 0.05)
        stop.set()

    hand = threading.Thread(target=edit_by_hand)
    hand.start()
    seed = 0
    while not stop.is_set():
        seed += 1
        store.edit("cat", [seed_edit(seed, seed - 1)])
    hand.join()

    final = store.load("cat")
    kept = b"".join(file.read_bytes() for file in store.layout.history("cat").glob("*.yaml")).decode()
    assert [text for text in written if text not in kept] == []
    assert final.scene("s1").seed == seed
    assert sorted(entry.name for entry in path.parent.iterdir()) == [".history", "cat.yaml"]


def test_a_hand_and_a_save_of_the_same_moment_end_up_in_one_story(store, path, monkeypatch):
    real = History.add

    def edited_meanwhile(self, number, content):
        monkeypatch.setattr(History, "add", real)
        path.write_text(path.read_text().replace("kitten, 2", "tiger"))
        return real(self, number, content)

    monkeypatch.setattr(History, "add", edited_meanwhile)
    store.edit("cat", [seed_edit(5, 0)])

    story = store.load("cat")
    assert (story.scene("s1").seed, story.scene("s2").prompt) == (5, "an orange tiger")
    assert list(path.parent.glob("*.damaged-*")) == []
