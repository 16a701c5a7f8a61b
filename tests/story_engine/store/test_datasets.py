import json
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from story_engine.domain.captions import prefixed, set_to
from story_engine.domain.dataset import Dataset, Filters, NearDuplicateFilter, RatioFilter
from story_engine.errors import ChooseAnother, EditConflict, FixInput, LookAtLog
from story_engine.store.dataset_captions import DatasetCaptions
from story_engine.store.dataset_pictures import NewPicture
from story_engine.store.datasets import DatasetStore
from story_engine.store.layout import Layout
from tests.story_engine.domain.test_dataset import an_entry


@pytest.fixture
def store(tmp_path) -> DatasetStore:
    return DatasetStore(Layout(tmp_path / "workspace", tmp_path / "stories"))


def filled(store, *captions, file="cat.png"):
    name = store.create("猫 Cats")
    store.take_in(name, [new(store, name, f"{number}", caption, file) for number, caption in enumerate(captions)])
    return name


def new(store, name, content, caption="", file="cat.png"):
    folder = store.folder(name) / "incoming"
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{content}.{kind}" for kind in ("original", "image", "thumbnail")]
    for path in paths:
        path.write_text(content)
    return NewPicture(an_entry(file, original_sha256=content, sha256=content, caption=caption), *paths)


def captions(store, name):
    return [entry.caption for entry in DatasetStore(store._layout).load(name).entries]


def test_a_dataset_is_found_again_with_its_pictures(store):
    name = filled(store, "a cat", "another cat")

    again = DatasetStore(store._layout).load(name)

    assert [entry.file for entry in again.entries] == ["cat.png", "cat-2.png"]
    assert [store.picture(name, entry.file).read_text() for entry in again.entries] == ["0", "1"]
    assert (store.folder(name) / "originals" / "cat-2.png").read_text() == "1"


def test_names_that_differ_in_case_alone_are_kept_apart(store):
    name = filled(store, "a")

    store.take_in(name, [new(store, name, "9", file="CAT.png")])

    assert store.load(name).entries[1].file == "CAT-2.png"


def test_the_same_picture_brought_twice_is_one_entry(store):
    name = filled(store, "a")

    assert store.take_in(name, [new(store, name, "0", "b")]) == 0
    assert captions(store, name) == ["a"]


def test_two_datasets_of_one_title_have_two_folders(store):
    assert store.create("Ink") != store.create("Ink")
    assert len(store.names()) == 2


@pytest.mark.parametrize("name", ["../x", "", "/etc", "nul", "nothing", "a\0b"])
def test_what_is_no_dataset_is_refused(store, name):
    with pytest.raises(ChooseAnother):
        store.load(name)


def test_a_deleted_dataset_comes_back(store):
    name = filled(store, "a")

    token = store.delete(name)
    assert store.names() == ()

    assert store.restore(token) == name
    assert captions(store, name) == ["a"]
    with pytest.raises(ChooseAnother):
        store.restore("../../etc~1")


def test_a_damaged_index_is_said_and_the_pictures_stay(store):
    name = filled(store, "a")
    (store.folder(name) / "dataset.json").write_text('{"title": ')

    with pytest.raises(LookAtLog):
        store.load(name)
    assert store.picture(name, "cat.png").exists()


def test_an_index_that_could_not_be_read_again_is_not_written(store):
    name = filled(store, "a")
    before = (store.folder(name) / "dataset.json").read_bytes()
    entry = store.load(name).entries[0]
    odd = Dataset.model_construct(**dict(store.load(name)) | {"title": "\ud800"})
    endless = Filters.model_construct(ratio=RatioFilter.model_construct(max_ratio=float("inf")))

    for change in (
        lambda dataset: odd,
        lambda dataset: Dataset.model_construct(**dict(dataset) | {"filters": endless}),
        lambda dataset: dataset.model_copy(update={"entries": (entry, "x")}),
    ):
        with pytest.raises(FixInput):
            store.change(name, change)

    assert (store.folder(name) / "dataset.json").read_bytes() == before


def test_a_title_keeps_no_control_characters(store):
    name = store.create("a\x1b[31m\ud800\n cat\x9b")

    assert store.load(name).title == "a [31m cat"


def test_writers_in_two_processes_lose_nothing_to_each_other(store):
    name = store.create("Busy")
    stores = [DatasetStore(store._layout) for _ in range(3)]

    def add(store, who):
        for number in range(5):
            store.take_in(name, [new(store, name, f"{who}-{number}")])

    threads = [threading.Thread(target=add, args=(each, who)) for who, each in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(DatasetStore(store._layout).load(name).entries) == 15


def test_a_caption_that_another_tab_changed_is_a_conflict(store):
    name = filled(store, "a")
    edits = DatasetCaptions(store)
    edits.edit_caption(name, "cat.png", "theirs", seen="a")

    with pytest.raises(EditConflict) as caught:
        edits.edit_caption(name, "cat.png", "mine", seen="a")

    assert (caught.value.mine, caught.value.theirs) == ("mine", "theirs")
    assert captions(store, name) == ["theirs"]


def test_changes_of_captions_are_undone_step_by_step(store):
    name = filled(store, "a", "b")
    edits = DatasetCaptions(store)
    edits.rewrite_captions(name, None, prefixed("ink, "), action="prefix")
    edits.leave_out(name, ["cat.png"])
    edits.edit_caption(name, "cat-2.png", "c")

    steps = []
    while (step := edits.undo(name)) is not None:
        steps.append((step.action, step.count, captions(store, name)))

    assert steps == [
        ("caption", 1, ["ink, a", "ink, b"]),
        ("leave_out", 1, ["ink, a", "ink, b"]),
        ("prefix", 2, ["a", "b"]),
    ]
    assert not store.load(name).entries[0].left_out
    assert list((store.folder(name) / "undo").iterdir()) == []


def test_captions_that_would_grow_too_long_stay_and_are_named_and_the_others_are_changed(store):
    name = filled(store, "a", "x" * 3_999, "c")

    with pytest.raises(FixInput, match=r"2 captions were changed.*cat-2\.png"):
        DatasetCaptions(store).rewrite_captions(name, None, prefixed("ink, "), action="prefix")

    assert captions(store, name) == ["ink, a", "x" * 3_999, "ink, c"]


def test_undo_passes_over_pictures_that_are_gone(store):
    name = filled(store, "a", "b")
    edits = DatasetCaptions(store)
    edits.rewrite_captions(name, None, set_to("same"), action="set")
    store.remove(name, ["cat.png"])

    edits.undo(name)

    assert captions(store, name) == ["b"]
    assert not store.picture(name, "cat.png").exists()


def test_a_change_that_changes_nothing_is_no_step(store):
    name = filled(store, "a")

    assert DatasetCaptions(store).rewrite_captions(name, None, set_to("a"), action="set") == 0
    assert store.load(name).undo == ()


def test_a_caption_that_is_too_long_is_refused(store):
    name = filled(store, "a")

    with pytest.raises(FixInput, match="4001"):
        DatasetCaptions(store).edit_caption(name, "cat.png", "x" * 4001)


def test_filters_are_kept(store):
    name = filled(store, "a")
    filters = Filters(near_duplicates=NearDuplicateFilter(is_on=True, bits=9))

    store.change(name, lambda dataset: dataset.model_copy(update={"filters": filters}))

    assert DatasetStore(store._layout).load(name).filters == filters


@settings(max_examples=25, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_kept_on_one_line(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("datasets")
    store = DatasetStore(Layout(folder / "workspace", folder / "stories"))
    name = filled(store, "a")

    DatasetCaptions(store).edit_caption(name, "cat.png", text)

    (caption,) = captions(store, name)
    assert not set(caption) & {"\n", "\r", "\0"}
    json.loads((store.folder(name) / "dataset.json").read_bytes())


def test_ten_thousand_pictures_stay_usable(store):
    name = store.create("Large")
    entries = tuple(an_entry(f"{n:05d}.png", caption=f"caption {n}") for n in range(10_000))
    store.change(name, lambda dataset: dataset.model_copy(update={"entries": entries}))

    assert DatasetCaptions(store).rewrite_captions(name, None, prefixed("ink, "), action="prefix") == 10_000
    DatasetCaptions(store).undo(name)

    assert captions(store, name)[9_999] == "caption 9999"
