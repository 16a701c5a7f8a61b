import time

import pytest

from story_engine.catalog.tokenizer import encode_ids
from story_engine.preview_model.world.vocabulary import known_token_ids, unknown_words
from tests.story_engine.preview_model.challenge_prompts import NEGATIVE_PROMPTS, SHIPPED_PROMPTS


@pytest.mark.parametrize("prompt", SHIPPED_PROMPTS + NEGATIVE_PROMPTS)
def test_every_token_of_the_challenge_prompts_is_known(prompt: str) -> None:
    known = set(known_token_ids())

    for spelling in (prompt, prompt.replace(",", "，"), prompt + "\n"):
        assert set(encode_ids(spelling)) - known == set()
        assert unknown_words(spelling) == []


def test_ids_are_sorted_unique_and_carry_the_prefix() -> None:
    ids = known_token_ids()

    assert ids == sorted(set(ids))
    assert {64790, 64792} <= set(ids)
    assert 3000 < len(ids) < 6000


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("一只长颈鹿在月球上跳广场舞，水墨画", ["长颈鹿", "月球", "跳广场舞"]),
        ("a giraffe riding a bicycle on the beach", ["giraffe", "riding", "bicycle"]),
        ("斑马站在森林里", ["斑马"]),
        ("一只橘色的小猫在沙滩上，spaceship，1girl, 8k", ["spaceship"]),
        ("Giraffe, giraffe", ["Giraffe", "giraffe"]),
        ("", []),
        ("，。!? 123 (cat:1.2)", []),
        ("An orange cat\nin a palace hall; ink-wash painting, Close Up", []),
    ],
)
def test_unknown_words_are_named_as_a_person_would(prompt: str, expected: list[str]) -> None:
    assert unknown_words(prompt) == expected


def test_reading_a_prompt_takes_less_than_a_millisecond() -> None:
    unknown_words("猫")
    start = time.perf_counter()
    for prompt in SHIPPED_PROMPTS:
        unknown_words(prompt)

    assert (time.perf_counter() - start) / len(SHIPPED_PROMPTS) < 0.001
