"""What an author wrote comes back as it was; what an edit does not touch stays."""

import difflib

import pytest
import yaml as reader_of_yaml_1_1
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from story_engine.domain.story import LoraUse, Scene, Settings, Story
from story_engine.domain.validation import checked
from story_engine.errors import InvalidInput
from story_engine.store.story_text import read_story, write_story

AUTHORED = """\
# my story
schema: 1
revision: 3
title: Cat   # the title
style: "ink"
# people below
characters:
  - id: mimi # the cat
    description: an orange cat
scenes:
  # first
  - id: s1
    prompt: |
      a cat
      sits
    # why this seed: it looks good
    seed: 3
    pinned: false

  # second comment
  # two lines
  - id: s2
    prompt: >-
      folded text
      here
    seed: 4  # four

  # third
  - id: s3   # three
    characters: [mimi]
    prompt: 'x'
  # the end
settings:   # how
  family: preview
# bye
"""
ANY_TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from("\n\t :#-'\"|>"), max_size=40)
WORDS = st.sampled_from(
    [
        "no",
        "12:30",
        "1e3",
        "~",
        "null",
        "- a",
        "a: b",
        "# x",
        "|",
        "&a",
        "*a",
        "!x",
        "%x",
        "@",
        "`",
        "\u2028",
        "0x1f",
        "👩\u200d🚀 🐉",
        "قصة \u202e",
        "e\u0301",
        " lead",
        "trail ",
        "\n",
        "a\n\n\nb\n",
        "\ufeff",
        "---",
        "...",
        "=",
        "<<",
        "2024-01-01",
        "\ta",
        "a\n  b\n c",
        "{mimi} x",
        "[a",
        "'",
        '"',
        "\\",
        "a\\nb",
        "\u2029\n\u2028",
        "\uffff",
        "?",
    ]
)


def story() -> Story:
    return read_story(AUTHORED.encode(), file="cat.yaml")


def with_scene(place: int, **changes) -> Story:
    scenes = list(story().scenes)
    scenes[place] = scenes[place].model_copy(update=changes)
    return story().model_copy(update={"scenes": tuple(scenes)})


def rewritten(changed: Story, authored: str = AUTHORED) -> str:
    text = write_story(changed, before=authored.encode()).decode()
    assert read_story(text.encode(), file="-") == changed
    return text


def difference(text: str) -> list[str]:
    lines = difflib.ndiff(AUTHORED.splitlines(), text.splitlines())
    return [line for line in lines if line[0] in "+-"]


def comments(text: str) -> list[str]:
    return [line.partition("#")[2].strip() for line in text.splitlines() if "#" in line]


def test_a_file_that_is_not_changed_is_written_as_it_was():
    assert rewritten(story()) == AUTHORED


def test_one_edit_changes_one_line():
    assert difference(rewritten(with_scene(1, seed=9))) == ["-     seed: 4  # four", "+     seed: 9  # four"]


def test_block_text_keeps_its_style_and_the_comment_below_it():
    text = rewritten(with_scene(0, prompt="a dog\nruns\n"))

    assert difference(text) == ["-       a cat", "-       sits", "+       a dog", "+       runs"]


def test_quotes_stay():
    assert difference(rewritten(story().model_copy(update={"style": "oil"}))) == ['- style: "ink"', '+ style: "oil"']


def test_new_fields_come_in_the_usual_order():
    text = rewritten(with_scene(1, title="Two", negative="dark"))

    assert "    title: Two\n    prompt: >-\n" in text
    assert "      here\n    negative: dark\n    seed: 4  # four\n" in text


@pytest.mark.parametrize("order", [(2, 0, 1), (1, 0, 2), (0, 2, 1), (2, 1, 0)])
def test_comments_move_with_their_scenes(order):
    scenes = story().scenes

    text = rewritten(story().model_copy(update={"scenes": tuple(scenes[place] for place in order)}))

    assert sorted(comments(text)) == sorted(comments(AUTHORED))
    lines = [line.strip() for line in text.splitlines()]
    assert lines[lines.index("- id: s2") - 2 : lines.index("- id: s2")] == ["# second comment", "# two lines"]
    assert lines[lines.index("- id: s3   # three") - 1] == "# third"


def test_a_removed_scene_takes_its_own_comments_along_and_no_others():
    scenes = story().scenes

    text = rewritten(story().model_copy(update={"scenes": (scenes[0], scenes[2])}))

    gone = set(comments(AUTHORED)) - set(comments(text))
    assert gone == {"second comment", "two lines", "four"}


def test_an_added_scene_leaves_the_rest_alone():
    scenes = story().scenes
    added = (*scenes[:1], Scene(id="s9", prompt="12:30"), *scenes[1:])

    text = rewritten(story().model_copy(update={"scenes": added}))

    assert difference(text) == ["+   - id: s9", '+     prompt: "12:30"', "+     seed: 0"]


def test_lists_without_indentation_stay_so():
    flush = "schema: 1\nrevision: 0\nscenes:\n- id: a\n  seed: 1\n- id: b\n  seed: 2\n"
    written = read_story(flush.encode(), file="-")

    assert write_story(written, before=flush.encode()).decode() == flush


def test_the_flat_form_is_rewritten_in_the_present_one_with_its_comments():
    flat = "# mine\nsteps: 20\n# scenes\nscenes:\n  - prompt: a\n    negative_prompt: b\n    seed: 3 # three\n"

    text = write_story(read_story(flat.encode(), file="-"), before=flat.encode()).decode()

    assert comments(text) == ["mine", "scenes", "three"]
    assert "negative: b" in text and "negative_prompt" not in text


def test_new_files_are_block_style_one_key_per_line_and_readable():
    text = write_story(Story(title="歌星梦", scenes=(Scene(id="s1", prompt="一只猫\n坐着"),))).decode()

    assert text == (
        "schema: 1\nrevision: 0\ntitle: 歌星梦\nsettings:\n  family: preview\nscenes:\n"
        "  - id: s1\n    prompt: |-\n      一只猫\n      坐着\n    seed: 0\n"
    )


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANY_TEXT | WORDS, ANY_TEXT | WORDS)
def test_any_text_survives_in_a_new_file(prompt, negative):
    written = checked(Story(title="x", scenes=(Scene(id="s1", prompt=prompt, negative=negative),)), file="-")

    content = write_story(written)

    assert read_story(content, file="-") == written
    # Other tools read YAML 1.1: they must not find numbers and truth values where there is text.
    assert isinstance(reader_of_yaml_1_1.safe_load(content)["scenes"][0]["prompt"], str)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2), ANY_TEXT | WORDS)
def test_any_text_survives_an_edit_and_so_do_the_comments(place, prompt):
    changed = checked(with_scene(place, prompt=prompt), file="-")

    text = rewritten(changed)

    assert [comment for comment in comments(AUTHORED) if comment not in text] == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from(["s1", "s2", "s3", "s4"]), WORDS), min_size=1, max_size=4, unique_by=lambda x: x[0]
    )
)
def test_any_new_order_of_scenes_can_be_written(wanted):
    old = {scene.id: scene for scene in story().scenes}
    scenes = tuple(old.get(name, Scene(id=name)).model_copy(update={"prompt": prompt}) for name, prompt in wanted)

    rewritten(checked(story().model_copy(update={"scenes": scenes, "settings": Settings(steps=5)}), file="-"))


def test_broken_yaml_is_named_with_file_and_line():
    with pytest.raises(InvalidInput) as raised:
        read_story(b"title: 'x\nscenes: []\n", file="stories/cat.yaml")

    assert "stories/cat.yaml: This is not valid YAML at line" in raised.value.text("en")


def test_a_word_that_yaml_takes_for_a_truth_value_is_explained():
    with pytest.raises(InvalidInput) as raised:
        read_story(b"schema: 1\nscenes:\n  - id: a\n    prompt: false\n", file="cat.yaml")

    assert raised.value.problems[0].where == "cat.yaml:4: scenes[0].prompt"
    assert "Put it in quotes" in raised.value.text("en")


WITH_LORAS = """\
schema: 1
revision: 1
title: Cat
scenes:
  - id: s1
    prompt: a cat
    loras: # its own
      - name: ink
        strength: 0.5 # half
  # second
  - id: s2
    prompt: b
    loras:
  # third
  - id: s3
    loras: [] # none
    seed: 3
  # the end
"""
INK, OIL = LoraUse(name="ink", strength=0.5), LoraUse(name="oil")


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("loras", [None, (), (INK,), (OIL,), (INK, OIL), (OIL, INK)])
def test_loras_of_a_scene_change_and_the_comments_of_other_scenes_stay(place, loras):
    before = read_story(WITH_LORAS.encode(), file="-")
    scenes = list(before.scenes)
    scenes[place] = scenes[place].model_copy(update={"loras": loras})

    text = rewritten(before.model_copy(update={"scenes": tuple(scenes)}), WITH_LORAS)

    assert {"second", "third", "the end"} <= set(comments(text))
    assert loras is None or f"- id: s{place + 1}" in text


def test_a_scene_without_a_word_about_loras_shows_none_in_its_file():
    text = write_story(Story(title="Cat", scenes=(Scene(id="s1"), Scene(id="s2", loras=())))).decode()

    assert text.count("loras") == 1
    assert "    loras: []\n" in text


def test_none_is_written_where_nothing_was_said():
    assert difference(rewritten(with_scene(2, loras=()))) == ["+     loras: []"]
