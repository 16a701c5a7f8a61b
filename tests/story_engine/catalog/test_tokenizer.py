import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine.catalog.tokenizer import _vocabulary, count_tokens, cut_position, encode_ids, token_span
from tests.story_engine.preview_model.challenge_prompts import NEGATIVE_PROMPTS, SHIPPED_PROMPTS


def test_ids_are_those_of_the_kolors_prompter() -> None:
    from diffsynth.prompters import KolorsPrompter

    tokenizer = KolorsPrompter().tokenizer

    for prompt in (*SHIPPED_PROMPTS, *NEGATIVE_PROMPTS, "", "An orange cat,\n ink wash painting  🐱"):
        assert encode_ids(prompt) == tokenizer(prompt)["input_ids"]


def test_the_empty_prompt_has_the_two_tokens_of_the_prefix() -> None:
    assert count_tokens("") == 2


@pytest.mark.parametrize("prompt", SHIPPED_PROMPTS)
def test_the_shipped_prompts_fit_the_preview_model(prompt: str) -> None:
    assert count_tokens(prompt) <= 64
    assert cut_position(prompt, 64) is None


def test_a_long_prompt_is_cut_where_the_limit_falls() -> None:
    text = "一只猫，" * 200

    position = cut_position(text)

    assert position is not None
    assert count_tokens(text[:position]) == 256


@given(st.text(max_size=60), st.integers(min_value=2, max_value=40))
def test_what_is_kept_ends_at_the_limit(text: str, limit: int) -> None:
    position = cut_position(text, limit)

    assert (position is None) == (count_tokens(text) <= limit)
    if position is not None:
        assert 0 <= position <= len(text)


@given(st.text(alphabet="猫在沙发上坐着,， cat\n🐱ａ▁", max_size=60))
def test_without_a_limit_in_reach_nothing_is_cut(text: str) -> None:
    assert cut_position(text, count_tokens(text)) is None
    if count_tokens(text) > 3:
        assert cut_position(text, count_tokens(text) - 1) is not None


def test_counting_imports_neither_torch_nor_transformers() -> None:
    code = (
        "import sys; from story_engine.catalog.tokenizer import count_tokens; count_tokens('猫');"
        "from story_engine.preview_model.world.vocabulary import unknown_words; unknown_words('猫');"
        "print(sorted({'torch', 'transformers', 'diffsynth'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("水彩画，一个紫色短发小女孩，在海边", "一个紫色短发小女孩"),
        ("watercolour, a girl with short hair, at the beach", "a girl with short hair"),
        ("𠮷 a ▁ rare ㊙ one, then a cat", "cat"),
    ],
)
def test_the_tokens_of_some_words_are_the_tokens_that_hold_their_characters(text: str, words: str) -> None:
    start = text.index(words)

    first, last = token_span(text, start, start + len(words))
    pieces = [_vocabulary().id_to_piece(each) for each in encode_ids(text)[first:last]]

    said = "".join(pieces).replace("▁", " ").strip()
    assert words in said
    assert len(said) <= len(words) + 1
    assert token_span(text, 3, 3) == (2, 2)
