import random

from story_engine.domain.control import ControlUse
from story_engine.domain.merge import SCENE_FIELDS, STORY_FIELDS
from story_engine.domain.story import Appearance, Character, LoraUse, Scene, Settings, Speech, Story
from story_engine.domain.story_changes import MOST_COMPARED, difference, story_changes

SCENES = tuple(Scene(id=f"s{number}", title=f"T{number}", prompt=f"prompt {number}") for number in range(1, 5))
STORY = Story(title="The sea", style="ink", scenes=SCENES)


def said(pieces, *, differs=None):
    return "".join(piece.text for piece in pieces if differs in (None, piece.differs))


def with_scene(story, scene, **fields):
    scenes = [each.model_copy(update=fields) if each.id == scene else each for each in story.scenes]
    return story.model_copy(update={"scenes": tuple(scenes)})


def test_a_change_says_which_scene_and_field_and_marks_the_words_that_differ():
    after = with_scene(STORY, "s3", prompt="prompt of 3 cats", seed=9)

    prompt, seed = story_changes(STORY, after)

    assert (prompt.scene.title, prompt.number, prompt.field) == ("T3", 3, "prompt")
    assert (said(prompt.old), said(prompt.new)) == ("prompt 3", "prompt of 3 cats")
    assert said(prompt.new, differs=True).split() == ["of", "cats"]
    assert (seed.field, said(seed.old), said(seed.new)) == ("seed", "0", "9")
    assert story_changes(STORY, STORY) == ()


def test_scenes_that_come_go_and_change_places_are_named_where_they_stand():
    first, second, third, fourth = SCENES
    new = Scene(id="s9", title="New", prompt="a boat")

    changes = story_changes(STORY, STORY.model_copy(update={"scenes": (third, second, fourth, new)}))

    assert [(change.field, change.number) for change in changes] == [("order", 0), ("removed", 1), ("added", 4)]
    assert said(changes[0].new).startswith("1. T3")
    assert said(changes[1].old) == first.prompt and said(changes[2].new) == "a boat"


def test_what_every_field_holds_is_written_as_somebody_would_write_it():
    rich = Scene(
        id="s1",
        title="t",
        prompt="p",
        negative="n",
        seed=7,
        pinned=True,
        caption="c",
        note="o",
        speech=(Speech(text="喵", speaker="Mimi"),),
        characters=(Appearance(character="mimi", outfit="red"),),
        loras=(LoraUse(name="ink", strength=0.8),),
        controls=(ControlUse(kind="edges", picture="a" * 64),),
    )
    full = Story(
        title="t",
        style="s",
        negative="n",
        characters=(Character(id="mimi", name="Mimi", outfits={"red": "a coat"}),),
        settings=Settings(steps=12),
        loras=(LoraUse(name="ink"),),
        scenes=(rich,),
    )
    found = story_changes(Story(scenes=(Scene(id="s1"),)), full)

    words = {(bool(change.scene), change.field): said(change.new) for change in found}
    assert {field for is_scene, field in words if is_scene} == set(SCENE_FIELDS)
    assert {field for is_scene, field in words if not is_scene} == set(STORY_FIELDS)
    assert words[True, "speech"] == "喵 · Mimi" and words[True, "loras"] == "ink · 0.8"
    assert words[False, "characters"] == "Mimi\nred: a coat" and "steps: 12" in words[False, "settings"]


def test_both_texts_are_whole_however_they_differ_and_long_ones_cost_no_time():
    dice = random.Random(3)
    letters = "ab 猫🐈\n*<]~"
    for _ in range(200):
        old, new = ("".join(dice.choices(letters, k=dice.randint(0, 40))) for _ in range(2))
        left, right = difference(old, new)
        assert (said(left), said(right)) == (old, new)
        assert said(left, differs=False) == said(right, differs=False)
    left, right = difference("a b " * MOST_COMPARED, "猫" * 10 * MOST_COMPARED)
    assert len(left) == len(right) == 1 and left[0].differs
