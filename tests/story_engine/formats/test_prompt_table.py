import csv
import io
import json

from story_engine.formats.prompt_table import PromptRow, as_csv, as_json, as_markdown


def a_row(**changes) -> PromptRow:
    fields = {
        "file": "01.png", "title": "t", "caption": "c", "prompt": "猫，全身", "negative": "丑陋", "seed": 3,
        "steps": 20, "cfg_scale": 4.0, "sampler": "ddim", "size": "256x256", "family": "preview", "loras": "",
        "score": 6.5,
    }  # fmt: skip
    return PromptRow(**(fields | changes))


def test_csv_json_and_markdown_hold_the_same_prompt():
    rows = [a_row(prompt='a "quoted", prompt\nof two lines | bar')]

    read_csv = next(csv.DictReader(io.StringIO(as_csv(rows))))
    read_json = json.loads(as_json(rows))[0]

    assert read_csv["prompt"] == read_json["prompt"] == rows[0].prompt
    assert 'a "quoted", prompt<br>of two lines \\| bar' in as_markdown(rows)


def test_a_cell_that_looks_like_a_formula_is_defused_in_the_csv_only():
    rows = [a_row(caption="=HYPERLINK(1)")]

    assert next(csv.DictReader(io.StringIO(as_csv(rows))))["caption"] == "'=HYPERLINK(1)"
    assert json.loads(as_json(rows))[0]["caption"] == "=HYPERLINK(1)"


def test_a_missing_score_is_an_empty_cell():
    assert next(csv.DictReader(io.StringIO(as_csv([a_row(score=None)]))))["score"] == ""


def test_a_score_just_below_nothing_reads_as_nothing():
    assert as_markdown([a_row(score=-0.001)]).rstrip().endswith("| 0.00 |")
