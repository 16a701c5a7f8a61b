from hypothesis import given
from hypothesis import strategies as st

from story_engine.domain.composing import compose_negative, compose_prompt
from story_engine.domain.shared_wording import SharedWording, shared_wording, with_blocks
from tests.builders import a_scene, a_story


def story_of(*prompts: str, negatives: tuple[str, ...] = ()):
    scenes = [
        a_scene(number, prompt=prompt, negative=negatives[number - 1] if negatives else "")
        for number, prompt in enumerate(prompts, start=1)
    ]
    return a_story(*scenes)


def test_what_all_scenes_begin_with_is_a_style_and_what_several_name_is_a_character():
    story = story_of(
        "watercolor, soft light, a small orange kitten on a sofa",
        "watercolor, soft light, a small orange kitten with a ball of wool, full body",
        "watercolor, soft light, an old emperor",
        negatives=("blurry, text", "blurry, text, hands", "blurry, text"),
    )

    found = shared_wording(story)

    assert (found.style, found.negative) == ("watercolor, soft light", "blurry, text")
    (block,) = found.characters
    assert block.character.description == "a small orange kitten" and block.scenes == (0, 1)
    assert block.character.id == "small orange kitten"


def test_a_block_that_is_left_changes_nothing():
    story = story_of("水墨，一只橘猫在家", "水墨，一只橘猫在路上")
    found = shared_wording(story)

    assert found.style and found.characters
    assert with_blocks(story, SharedWording()) == story
    assert with_blocks(story, found.model_copy(update={"characters": ()})).characters == ()


def test_scenes_that_share_nothing_or_are_blocked_already_get_no_proposal():
    assert shared_wording(story_of("a cat", "the sea")).is_empty
    assert shared_wording(story_of("only one, scene")).is_empty
    assert shared_wording(a_story(a_scene(1), a_scene(2), style="ink")).is_empty


def test_a_stop_in_the_middle_of_a_word_is_no_shared_style():
    assert shared_wording(story_of("catwoman, night", "catfish, sea")).style == ""


WORDS = st.text(alphabet="ab猫狗一只个的，,、。 {}\n在穿", max_size=40)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=2, max_size=5))
def test_no_proposal_changes_a_letter_of_what_the_model_reads(texts):
    story = story_of(*(prompt for prompt, _ in texts), negatives=tuple(negative for _, negative in texts))

    changed = with_blocks(story, shared_wording(story))

    for before, after in zip(story.scenes, changed.scenes, strict=True):
        assert compose_prompt(changed, after) == compose_prompt(story, before)
        assert compose_negative(changed, after) == compose_negative(story, before)
