"""A training as a person writes it: every wrong value is one of our problems, never a foreign error."""

import math

from hypothesis import given
from hypothesis import strategies as st

from story_engine.domain.training import SamplePrompt, TrainingSpec
from story_engine.domain.training_text import read_spec
from story_engine.errors import InvalidInput

ODD = [1.5, True, None, "1", -1, 10**400, math.inf, math.nan, [], {}, [[]], {"a": 1}, "\x00", "x" * 30_000]


def test_odd_values_in_any_field_are_named_and_nothing_else_is_raised():
    faults = []
    fields = [name for name in TrainingSpec.model_fields if name not in ("name", "dataset")]
    for name in (*fields, "preset", "no_such_field"):
        for value in ODD:
            _read({"name": "x", "dataset": "y", name: value}, faults)
    for name in (*SamplePrompt.model_fields, "no_such_field"):
        for value in ODD:
            _read({"name": "x", "dataset": "y", "sample_prompts": [{"prompt": "a", name: value}, "b"]}, faults)
    for whole in (*ODD, {"sample_prompts": [1.5, None, [], {}]}):
        _read(whole, faults)

    assert faults == []


def test_a_seed_that_is_no_whole_number_is_named_with_its_place():
    try:
        read_spec({"name": "x", "dataset": "y", "sample_prompts": ["a", {"prompt": "b", "seed": 1.5}]}, file="t.yaml")
    except InvalidInput as error:
        assert "t.yaml: sample_prompts[1].seed: 1.5 is not a whole number" in str(error)
    else:
        raise AssertionError("it was accepted")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_subnormal=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(TrainingSpec.model_fields)) | st.text(max_size=5), PLAIN, max_size=5))
def test_whatever_a_reader_of_yaml_builds_is_a_spec_or_a_list_of_problems(data):
    faults = []

    _read({"name": "x", "dataset": "y"} | data, faults)

    assert faults == []


def _read(data, faults) -> None:
    try:
        read_spec(data, file="t.yaml")
    except InvalidInput:
        pass
    except Exception as error:
        faults.append((data, repr(error)[:200]))
