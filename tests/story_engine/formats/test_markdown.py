"""What people wrote stays text in Markdown."""

import random

import pytest

from story_engine.formats.markdown import address, cell, code, line, paragraphs

markdown_it = pytest.importorskip("markdown_it")


def rendered(text):
    return markdown_it.MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)


def test_no_text_becomes_a_tag_a_link_a_list_or_a_rule():
    chance = random.Random(3)
    marks = [
        "<b>",
        "</b>",
        "*",
        "_",
        "`",
        "#",
        "- ",
        "1. ",
        "+ ",
        "---",
        "===",
        "|",
        "[a](b)",
        "![a](b)",
        "\n",
        "\n\n",
        "~~",
        ">",
    ]
    marks += ["&amp;", "猫", "a b", "\\", "http://x.y", "<!--", "    "]
    broken = {}
    for _ in range(1_500):
        text = "".join(chance.choices(marks, k=chance.randrange(1, 14)))
        shown = rendered(paragraphs(text))
        tags = {part.split(">")[0].split()[0] for part in shown.split("<")[1:]}
        if tags - {"p", "/p", "br", "br/"}:
            broken[text] = shown

    assert not broken


def test_headings_and_cells_stay_on_one_line():
    for text in ("a\nb", "a\r\nb", "a|b\n|c", "\n"):
        assert "\n" not in line(text) and "\n" not in cell(text)
        assert cell(text).count("|") == cell(text).count("\\|")


def test_only_an_address_of_the_web_becomes_a_link():
    assert address(" https://modelscope.cn/models/猫/ink ") == "<https://modelscope.cn/models/猫/ink>"
    for text in (
        "javascript:alert(1)",
        "https://a b",
        "https://a)](x",
        "data:text/html,x",
        "file:///etc",
        "https://a<b",
    ):
        assert not address(text).startswith("<"), text


def test_a_block_of_code_cannot_be_left():
    assert rendered(code("a\n```\n<b>\n~~~")).count("<pre>") == 1
    assert "<b>" not in rendered(code("````\n<b>"))
