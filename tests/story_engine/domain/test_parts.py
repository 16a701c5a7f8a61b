"""Edits of a part: what others did to other parts of the same field stays."""

import pytest

from story_engine.domain.edit import Edit
from story_engine.domain.merge import merge
from story_engine.domain.story import Appearance, Character, LoraUse
from story_engine.domain.story_data import story_data
from story_engine.domain.validation import story_from
from story_engine.errors import ChooseAnother, EditConflict, FixInput
from tests.builders import a_scene, a_story

MIMI = Character(id="mimi", name="Mimi", outfits={"coat": "a coat", "hat": "a hat"})
STORY = a_story(
    a_scene(1, characters=(Appearance(character="mimi", outfit="coat"),)),
    a_scene(2, loras=(LoraUse(name="oil"),)),
    characters=(MIMI, Character(id="bobo")),
    loras=(LoraUse(name="ink", strength=0.5),),
)


def after(field, *part, value, seen, scene=None):
    edit = Edit(scene=scene, field=field, part=part, value=value, seen=seen)
    return story_from(merge(story_data(STORY), [edit]), file="f")


def test_one_part_changes_and_the_others_stay():
    assert after("settings", "steps", value=9, seen=None).settings.steps == 9
    assert after("loras", "ink", "strength", value=1.0, seen=0.5).loras == (LoraUse(name="ink"),)
    assert after("loras", "oil", value=LoraUse(name="oil"), seen=None).loras[1:] == (LoraUse(name="oil"),)
    assert after("loras", "oil", value=None, seen=LoraUse(name="oil"), scene="s2").scene("s2").loras == ()
    assert after("characters", "mimi", "outfits", "hat", value="red", seen="a hat").characters[0].outfits == {
        "coat": "a coat",
        "hat": "red",
    }
    assert after("characters", "bobo", value=Appearance(character="bobo"), seen=None, scene="s1").scene(
        "s1"
    ).characters[1:] == (Appearance(character="bobo"),)


def test_scenes_follow_what_becomes_of_a_character_and_its_outfits():
    renamed = after("characters", "mimi", "outfits", "coat", "name", value="cloak", seen="coat")
    bare = after("characters", "mimi", "outfits", "coat", value=None, seen="a coat")
    gone = after("characters", "mimi", value=None, seen=MIMI)

    assert list(renamed.characters[0].outfits) == ["cloak", "hat"]
    assert renamed.scene("s1").characters == (Appearance(character="mimi", outfit="cloak"),)
    assert bare.scene("s1").characters == (Appearance(character="mimi"),)
    assert (gone.characters, gone.scene("s1").characters) == ((Character(id="bobo"),), ())


def test_a_part_that_is_not_as_it_was_seen_is_a_conflict_with_both_values():
    with pytest.raises(EditConflict) as conflict:
        after("characters", "mimi", "name", value="Mia", seen="Mina")

    assert (conflict.value.mine, conflict.value.theirs) == ("Mia", "Mimi")
    with pytest.raises(EditConflict):
        after("loras", "ink", value=None, seen=LoraUse(name="ink", strength=0.4))
    assert after("characters", "mimi", "name", value="Mimi", seen="Mina") == story_from(story_data(STORY), file="f")


def test_what_belongs_to_something_that_is_gone_is_said_to_be():
    for part in (("nobody", "name"), ("mimi", "outfits", "boots"), ("mimi", "outfits", "boots", "name")):
        with pytest.raises(ChooseAnother, match="no longer in"):
            after("characters", *part, value="x", seen="y")


def test_a_part_that_cannot_be_is_refused():
    with pytest.raises(FixInput, match="already has"):
        after("characters", "mimi", "outfits", "coat", "name", value="hat", seen="coat")
    with pytest.raises(FixInput):
        after("settings", "no_such_setting", value=1, seen=None)
    with pytest.raises(FixInput):
        after("title", "x", value="a", seen="b")
