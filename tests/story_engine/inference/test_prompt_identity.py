"""What prompts of one story share, as the encoder of both families gives it: the ground of one face in every panel."""

from __future__ import annotations

import pytest
import torch

from story_engine.catalog.tokenizer import count_tokens, encode_ids, token_span
from story_engine.inference.runtime import Prompter, open_runtime
from story_engine.store.layout import Layout
from tests.story_engine.inference.small_kolors import publish_small_kolors

SHARED = "水彩画，一个紫色短发小女孩，粉色连衣裙"
OWN = ("在海边奔跑，蓝天", "坐在教室里看书，安静的午后阳光", "sleeping on a roof under the moon")


@pytest.fixture(scope="module", params=["preview", "kolors"])
def prompter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Prompter:
    folder = tmp_path_factory.mktemp("studio")
    layout = Layout(folder / "workspace", folder / "stories")
    if request.param == "kolors":
        publish_small_kolors(layout)
    return open_runtime(layout, request.param).prompter(device="cpu", precision="float32")


def encoded(prompter: Prompter, texts: list[str]) -> torch.Tensor:
    with torch.inference_mode():
        return prompter.encode_prompt(texts, device="cpu")[1]


def test_tokens_that_begin_all_prompts_of_a_story_are_the_same_numbers_in_all_of_them(prompter: Prompter) -> None:
    texts = [f"{SHARED}，{own}" for own in OWN]
    rows = encoded(prompter, texts)

    shared = token_span(texts[0], 0, len(SHARED))[1]
    begun = [row[len(row) - count_tokens(text) :] for row, text in zip(rows, texts, strict=True)]

    assert shared > 12
    assert all(encode_ids(text)[:shared] == encode_ids(texts[0])[:shared] for text in texts)
    assert all(torch.equal(each[:shared], begun[0][:shared]) for each in begun)
    assert not torch.equal(begun[1][shared + 1], begun[0][shared + 1])


def test_all_padding_of_a_prompt_is_one_vector_and_another_one_in_another_prompt(prompter: Prompter) -> None:
    texts = [f"{SHARED}，{own}" for own in OWN]
    pads = [row[: len(row) - count_tokens(text)] for row, text in zip(encoded(prompter, texts), texts, strict=True)]

    assert all(torch.equal(each, each[:1].expand_as(each)) for each in pads)
    assert not torch.equal(pads[0][0], pads[1][0])


def test_what_stands_behind_other_words_is_other_numbers(prompter: Prompter) -> None:
    character = "一个紫色短发小女孩"
    texts = [f"水彩画，海边，{character}", f"水彩画，教室，{character}"]
    rows = encoded(prompter, texts)

    spans = [token_span(text, text.index(character), len(text)) for text in texts]
    first, second = (
        row[len(row) - count_tokens(text) + span[0] :] for row, text, span in zip(rows, texts, spans, strict=True)
    )

    assert first.shape == second.shape
    assert not torch.equal(first, second)
