import csv
import io
import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from story_engine.formats.prompt_table import PromptRow, as_csv, as_json, as_markdown


def a_row(**changes) -> PromptRow:
    fields = {
        "file": "01.png",
        "title": "t",
        "caption": "c",
        "prompt": "猫，全身",
        "negative": "丑陋",
        "seed": 3,
        "steps": 20,
        "cfg_scale": 4.0,
        "noise_levels": "",
        "sampler": "dpmpp_2m_karras",
        "size": "256x256",
        "family": "preview",
        "loras": "",
        "score": 6.5,
    }
    return PromptRow(**(fields | changes))


class Cells(HTMLParser):
    """The text of a table's cells; whatever is not a table, a cell or a line break is a fault."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.others: set[str] = set()

    def handle_starttag(self, tag: str, attributes: object) -> None:
        if tag == "td":
            self.cells.append("")
        elif tag == "br":
            self.cells[-1] += "\n"
        elif tag not in {"table", "thead", "tbody", "tr", "th"}:
            self.others.add(tag)

    def handle_data(self, data: str) -> None:
        if self.cells and data.strip("\n"):
            self.cells[-1] += data


def read(rows: list[PromptRow]) -> list[str]:
    """The cells as a Markdown reader shows them."""
    parser = Cells()
    parser.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(as_markdown(rows)))
    assert not parser.others
    return parser.cells


def test_csv_json_and_markdown_hold_the_same_prompt():
    rows = [a_row(prompt='a "quoted", prompt\nof two lines | bar')]

    read_csv = next(csv.DictReader(io.StringIO(as_csv(rows))))
    read_json = json.loads(as_json(rows))[0]

    assert read_csv["prompt"] == read_json["prompt"] == rows[0].prompt == read(rows)[2]


@pytest.mark.parametrize(
    "prompt",
    [
        "a *bold* cat, **very** _sly_, __so__ ***x***",
        "<lora:ink:0.8>, <b>bold</b> <script>alert(1)</script> <!-- gone -->",
        "`code` ``two`` | cells | `a|b`",
        "# a heading",
        "first\n# second\n\n- third\n1. fourth\n> fifth",
        "[a link](http://x.y) ![a picture](http://x.y/z.png) [ref]: x",
        "~~struck~~ &amp; &copy; a\\*b \\ \\\\ \\|",
        "http://x.y https://x.y www.x.y me@x.y @someone $x^2$ :smile: a:b:c",
        "trailing backslash \\",
        "(cat:1.3), [dog], {fox}",
        "---",
    ],
)
def test_nothing_in_a_prompt_means_anything_to_a_markdown_reader(prompt: str):
    cells = read([a_row(prompt=prompt, negative=prompt, title=prompt), a_row(prompt="the next row")])

    assert cells[1:4] == [prompt, prompt, prompt]
    assert len(cells) == 20
    assert cells[12] == "the next row"


def test_addresses_mentions_and_emoji_are_escaped_for_readers_that_know_them():
    text = as_markdown([a_row(prompt="http://x.y www.x.y me@x.y :smile: $x$")])

    assert "http\\://x.y www\\.x.y me\\@x.y \\:smile: \\$x\\$" in text


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\\`*_[]<>|~&:#!"), max_size=60))
def test_any_prompt_is_read_back_from_the_markdown(prompt: str):
    assert read([a_row(prompt=prompt)])[2].split() == prompt.split()


def test_a_cell_that_looks_like_a_formula_is_defused_in_the_csv_only():
    rows = [a_row(caption="=HYPERLINK(1)")]

    assert next(csv.DictReader(io.StringIO(as_csv(rows))))["caption"] == "'=HYPERLINK(1)"
    assert json.loads(as_json(rows))[0]["caption"] == "=HYPERLINK(1)"


def test_a_missing_score_is_an_empty_cell():
    assert next(csv.DictReader(io.StringIO(as_csv([a_row(score=None)]))))["score"] == ""


def test_a_score_just_below_nothing_reads_as_nothing():
    assert as_markdown([a_row(score=-0.001)]).rstrip().endswith("| 0.00 |")


def test_noise_levels_have_a_column_of_their_own_in_every_form_of_the_table():
    rows = [a_row(noise_levels="0.3–30 / 2"), a_row(file="02.png")]

    assert json.loads(as_json(rows))[0]["noise_levels"] == "0.3–30 / 2"
    assert [row["noise_levels"] for row in csv.DictReader(io.StringIO(as_csv(rows)))] == ["0.3–30 / 2", ""]
    assert read(rows).count("0.3–30 / 2") == 1
