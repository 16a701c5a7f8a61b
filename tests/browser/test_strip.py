"""The strip of all scenes above a story."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import App, Visitor

CLIPPED = """(lines) => lines
  .filter((each) => each.scrollHeight > each.clientHeight + 1 || each.scrollWidth > each.clientWidth + 1)
  .map((each) => each.textContent)"""


@pytest.mark.parametrize(
    ("language", "story", "whole"),
    [
        ("en", "orange-cat-en", ["2 The old book", "3 Into the light", "6 Palace life", "8 Home again"]),
        ("zh", "orange-cat", ["1 现代小猫玩耍", "5 小猫与皇帝相遇"]),
    ],
)
def test_a_scene_s_name_has_two_lines_on_a_laptop(
    app: App, visit: Callable[..., Visitor], language: str, story: str, whole: list[str]
) -> None:
    person = visit(language=language)
    person.page.set_viewport_size({"width": 1280, "height": 800})
    person.open(f"Story?story={story}")
    names = person.page.locator(f".st-key-strip-of-{story} .name")
    names.nth(7).wait_for()

    shown, clipped = names.all_text_contents(), names.evaluate_all(CLIPPED)

    assert len(shown) == 8
    assert [name for name in whole if name in shown and name not in clipped] == whole
