from hypothesis import given
from hypothesis import strategies as st

from story_engine.formats.pasted_lines import read_lines


def test_lines_of_every_kind_are_a_scene_each():
    cases = {
        "a cat\n\nthe dog\r\n  a hen ": [("", "a cat", None), ("", "the dog", None), ("", "a hen", None)],
        "1. a cat\n2) the dog": [("", "a cat", None), ("", "the dog", None)],
        "分镜1：一只猫\n分镜2：一只狗": [("", "一只猫", None), ("", "一只狗", None)],
        "- a cat\n• the dog": [("", "a cat", None), ("", "the dog", None)],
        "3 cats\n2 dogs": [("", "3 cats", None), ("", "2 dogs", None)],
        "1.5 cats\n2.5 dogs": [("", "1.5 cats", None), ("", "2.5 dogs", None)],
        "1\tDawn\ta cat wakes up\t7\n2\tNoon\tthe dog sleeps\t9": [
            ("Dawn", "a cat wakes up", 7),
            ("Noon", "the dog sleeps", 9),
        ],
        "| Dawn | a cat wakes up |\n|---|---|\n| Noon | the dog sleeps |": [
            ("Dawn", "a cat wakes up", None),
            ("Noon", "the dog sleeps", None),
        ],
        "a cat, seed 7\nthe dog (seed: 9)\na hen --seed 3\nsix eggs seed=12": [
            ("", "a cat", 7),
            ("", "the dog", 9),
            ("", "a hen", 3),
            ("", "six eggs", 12),
        ],
        "一只猫，种子 7\n一只狗（种子：9）\n一只鸡": [("", "一只猫", 7), ("", "一只狗", 9), ("", "一只鸡", None)],
        "birds eat seed 5\nseed 4\n, seed 4": [
            ("", "birds eat seed 5", None),
            ("", "seed 4", None),
            ("", ", seed 4", None),
        ],
        " \n\t\n": [],
    }

    read = {text: [(each.title, each.prompt, each.seed) for each in read_lines(text)] for text in cases}

    assert {text: read[text] for text in cases if read[text] != cases[text]} == {}


@given(st.text(max_size=200))
def test_no_text_is_too_odd_to_be_read(text):
    assert all(each.prompt or each.title or each.seed is None for each in read_lines(text))
