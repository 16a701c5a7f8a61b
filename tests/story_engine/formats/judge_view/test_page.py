from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from story_engine.errors import ChooseAnother
from story_engine.formats.coherence_html import HeatMap, fragment
from story_engine.formats.judge_view.contents import (
    Compared,
    Comparison,
    JudgeContents,
    JudgedLora,
    JudgedPanel,
)
from story_engine.formats.judge_view.page import judge_html

HOSTILE = "</script><img src=x onerror=alert(1)> \"'&{{ 7*7 }}{% raw %}\u202e\n</style><!--"
VOID = {"meta", "img", "input", "link", "br", "hr"}


class Reader(HTMLParser):
    """Every element with its attributes, and the text between; elements that do not close are found."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def heat_map(text: str) -> HeatMap:
    return HeatMap(caption=text, numbers=(1, 2), names=(text, text), distances=((0.0, 0.7), (0.7, 0.0)))


def contents(folder: Path, text: str = "橘猫", **changes) -> JudgeContents:
    picture = folder / "p.png"
    Image.new("RGB", (900, 600), (200, 90, 30)).save(picture)
    panels = tuple(
        JudgedPanel(
            number=number,
            title=text,
            caption=text,
            said=((text, text),),
            picture=picture,
            score=None if number == 2 else 6.25,
            prompt=text,
            negative=text,
            seed=number,
            settings="ddim, 50 steps",
            loras=((text, 0.75),),
            take="a" * 32,
            sha256="b" * 64,
        )
        for number in (1, 2)
    )
    compared = tuple(
        Compared(strength=strength, picture=picture, score=5.0, is_chosen=strength == 1) for strength in (0.0, 0.5, 1.0)
    )
    comparison = Comparison(number=1, title=text, lora=text, seed=3, pictures=compared)
    fields = {
        "title": text,
        "team": text,
        "panels": panels,
        "pairs": (comparison,),
        "sweeps": (comparison,),
        "loras": (
            JudgedLora(
                name=text,
                title=text,
                facts=(("trigger", text), ("rank", ""), ("steps", "500")),
                losses=tuple((step, 0.2 - step / 10_000, 0.2) for step in range(0, 1000, 2)),
                checkpoint=500,
            ),
        ),
        "family": text,
        "mean": 6.25,
        "threshold": 6.0,
        "is_challenge": False,
        "scorer": "preview",
        "made_with": (("torch", text),),
        "coherence": {language: fragment(heat_map(text), remarks=[(text, True)]) for language in ("zh", "en")},
    }
    return JudgeContents(**(fields | changes))


def page(folder: Path, text: str = "橘猫", *, language: str = "zh", **changes) -> str:
    return judge_html(contents(folder, text, **changes), language=language).decode()


def test_it_loads_runs_and_sends_nothing(tmp_path):
    html = page(tmp_path)
    read = Reader(html)

    assert read.open == []
    assert not {"script", "link", "iframe", "object", "embed", "form", "base"} & {tag for tag, _ in read.elements}
    assert all(image["src"].startswith("data:image/jpeg;base64,") for image in read.named("img"))
    assert all(link["href"].startswith("#") for link in read.named("a"))
    assert not [
        name for _, attributes in read.elements for name in attributes if name.startswith("on") or name == "style"
    ]
    outside = re.sub(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+", "", html)
    assert "http:" not in outside and "https:" not in outside and "url(" not in outside


def test_the_policy_allows_this_very_style_and_no_other(tmp_path):
    html = page(tmp_path)
    policy = next(meta["content"] for meta in Reader(html).named("meta") if meta.get("http-equiv"))
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]

    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert policy.startswith("default-src 'none'; img-src data:; ")
    assert f"style-src 'sha256-{digest}'" in policy and "unsafe" not in policy


def test_whatever_people_wrote_is_text_wherever_it_stands(tmp_path):
    plain, hostile = (Reader(page(tmp_path, text)) for text in ("x", HOSTILE))

    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in plain.elements]
    assert [sorted(attributes) for _, attributes in hostile.elements] == [
        sorted(attributes) for _, attributes in plain.elements
    ]
    assert hostile.text.count("onerror=alert(1)") > 15 and "{{ 7*7 }}" in hostile.text


def test_pictures_say_what_they_show_and_headings_step_down_one_by_one(tmp_path):
    read = Reader(page(tmp_path))
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch(r"h[1-6]", tag)]

    assert all(image["alt"].strip() for image in read.named("img"))
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link["href"][1:] for link in read.named("a")} | {label["for"] for label in read.named("label")} <= set(ids)


def test_both_languages_are_in_it_and_it_opens_in_the_one_that_was_asked_for(tmp_path):
    for language in ("zh", "en"):
        read = Reader(page(tmp_path, language=language))
        (chosen,) = (field["id"] for field in read.named("input") if "checked" in field)
        assert chosen == f"show-{language}" and read.named("html")[0]["lang"] == language
        spans = [span["lang"] for span in read.named("span")]
        assert spans.count("zh") == spans.count("en") > 20


def test_what_is_not_recorded_is_said_and_never_made_up(tmp_path):
    html = page(tmp_path)
    bare = page(tmp_path, loras=(), pairs=(), sweeps=(), coherence={}, mean=None)

    assert "没有记录" in html and "<polyline" in html
    assert "这些画面未使用 LoRA" in bare and "<polyline" not in bare
    assert 'id="pairs"' not in bare and 'id="coherence"' not in bare


def test_the_same_contents_give_the_same_bytes(tmp_path):
    assert page(tmp_path) == page(tmp_path)


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    whole = contents(tmp_path)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    shown = (Compared(strength=0.0, picture=broken, score=None, is_chosen=False),)
    comparison = Comparison(number=1, title="", lora="", seed=0, pictures=shown)

    with pytest.raises(ChooseAnother, match=r"broken\.png"):
        judge_html(
            JudgeContents(**({name: getattr(whole, name) for name in whole.__slots__} | {"pairs": (comparison,)})),
            language="en",
        )
