import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine.errors import FixInput
from story_engine.formats.caption_json import read_caption_json, read_caption_lines, sidecar_caption
from story_engine.formats.data_juicer import Sample, as_metadata_jsonl

WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="<>"), max_size=40).map(str.strip)
NAMES = st.lists(st.from_regex(r"[a-z猫]{1,5}\.png", fullmatch=True), min_size=1, max_size=3)


def read(*samples):
    lines = "\n".join(json.dumps(sample, ensure_ascii=False) for sample in samples)
    return [(row.picture, row.text) for row in read_caption_lines(lines, name="metadata.jsonl").rows]


def test_each_tools_names_are_known():
    assert read(
        {"file_name": "1.png", "text": "hugging face"},
        {"image": "2.png", "prompt": "DiffSynth 2"},
        {"text": "the challenge", "image": ["/mnt/workspace/kolors/data/lora_dataset/train/3.png"]},
        {"images": ["4.png"], "text": "<__dj__image> data-juicer <|__dj__eoc|>"},
        {"File_Name": "5.png", "Caption": "any case"},
        {"image": {"path": "6.png", "bytes": None}, "text": "a stored picture"},
    ) == [
        ("1.png", "hugging face"),
        ("2.png", "DiffSynth 2"),
        ("/mnt/workspace/kolors/data/lora_dataset/train/3.png", "the challenge"),
        ("4.png", "data-juicer"),
        ("5.png", "any case"),
        ("6.png", "a stored picture"),
    ]


def test_data_juicers_tokens_say_which_part_belongs_to_which_picture():
    text = "<__dj__image> a lake <|__dj__eoc|> <__dj__image> a hill <|__dj__eoc|>"

    assert read({"images": ["1.png", "2.png"], "text": text}) == [("1.png", "a lake"), ("2.png", "a hill")]
    assert read({"images": ["1.png", "2.png"], "text": "both"}) == [("1.png", "both"), ("2.png", "both")]


@given(st.lists(st.builds(Sample, WORDS, NAMES.map(tuple)), max_size=5))
def test_what_the_studio_writes_comes_back_as_it_was(samples):
    table = read_caption_lines(as_metadata_jsonl(samples).decode(), name="metadata.jsonl")

    assert [(row.picture, row.text) for row in table.rows] == [
        (image, sample.text) for sample in samples for image in sample.images
    ]
    assert table.faults == ()


def test_lines_that_are_no_samples_are_named_and_the_others_read():
    lines = '{"image": "1.png", "text": "a"}\n{\n[1]\n{"image": "2.png"}\n{"text": "no picture"}\n'

    table = read_caption_lines(lines, name="metadata.jsonl")

    assert [row.picture for row in table.rows] == ["1.png"]
    assert [(fault.line, fault.code) for fault in table.faults] == [
        (2, "unreadable"),
        (3, "unreadable"),
        (4, "no_caption"),
        (5, "unreadable"),
    ]


@pytest.mark.parametrize("text", ["{", "[1]", '{"text": 3}', '{"image": [3]}', "[" * 100_000])
def test_a_file_without_one_sample_is_refused_by_name(text):
    with pytest.raises(FixInput, match=r"metadata\.jsonl"):
        read_caption_lines(text, name="metadata.jsonl")


def test_kohyas_metadata_is_read_as_its_trainer_reads_it():
    text = json.dumps(
        {
            "1": {"caption": "a girl", "tags": "1girl, solo"},
            "/data/2.png": {"tags": "1boy"},
            "3.png": "plain",
        }
    )

    rows = read_caption_json(text, name="meta_cap.json").rows

    assert [(row.picture, row.text) for row in rows] == [
        ("1", "a girl, 1girl, solo"),
        ("/data/2.png", "1boy"),
        ("3.png", "plain"),
    ]


def test_a_list_of_samples_is_read_under_either_ending():
    text = json.dumps([{"image": "1.png", "prompt": "a"}], indent=2)

    assert read_caption_json(text, name="metadata.json").rows[0].text == "a"
    assert read_caption_lines(text, name="metadata.jsonl").rows[0].text == "a"


def test_json_of_other_kinds_is_no_caption_file():
    for text in ('{"project": "x", "np": 4}', "[]", "{}", "3", '{"nodes": [{"id": 1}]}', "hello"):
        assert read_caption_json(text, name="config.json") is None, text
    assert sidecar_caption('{"caption": "a cat"}') == "a cat"
    assert sidecar_caption("[1]") is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["image", "text", "caption", "tags", "x.png"]), inner)
        ),
    )
)
def test_any_json_is_read_or_refused(data):
    text = json.dumps(data)
    sidecar_caption(text)
    for read_any in (read_caption_json, read_caption_lines):
        try:
            read_any(text, name="x")
        except FixInput as refused:
            assert refused.code == "dataset.captions_line"
