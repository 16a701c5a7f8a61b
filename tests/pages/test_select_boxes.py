"""What is offered to choose from reads as it was typed: select boxes know no Markdown and no escapes."""

from __future__ import annotations

from story_engine.domain.edit import Edit
from tests.pages.conftest import Studio
from tests.pages.test_compare import a_lora
from tests.pages.test_dataset import a_dataset

ODD = "a*b_c [d] #1: x"


def test_names_stand_in_select_boxes_as_they_were_typed(studio: Studio):
    slug = studio.services.stories.duplicate("singer")
    studio.services.stories.rename(slug, ODD)
    for scene in ("s1", "s2"):
        title = studio.services.stories.load(slug).scene(scene).title
        studio.services.stories.edit(slug, [Edit(scene=scene, field="title", value=ODD, seen=title)])
    studio.painted(slug, "s1", "s2", takes=2)
    a_dataset(studio, "a cat", "a dog", title=ODD)
    a_lora(studio, "a_b-1")

    offered: dict[str, list[str]] = {}
    for page in ("home", "story", "compare", "dataset", "train", "submit"):
        app = studio.page(page, story=slug)
        assert not app.exception
        boxes = [*app.selectbox, *app.multiselect]
        offered[page] = [option for box in boxes for option in box.options]

    escaped = {page: [each for each in options if "\\" in each] for page, options in offered.items()}
    assert not {page: each for page, each in escaped.items() if each}
    assert all(any(ODD in each for each in offered[page]) for page in ("compare", "dataset", "train", "submit"))
