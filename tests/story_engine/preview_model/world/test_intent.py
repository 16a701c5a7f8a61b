from story_engine.preview_model.world.intent import style_words
from tests.story_engine.preview_model.challenge_prompts import SINGER_PROMPTS


def test_the_words_that_name_a_style_are_found_as_they_are_written():
    assert style_words(SINGER_PROMPTS[1]) == ["二次元", "日系动漫"]
    assert style_words("a kitten on a sofa, smiling") == []
