import string

from hypothesis import given
from hypothesis import strategies as st

from story_engine.domain.recipe import LoraPart, Recipe
from story_engine.formats.infotext import infotext, read_infotext


def a_recipe(**changes) -> Recipe:
    fields = {
        "prompt": "二次元，一个紫色短发小女孩",
        "negative": "丑陋、变形",
        "seed": 5,
        "sampler": "dpmpp_2m_karras",
        "steps": 20,
        "cfg_scale": 4.0,
        "width": 256,
        "height": 256,
        "noise": "cpu",
        "family": "preview",
        "weights_hash": "0123456789abcdef",
        "precision": "float32",
    }
    return Recipe(**(fields | changes))


def test_prompt_negative_and_pairs_come_back():
    text = infotext(a_recipe(), story="歌星梦", scene="s1")

    prompt, negative, pairs = read_infotext(text)

    assert prompt == "二次元，一个紫色短发小女孩"
    assert negative == "丑陋、变形"
    assert pairs["Seed"] == "5"
    assert pairs["Sampler"] == "DPM++ 2M"
    assert pairs["Schedule type"] == "Karras"
    assert pairs["Size"] == "256x256"
    assert pairs["Story"] == "歌星梦"


def test_values_with_commas_and_quotes_survive():
    text = infotext(a_recipe(), story='a, "b": c', scene="s1")

    assert read_infotext(text)[2]["Story"] == 'a, "b": c'


def test_loras_are_named_with_hash_and_strength():
    recipe = a_recipe(loras=(LoraPart(name="ink", sha256="f" * 64, strength=0.75),))

    pairs = read_infotext(infotext(recipe, story="s", scene="1"))[2]

    assert pairs["Lora hashes"] == "ink: ffffffffffff"
    assert pairs["Lora strengths"] == "ink: 0.75"


def test_a_picture_without_negative_has_no_negative_line():
    assert "Negative prompt" not in infotext(a_recipe(negative=""), story="s", scene="1")


@given(
    st.text(alphabet=string.printable + "猫、，。🐉\u202e", max_size=200).filter(
        lambda text: "Negative prompt:" not in text
    )
)
def test_any_prompt_is_read_back(prompt):
    text = infotext(a_recipe(prompt=prompt), story="s", scene="1")

    assert read_infotext(text)[0].strip() == "\n".join(prompt.split("\n")).strip()
