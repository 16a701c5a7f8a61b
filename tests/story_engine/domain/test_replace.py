import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from story_engine.domain.replace import kept_references, replacements
from story_engine.domain.search import Search
from story_engine.domain.story import Appearance, Character, LoraUse, Settings, Speech, Story
from story_engine.domain.story_text import after
from story_engine.errors import InvalidInput
from tests.builders import a_scene, a_story


def dressed() -> Story:
    return a_story(
        a_scene(1, prompt="{girl} in a red dress, a girl's dream", negative="red eyes", caption="Red!"),
        a_scene(2, prompt="{girl} sleeping", characters=(Appearance(character="girl", outfit="red"),)),
        a_scene(3, prompt="a Red kite", loras=(LoraUse(name="red-ink", strength=0.8),)),
        style="red chalk",
        negative="reddish",
        characters=(Character(id="girl", description="a girl with red hair", outfits={"red": "a red coat"}),),
        loras=(LoraUse(name="red-ink", strength=0.5), LoraUse(name="other", strength=0.8)),
        settings=Settings(sampler="ddim", steps=50),
    )


def replaced(story: Story, find: str, put: str, *scopes: str, **options: bool) -> Story:
    search = Search(find=find, put=put, **options)
    found = replacements(story, search, scopes) if scopes else replacements(story, search)
    return after(story, tuple(each.edit for each in found))


def test_a_word_is_replaced_in_every_text_and_names_of_outfits_and_references_stay():
    now = replaced(dressed(), "red", "blue", whole_words=True)

    assert [scene.prompt for scene in now.scenes] == [
        "{girl} in a blue dress, a girl's dream",
        "{girl} sleeping",
        "a blue kite",
    ]
    assert (now.style, now.negative) == ("blue chalk", "reddish")
    assert (now.scenes[0].negative, now.scenes[0].caption) == ("blue eyes", "blue!")
    assert now.characters[0].description == "a girl with blue hair"
    assert now.characters[0].outfits == {"red": "a blue coat"}
    assert now.scenes[1].characters == dressed().scenes[1].characters
    assert [use.name for use in now.loras] == ["blue-ink", "other"]


def test_the_word_inside_of_a_reference_stays_and_is_counted():
    story = dressed()

    now = replaced(story, "girl", "boy", "prompts")

    assert now.scenes[0].prompt == "{girl} in a red dress, a boy's dream"
    assert now.characters[0].id == "girl"
    assert kept_references(story, Search(find="girl", put="boy"), ("prompts",)) == 2


def test_a_strength_is_a_number_and_no_text():
    now = replaced(dressed(), "0.80", "1", "strengths")

    assert [use.strength for use in now.loras] == [0.5, 1.0]
    assert now.scenes[2].loras == (LoraUse(name="red-ink", strength=1.0),)


def test_a_setting_is_found_whole_and_checked_like_any_other():
    assert replaced(dressed(), "ddim", "euler", "settings").settings.sampler == "euler"
    assert replaced(dressed(), "50", "30", "settings").settings.steps == 30
    assert replaced(dressed(), "5", "3", "settings") == dressed()
    with pytest.raises(InvalidInput):
        replaced(dressed(), "ddim", "nonsense", "settings")
    with pytest.raises(InvalidInput):
        replaced(dressed(), "red-ink", "", "loras")


def test_what_is_said_in_bubbles_is_a_caption_too_and_a_character_that_speaks_stays_itself():
    speech = (Speech(text="A girl!", speaker="girl"), Speech(text="Where?", speaker="The girl's cat"))
    story = dressed()
    story = story.model_copy(update={"scenes": (a_scene(1, speech=speech), *story.scenes[1:])})

    now = replaced(story, "girl", "boy", "captions")

    assert now.scenes[0].speech == (
        Speech(text="A boy!", speaker="girl"),
        Speech(text="Where?", speaker="The boy's cat"),
    )


def test_only_what_was_asked_for_is_looked_at():
    assert {each.scope for each in replacements(dressed(), Search(find="red", put="x"), ("captions",))} == {"captions"}


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="{}girlbo ，a,", max_size=20), st.text(alphabet="girl{}a，", min_size=1, max_size=4))
def test_no_reference_is_ever_broken(prompt, find):
    story = dressed()
    story = story.model_copy(update={"scenes": (a_scene(1, prompt=prompt + "{girl}"),)})

    assert replaced(story, find, "§", "prompts").scenes[0].prompt.count("{girl}") == (prompt + "{girl}").count("{girl}")
