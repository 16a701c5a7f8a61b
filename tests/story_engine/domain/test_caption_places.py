import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from story_engine.domain.caption_places import Assigned, PlacedTable, Places, Sidecar, assign
from story_engine.domain.caption_rows import CaptionRow, CaptionTable


def assigned(pictures, *, sidecars=None, **tables):
    """Captions by picture; tables as {place: {picture: text}}."""
    found = Assigned()
    placed = [
        PlacedTable(place, CaptionTable(tuple(CaptionRow(path, text, n) for n, (path, text) in enumerate(rows))), place)
        for place, rows in tables.get("tables", {}).items()
    ]
    assign(
        Places((path, path) for path in pictures),
        [Sidecar(place, text) for place, text in (sidecars or {}).items()],
        placed,
        found,
    )
    return found


def test_a_text_speaks_of_the_picture_in_its_own_folder_only():
    found = assigned(["10_girl/001.png", "5_street/001.png", "001.jpg"], sidecars={"10_girl/001.txt": "a girl"})

    assert found.captions == {"10_girl/001.png": "a girl"}


def test_a_text_may_bear_the_pictures_whole_name_and_another_case():
    found = assigned(["a.png", "b.PNG", "c.d.png"], sidecars={"a.png.txt": "a", "B.txt": "b", "c.d.caption": "c"})

    assert found.captions == {"a.png": "a", "b.PNG": "b", "c.d.png": "c"}


def test_a_row_speaks_of_a_path_from_its_table():
    pictures = ["train/1.png", "val/1.png", "1.png"]

    assert assigned(pictures, tables={"metadata.csv": [("train/1.png", "t")]}).captions == {"train/1.png": "t"}
    assert assigned(pictures, tables={"val/metadata.csv": [("1.png", "v")]}).captions == {"val/1.png": "v"}
    assert assigned(pictures[:2], tables={"metadata.csv": [("1.png", "nobody's")]}).captions == {}


def test_paths_of_another_machine_are_found_by_what_follows_their_shared_folders():
    far = "/mnt/workspace/kolors/data/lora_dataset/train"
    windows = "D:\\sets\\train"

    for root in (far, windows, "file:///a/train", "../input/train", "./train"):
        table = {"result.jsonl": [(f"{root}/1.png", "one"), (f"{root}/2.png", "two")]}
        beside = assigned(["1.png", "2.png"], tables=table)
        below = assigned(["train/1.png", "train/2.png", "other/1.png"], tables=table)
        deeper = assigned(["train/1.png", "train/2.png"], tables={f"out/put/{k}": v for k, v in table.items()})
        assert beside.captions == {"1.png": "one", "2.png": "two"}, root
        assert below.captions == {"train/1.png": "one", "train/2.png": "two"}, root
        assert deeper.captions == {"train/1.png": "one", "train/2.png": "two"}, root


def test_a_folder_that_is_there_is_not_taken_away_from_a_path():
    found = assigned(["train/2.png", "1.png"], tables={"metadata.csv": [("train/1.png", "gone"), ("train/2.png", "b")]})

    assert found.captions == {"train/2.png": "b"}
    assert found.lonely_rows == {"metadata.csv": ["train/1.png"]}


def test_rows_of_several_folders_are_not_thrown_together():
    found = assigned(["1.png"], tables={"metadata.csv": [("train/1.png", "t"), ("val/1.png", "v")]})

    assert found.captions == {}
    assert found.lonely_rows == {"metadata.csv": ["train/1.png", "val/1.png"]}


def test_letters_in_either_unicode_form_and_case_and_the_usual_endings_are_the_same():
    name = "Märchen é.png"
    pictures = [unicodedata.normalize("NFD", name), "B.JPG", "c.jpeg", "d.tif"]
    table = [(unicodedata.normalize("NFC", name), "a"), ("b.jpg", "b"), ("c.jpg", "c"), ("D.tiff", "d")]

    assert set(assigned(pictures, tables={"m.csv": table}).captions.values()) == {"a", "b", "c", "d"}


def test_what_could_be_two_pictures_is_neither():
    found = assigned(["a.png", "A.png"], tables={"m.csv": [("a.PNG", "?"), ("A.png", "large")]})

    assert found.captions == {"A.png": "large"}
    assert found.lonely_rows == {"m.csv": ["a.PNG"]}


def test_another_ending_is_another_picture_unless_the_row_has_none():
    found = assigned(["1.png", "2.jpg"], tables={"m.csv": [("1.jpg", "no"), ("2", "yes")]})

    assert found.captions == {"2.jpg": "yes"}


def test_the_nearest_caption_is_taken_and_the_others_are_named():
    found = assigned(
        ["a/1.png", "a/2.png"],
        sidecars={"a/1.txt": "nearest"},
        tables={
            "metadata.csv": [("a/1.png", "far"), ("a/2.png", "far"), ("a/2.png", "far")],
            "a/metadata.csv": [("1.png", "nearest "), ("2.png", "near")],
        },
    )

    assert found.captions == {"a/1.png": "nearest", "a/2.png": "near"}
    assert found.second == {"metadata.csv": ["a/1.png", "a/2.png", "a/2.png"]}


PARTS = st.sampled_from(["a", "b", "A", "é", "1", ".."])
PATHS = st.lists(PARTS, min_size=1, max_size=4).map(lambda parts: "/".join([*parts[:-1], f"{parts[-1]}x.png"]))


@given(st.lists(PATHS.filter(lambda path: ".." not in path), unique=True, max_size=5), st.lists(PATHS, max_size=5))
def test_every_caption_is_given_or_named(pictures, named):
    found = assigned(pictures, tables={"a/m.csv": [(path, f"caption {n}") for n, path in enumerate(named)]})

    given_or_named = (
        len(found.captions) + sum(map(len, found.lonely_rows.values())) + sum(map(len, found.second.values()))
    )
    assert given_or_named == len(named)
    assert set(found.captions) <= set(pictures)
