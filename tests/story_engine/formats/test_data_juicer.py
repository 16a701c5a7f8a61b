import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from story_engine.domain.dataset import Filters, RatioFilter, ShapeFilter
from story_engine.errors import FixInput
from story_engine.formats.data_juicer import Sample, as_config, as_metadata_jsonl, filters_from, read_metadata_jsonl

CHALLENGE = """
project_name: 'data-process'
dataset_path: './data/data-juicer/input/metadata.jsonl'
np: 4
text_keys: 'text'
image_key: 'image'
image_special_token: '<__dj__image>'
export_path: './data/data-juicer/output/result.jsonl'
process:
    - image_shape_filter:
        min_width: 1024
        min_height: 1024
        any_or_all: any
    - image_aspect_ratio_filter:
        min_ratio: 0.5
        max_ratio: 2.0
        any_or_all: any
"""
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


def test_the_challenges_configuration_is_read():
    filters = filters_from(yaml.safe_load(CHALLENGE))

    assert filters.shape == ShapeFilter(is_on=True, min_width=1024, min_height=1024)
    assert filters.ratio == RatioFilter(is_on=True, min_ratio=0.5, max_ratio=2.0)


def test_a_configuration_comes_back_as_it_was():
    filters = Filters(
        shape=ShapeFilter(is_on=True, min_width=5, max_width=9, any_or_all="all", reversed_range=True),
        ratio=RatioFilter(is_on=True, max_ratio=1.5, max_closed_interval=False),
    )

    text = as_config(filters, project="猫", dataset_path="./metadata.jsonl", export_path="./result.jsonl")

    assert filters_from(yaml.safe_load(text)) == filters
    assert yaml.safe_load(text)["image_key"] == "image"


@pytest.mark.parametrize(
    "data",
    [None, [], {"process": None}, {"process": [{"image_blur_filter": {}}]}, {"process": [3]},
     {"process": [{"image_shape_filter": {"min_widht": 3}}]}, {"process": [{"image_shape_filter": {"min_width": "x"}}]},
     {"process": [{"image_shape_filter": {"any_or_all": "some"}}]},
     {"process": [{"image_shape_filter": {"is_on": 1}}]}],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(data):
    with pytest.raises(FixInput, match="data_juicer_config"):
        filters_from(data)


@given(st.lists(st.builds(Sample, TEXT, st.lists(TEXT, max_size=3).map(tuple)), max_size=5))
def test_samples_come_back_as_they_were(samples):
    assert read_metadata_jsonl(as_metadata_jsonl(samples)) == tuple(samples)


def test_what_data_juicer_writes_is_read():
    line = {"text": "x", "image": ["/abs/a.png"], "__dj__stats__": {"image_width": [3], "aspect_ratios": [1.0]}}

    (sample,) = read_metadata_jsonl(json.dumps(line).encode())

    assert (sample.text, sample.images, sample.stats["image_width"]) == ("x", ("/abs/a.png",), [3])


@pytest.mark.parametrize("content", [b"{", b"[1]", b'{"text": 3}', b'{"image": [3]}', b"\xff\xfe", b"[" * 100_000])
def test_a_wrong_line_is_named(content):
    with pytest.raises(FixInput, match=r"metadata\.jsonl"):
        read_metadata_jsonl(content)
