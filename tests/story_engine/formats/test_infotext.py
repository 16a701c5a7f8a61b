"""The text in our pictures, as A1111 itself reads it."""

import json
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine.domain.recipe import LoraPart, Recipe
from story_engine.formats.infotext import infotext
from story_engine.formats.infotext_reader import read_infotext
from tests.builders import a_recipe

PAIR = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
ATTENTION = re.compile(
    r"\\\(|\\\)|\\\[|\\]|\\\\|\\|\(|\[|:\s*([+-]?[.\d]+)\s*\)|\)|]|[^\\()\[\]:]+|:", re.MULTILINE | re.DOTALL
)
EXTRA_NETWORK = re.compile(r"<(\w+):([^>]+)>")


def as_a1111_reads(text: str) -> tuple[str, str, dict[str, str]]:
    """Prompt, negative and pairs, after `parse_generation_parameters` of stable-diffusion-webui 1.10.1."""
    *lines, last = text.strip().split("\n")
    if len(PAIR.findall(last)) < 3:
        lines.append(last)
        last = ""
    prompt: list[str] = []
    negative: list[str] = []
    target = prompt
    for line in (line.strip() for line in lines):
        if line.startswith("Negative prompt:"):
            target = negative
            line = line[16:].strip()
        target.append(line)
    pairs = {key: json.loads(value) if value[:1] == '"' else value for key, value in PAIR.findall(last)}
    return "\n".join(prompt), "\n".join(negative), pairs


def as_a1111_paints(prompt: str) -> tuple[str, list[tuple[str, str]]]:
    """The words that reach the text encoder where nothing is in brackets, and the extra networks."""
    networks = EXTRA_NETWORK.findall(prompt)
    words = EXTRA_NETWORK.sub("", prompt)
    parts = (match.group(0) for match in ATTENTION.finditer(words))
    return "".join(part[1:] if part.startswith("\\") else part for part in parts), networks


def read(recipe: Recipe) -> tuple[str, list[tuple[str, str]], str]:
    prompt, negative, _ = as_a1111_reads(infotext(recipe, story="s", scene="1"))
    words, networks = as_a1111_paints(prompt)
    return words, networks, as_a1111_paints(negative)[0]


def stripped(text: str) -> str:
    """As A1111 leaves any text: each line without the blanks around it."""
    return "\n".join(line.strip() for line in text.strip().split("\n")).strip()


def test_prompt_negative_and_pairs_come_back():
    recipe = a_recipe(prompt="二次元，一个紫色短发小女孩", negative="丑陋、变形", seed=5)

    prompt, negative, pairs = as_a1111_reads(infotext(recipe, story="歌星梦", scene="s1"))

    assert (prompt, negative) == ("二次元，一个紫色短发小女孩", "丑陋、变形")
    assert pairs["Seed"] == "5"
    assert pairs["Sampler"] == "DPM++ 2M"
    assert pairs["Schedule type"] == "Karras"
    assert pairs["Size"] == "256x256"
    assert pairs["Story"] == "歌星梦"


def test_values_with_commas_and_quotes_survive():
    text = infotext(a_recipe(), story='a, "b": c', scene="s1")

    assert as_a1111_reads(text)[2]["Story"] == 'a, "b": c'


def test_a_pasted_text_brings_its_loras_along():
    parts = (
        LoraPart(name="ink", sha256="f" * 64, strength=0.75),
        LoraPart(name="run@200", sha256="e" * 64, strength=-1),
    )
    recipe = a_recipe(prompt="a cat", negative="a dog", loras=parts)

    words, networks, negative = read(recipe)

    assert (words.strip(), negative) == ("a cat", "a dog")
    assert networks == [("lora", "ink:0.75"), ("lora", "run@200:-1")]
    assert as_a1111_reads(infotext(recipe, story="s", scene="1"))[2]["Lora hashes"].startswith("ink: ffffffffffff")


def test_a_picture_without_negative_has_no_negative_line():
    assert "Negative prompt" not in infotext(a_recipe(negative=""), story="s", scene="1")


LINES = [
    "a cat\nNegative prompt: a dog\nin the rain",
    "Negative prompt: a dog",
    "a cat\n  \tNegative prompt:",
    "a cat\n\u3000Negative prompt: wide blank before it",
    "a cat\nSteps: 3, Sampler: Euler, CFG scale: 9, Seed: 1",
    "Steps: 3, Sampler: Euler, CFG scale: 9, Seed: 1",
    "a cat <lora:other:1>, <hypernet:x:1> <lora:<lora:a:1>:2>",
    "a cat, Negative prompt: in the middle of a line",
    "1 < 2, a > b, <not a tag>",
]


@pytest.mark.parametrize("text", LINES)
def test_words_that_look_like_the_grammar_stay_words_in_prompt_and_negative(text: str):
    words, networks, _ = read(a_recipe(prompt=text, negative="ugly"))
    in_negative = read(a_recipe(prompt="a cat", negative=text))

    assert (words, networks) == (stripped(text), [])
    assert in_negative == ("a cat", [], stripped(text))


def test_no_line_but_the_last_begins_like_the_pairs():
    lines = infotext(a_recipe(prompt="Steps: 3\n Steps: 4", negative="Steps: 5"), story="s", scene="1").split("\n")

    assert [line for line in lines if line.strip().startswith("Steps:")] == [lines[-1]]


TEXT = st.lists(
    st.sampled_from([*LINES, "\n", "Negative prompt:", "Steps: ", "<lora:a:1>", "<", ">", ":"])
    | st.text(alphabet=(set(string.printable) | set("猫、，。🐉\u202e")) - set("\\()[]"), max_size=20),
    max_size=8,
).map("".join)


@given(TEXT, TEXT)
def test_any_prompt_and_negative_are_read_back_as_they_were_painted(prompt: str, negative: str):
    words, networks, read_negative = read(a_recipe(prompt=prompt, negative=negative))

    assert networks == []
    assert words.strip() == stripped(prompt)
    assert read_negative.strip() == stripped(negative)


def test_levels_of_guidance_are_said_in_our_own_keys_and_only_where_there_are_some():
    recipe = a_recipe(guidance_above=0.15, negative_below=1.0)

    pairs = as_a1111_reads(infotext(recipe, story="s", scene="1"))[2]

    assert (pairs["Guidance interval"], pairs["Negative below"]) == ("0.15 to 30", "1")
    read, _, notes = read_infotext(infotext(recipe, story="s", scene="1"), place="")
    assert read.settings.guidance == recipe.guidance and not notes
    assert "Guidance" not in infotext(a_recipe(), story="s", scene="1")
    assert read_infotext("a cat\nSteps: 20, Sampler: Euler, Seed: 1", place="")[0].settings.guidance is None
