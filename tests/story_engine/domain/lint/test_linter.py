import random
import time

from story_engine.domain.lint.linter import LONGEST_READ, lint, repairs
from story_engine.domain.story_text import after
from tests.builders import a_scene, a_story

HOSTILE = [
    "(",
    "()",
    "((((",
    "[",
    "{a|",
    "|",
    "，,",
    '"',
    "《",
    "<lora:",
    "__a",
    "BREAK ",
    "a:1.2)",
    "猫",
    "一只橘色的猫，",
]
HOSTILE += [
    "<script>",
    "\u202e",
    "🐱",
    "\n",
    "\\(",
    "男/女",
    "by ",
    "黑色的",
    "a small grey cat, ",
    "bad1-",
    "\t",
    "　",
    "ß",
]


def test_hostile_texts_are_read_in_bounded_time_and_every_repair_is_a_story():
    chance = random.Random(9)
    began = time.monotonic()
    for _ in range(25):
        texts = ["".join(chance.choices(HOSTILE, k=chance.randint(1, 40))) for _ in range(4)]
        scenes = [a_scene(number, prompt=text, negative=text[::-1]) for number, text in enumerate(texts[:3], start=1)]
        story = a_story(*scenes, style=texts[3])

        mended = after(story, repairs(story))

        assert [scene.id for scene in mended.scenes] == ["s1", "s2", "s3"]
        for finding in lint(mended):
            for place in finding.places:
                assert place.end is None or 0 <= place.start <= place.end
    assert time.monotonic() - began < 60


def test_a_text_that_is_longer_than_anything_that_is_read_hides_nothing_about_the_others():
    long = "(red:1.2) " * LONGEST_READ
    story = a_story(a_scene(1, prompt=long[:20_000]), a_scene(2, prompt="a (blue:1.2) cat"), negative=long[:20_000])

    findings = lint(story)

    assert [(each.code, each.places[0].scene) for each in findings] == [("lint.weight", "s2")]
    assert after(story, repairs(story)).scenes[1].prompt == "a blue cat"


def test_each_finding_says_where_it_is():
    story = a_story(a_scene(1, prompt="一只猫，((红色))，在沙发上,睡觉"))

    found = {
        each.code: [story.scenes[0].prompt[place.start : place.end] for place in each.places] for each in lint(story)
    }

    assert found == {"lint.brackets": ["((红色))"], "lint.width_mixed": [","]}
