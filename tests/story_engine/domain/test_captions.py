import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine.domain.captions import (
    has_trigger_in_front,
    prefixed,
    replaced,
    set_to,
    styled,
    triggered,
    without_words,
)

WORDS = st.text(min_size=1, max_size=12).filter(lambda text: text.strip())


@given(caption=st.text(max_size=60), trigger=WORDS)
def test_the_trigger_is_in_front_once_however_often_it_is_put_there(caption, trigger):
    rewrite = triggered(trigger)

    once = rewrite(caption)

    assert has_trigger_in_front(once, trigger)
    assert rewrite(once) == once


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("a cat", "ink, a cat"),
        ("一只猫", "ink，一只猫"),
        ("", "ink"),
        ("ink, a cat", "ink, a cat"),
        ("inkwell on a desk", "ink, inkwell on a desk"),
    ],
)
def test_the_trigger_is_joined_as_the_language_joins(caption, expected):
    assert triggered("ink")(caption) == expected


@pytest.mark.parametrize(
    ("trigger", "caption", "expected"),
    [
        ("画风甲", "画风甲，一只猫", "画风甲，二次元，一只猫"),
        ("画风甲", "一只猫", "画风甲，二次元，一只猫"),
        ("", "a cat", "二次元, a cat"),
        ("ink", "", "ink, 二次元"),
        ("", "", "二次元"),
    ],
)
def test_other_styles_stand_behind_the_trigger(trigger, caption, expected):
    assert styled(trigger, " 二次元，")(caption) == expected


def test_prefix_replace_and_the_same_for_all():
    assert prefixed("二次元，")("一只猫") == "二次元，一只猫"
    assert prefixed("二次元，")("") == "二次元"
    assert replaced("cat", "dog")("cat, Cat") == "dog, Cat"
    assert set_to(" x ")("anything") == "x"


@pytest.mark.parametrize(
    "text, words, left",
    [
        ("画风甲，二次元，日系动漫，一只熊猫，海边", ("画风甲", "二次元", "日系动漫"), "一只熊猫，海边"),
        ("一只熊猫，二次元，海边", ("二次元",), "一只熊猫，海边"),
        ("Ink style, a rabbit drinking ink", ("ink style", "ink"), "a rabbit drinking"),
        ("a rabbit and a robot", (), "a rabbit and a robot"),
        ("二次元", ("二次元",), ""),
    ],
)
def test_words_are_left_out_with_the_marks_around_them_and_nothing_else(text, words, left):
    assert without_words(text, words) == left
