import json

import pytest
import yaml

from story_engine.domain.dataset import Filters, RatioFilter, ShapeFilter
from story_engine.errors import FixInput
from story_engine.formats.data_juicer import Sample, as_config, as_metadata_jsonl, filters_from

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
    [
        None,
        [],
        {"process": None},
        {"process": [{"image_blur_filter": {}}]},
        {"process": [3]},
        {"process": [{"image_shape_filter": {"min_widht": 3}}]},
        {"process": [{"image_shape_filter": {"min_width": "x"}}]},
        {"process": [{"image_shape_filter": {"any_or_all": "some"}}]},
        {"process": [{"image_shape_filter": {"is_on": 1}}]},
    ],
)
def test_what_cannot_be_used_is_refused(data):
    with pytest.raises(FixInput, match="data_juicer_config"):
        filters_from(data)


def test_samples_are_written_as_lines_with_lists_of_pictures():
    written = as_metadata_jsonl([Sample("一只猫", ("images/1.png",)), Sample("", ())]).decode()

    assert [json.loads(line) for line in written.splitlines()] == [
        {"text": "一只猫", "image": ["images/1.png"]},
        {"text": "", "image": []},
    ]
