import math

import pytest

from story_engine.domain.dataset import Dataset, Filters, RatioFilter, ShapeFilter
from story_engine.domain.story import LoraUse, Story
from story_engine.errors import FixInput


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        (RatioFilter(), {"max_ratio": math.inf}),
        (RatioFilter(), {"min_ratio": math.nan}),
        (RatioFilter(), {"max_ratio": -1.0}),
        (ShapeFilter(), {"min_width": "wide"}),
        (Filters(), {"ratio": {"max_ratio": "inf"}}),
        (Dataset(title="x"), {"entries": ("a.png",)}),
        (LoraUse(name="ink"), {"strength": math.inf}),
        (Story(), {"unknown": 1}),
    ],
)
def test_a_copy_is_checked_like_a_new_value(value, changes):
    with pytest.raises(FixInput, match=next(iter(changes))):
        value.model_copy(update=changes)


def test_a_copy_keeps_the_fields_that_were_not_named():
    story = Story(title="cat", style="ink")

    copy = story.model_copy(update={"revision": 3})

    assert copy == Story(title="cat", style="ink", revision=3)
    assert story.revision == 0


def test_a_number_that_json_does_not_have_is_refused_in_a_new_value_too():
    with pytest.raises(ValueError, match="finite"):
        RatioFilter(max_ratio=math.inf)
