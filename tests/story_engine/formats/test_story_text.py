import json

import pytest

from story_engine.errors import FixInput
from story_engine.formats.prompt_table import PromptRow, as_csv, as_json, as_markdown
from story_engine.formats.story_text import read_text

PROMPT = 'a "cat" | sits, <b>here</b> & *there* {x}\n=second line\\'


def said(text: str) -> list[tuple[str, str, int | None]]:
    return [(scene.prompt, scene.negative, scene.seed) for scene in read_text(text, name="t").scenes]


def codes(text: str) -> list[str]:
    return [note.code for note in read_text(text, name="t").notes]


def a_row(number: int) -> PromptRow:
    return PromptRow(
        file=f"{number:02}.png",
        title=f"Scene {number}",
        caption="",
        prompt=f"{PROMPT} {number}",
        negative="=blurry",
        seed=number,
        steps=20,
        cfg_scale=4.5,
        noise_levels="0.3–30 / 2",
        sampler="dpmpp_2m_karras",
        size="512x768",
        family="kolors",
        loras="",
        score=6.1,
    )


def test_the_three_prompt_tables_of_a_bundle_come_back_word_by_word():
    rows = [a_row(number) for number in (1, 2, 3)]
    expected = [(row.prompt, row.negative, row.seed) for row in rows]

    assert said(as_json(rows)) == expected
    assert said(as_csv(rows)) == expected
    assert said(as_markdown(rows)) == expected
    first = read_text(as_csv(rows), name="t").scenes[0]
    assert first.title == "Scene 1"
    assert first.settings.given() == {
        "sampler": "dpmpp_2m_karras",
        "steps": 20,
        "cfg_scale": 4.5,
        "width": 512,
        "height": 768,
    }


def test_tables_are_read_in_every_form_that_people_paste():
    expected = [("一只猫，坐着", "丑陋", 3), ("一只狗，站着", "模糊", 5)]
    table = "提示词{0}反向提示词{0}种子\n一只猫，坐着{0}丑陋{0}3\n一只狗，站着{0}模糊{0}5\n"
    forms = {
        "tabs": table.format("\t"),
        "semicolons": table.format(";"),
        "byte order mark": "\ufeff" + table.format(","),
        "Markdown": "| 提示词 | 反向提示词 | 种子 |\n|:-|-|-:|\n"
        "| 一只猫，坐着 | 丑陋 | 3 |\n| 一只狗，站着 | 模糊 | 5 |\n",
        "Markdown in prose": "看表：\n\n提示词 | 反向提示词 | 种子\n---|---|---\n"
        "一只猫，坐着 | 丑陋 | 3\n一只狗，站着|模糊|5\n\n完",
        "HTML": "<p>x</p><TABLE><thead><tr><th>提示词<th>反向提示词<th>种子</thead>"
        "<tr><td><b>一只猫</b>，坐着</td><td>丑陋</td><td>3</td></tr><tr><td>一只狗，站着<td>模糊<td> 5 </table>",
        "flat": "编号 提示词 反向提示词 种子 图片1 一只猫，坐着 丑陋 3 图片2 一只狗，站着\n\n模糊 5 以下是总结 完",
        "labels": "图片1\n提示词：一只猫，坐着\n反向提示词：丑陋\n种子：3\n\n"
        "图片2\n提示词：一只狗，站着\n反向提示词：模糊\n种子：5",
        "objects": json.dumps(
            {"scenes": [dict(zip(("prompt", "negative_prompt", "seed"), row, strict=True)) for row in expected]}
        ),
    }

    read = {name: said(text) for name, text in forms.items()}

    assert read == dict.fromkeys(forms, expected)


def test_rows_are_sorted_by_their_numbers_and_what_is_passed_over_is_counted():
    text = "编号,提示词,心情,种子\n图2,二,高兴,2\n图1,一,难过,1\n图3,,空,3\n"

    assert said(text) == [("一", "", 1), ("二", "", 2)]
    assert codes(text) == ["imports.rows_empty", "imports.columns_unread"]


def test_a_list_of_prompts_is_a_story_and_an_article_is_none():
    assert [words for words, _, _ in said("1. a cat, sitting\n2. a dog\n3、一只鸟")] == [
        "a cat, sitting",
        "a dog",
        "一只鸟",
    ]
    assert len(said("a cat, sitting\na dog, standing\n")) == 2
    for text in (
        "今天天气很好。\n我去了公园。",
        "1. Introduction\nText without end.\n2. More",
        "<script>alert(1)</script>",
        "|||\n|||",
    ):
        with pytest.raises(FixInput):
            read_text(text, name="t")


def test_generation_data_of_several_pictures_is_read_one_by_one():
    one = (
        "a cat, <lora:ink:0.8>\nsitting \\(down\\)\nNegative prompt: blurry\n"
        "Steps: 20, Sampler: DPM++ 2M, CFG scale: 4.5, Seed: {0}, Size: 1024x768"
    )

    story = read_text("\n\n".join(one.format(seed) for seed in (1, 2)), name="t")

    assert [(scene.prompt, scene.negative, scene.seed) for scene in story.scenes] == [
        ("a cat, \nsitting (down)", "blurry", 1),
        ("a cat, \nsitting (down)", "blurry", 2),
    ]
    assert [(lora.path, lora.as_trained) for lora in story.loras] == [("ink", 0.8)]


def test_values_that_no_story_has_are_left_out_and_named():
    text = "prompt,seed,steps,cfg,size,sampler\n" + f"a cat,{2**40 + 7},0,nan,1000x1000,UniPC\n"

    story = read_text(text, name="t")

    assert story.scenes[0].seed == 7 and story.scenes[0].settings.given() == {}
    assert sorted({note.code for note in story.notes}) == [
        "imports.sampler_unknown",
        "imports.seed_wrapped",
        "imports.setting_unusable",
    ]


def test_hostile_text_is_words_and_nothing_else():
    words = "<script>alert(1)</script> ‮abc 😀 | {{x}} \u0007"
    text = json.dumps([{"prompt": words, "seed": 1e999}, {"prompt": "x" * 10_000_000}])

    first, second = read_text(text, name="t").scenes

    assert first.prompt == "<script>alert(1)</script> ‮abc 😀 | {{x}}" and first.seed is None
    assert len(second.prompt) == 20_000
