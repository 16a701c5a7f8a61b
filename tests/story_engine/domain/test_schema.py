from typing import Annotated

import pytest

from story_engine.domain.findings import Findings, whole_number
from story_engine.domain.schema import ALWAYS_WRITTEN, AtMost, always_written, checks_of, value_check
from story_engine.domain.story import Story
from story_engine.domain.value import Value


class Leaf(Value):
    count: Annotated[int, whole_number(1, 3, "story.steps_range"), ALWAYS_WRITTEN]
    is_on: bool = False


class Tree(Value):
    leaves: Annotated[tuple[Leaf, ...], AtMost(2)] = ()
    best: Leaf | None = None


def problems(value: object) -> list[tuple[str, str]]:
    found = Findings("f")
    value_check(Tree)(found, "", value)
    return [(problem.code, problem.where) for problem in found.problems]


def test_what_may_stand_in_a_field_is_read_off_its_type():
    assert problems({"leaves": [{"count": 1}, {"count": 3, "is_on": True}], "best": {"count": 2}}) == []
    assert problems({"leaves": [{"count": 4}, {}], "best": {"count": 1, "is_on": 1}, "zzz": 1}) == [
        ("story.steps_range", "f: leaves[0].count"),
        ("story.missing_key", "f: leaves[1]"),
        ("story.not_yes_no", "f: best.is_on"),
        ("story.unknown_key", "f: zzz"),
    ]
    assert problems({"leaves": [{"count": 1}] * 3}) == [("story.too_many_entries", "f: leaves")]


def test_a_file_shows_what_its_type_says():
    assert always_written(Leaf) == ("count",)
    assert always_written(Story) == ("schema", "revision", "title")


def test_a_type_that_says_nothing_is_a_programmers_error():
    class Silent(Value):
        text: str

    with pytest.raises(TypeError):
        checks_of(Silent)
