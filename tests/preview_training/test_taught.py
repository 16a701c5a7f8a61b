"""Who else is there, and how many are: read off a drawn scene, and off what a prompt says."""

from __future__ import annotations

import pytest

from preview_training.taught import FIGURES, NOBODY, NOT_SAID, TAUGHT, labels_of, wanted_of
from story_engine.preview_model.world import DrawnScene, Figure


@pytest.mark.parametrize(
    ("prompt", "other"),
    [
        ("a cat and a dog in the street", "dog"),
        ("水墨画，小女孩抱着一只橙色的猫", "cat"),
        ("一只橙色的猫，客厅，猫在睡觉", None),
        ("a robot reading a book", NOBODY),
        ("the sea at night", None),
    ],
)
def test_company_is_the_first_of_another_kind_nobody_or_not_said(prompt: str, other: str | None) -> None:
    company = wanted_of(prompt)[-2]

    assert len(wanted_of(prompt)) == len(TAUGHT)
    assert (None if company == NOT_SAID else TAUGHT["company"][company]) == other


@pytest.mark.parametrize(
    ("companions", "other"), [((), NOBODY), (("dog",), "dog"), (("cat",), "cat"), (("cat", "maid"), "maid")]
)
def test_company_of_a_drawing_is_another_kind_where_there_is_one(companions: tuple[str, ...], other: str) -> None:
    scene = DrawnScene(main=Figure(subject="cat"), companions=tuple(Figure(subject=each) for each in companions))

    assert TAUGHT["company"][labels_of(scene)[-2]] == other


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("a robot reading a book", 1),
        ("a cat and a dog in the street", 2),
        ("小女孩和狐狸在森林里，女孩显得开心", 2),
        ("a boy, a fox and a horse on the beach", 3),
        ("一只橙色的猫，客厅，猫在睡觉", None),
        ("a cat with two maids", None),
        ("two cats in the garden", None),
        ("the sea at night", None),
    ],
)
def test_as_many_are_wanted_as_the_prompt_names(prompt: str, count: int | None) -> None:
    figures = wanted_of(prompt)[-1]

    assert figures == (NOT_SAID if count is None else count - 1)


@pytest.mark.parametrize("companions", [(), ("dog",), ("cat", "maid")])
def test_the_figures_of_a_drawing_are_counted(companions: tuple[str, ...]) -> None:
    scene = DrawnScene(main=Figure(subject="cat"), companions=tuple(Figure(subject=each) for each in companions))

    assert FIGURES[labels_of(scene)[-1]] == ("one", "two", "three")[len(companions)]
