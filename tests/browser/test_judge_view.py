"""The judge view as a judge opens it: a file, no network, dark or light, on a desk or a phone, or on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from story_engine.formats.judge_view.page import judge_html
from tests.browser.conftest import DESK, PHONE
from tests.story_engine.formats.judge_view.test_page import HOSTILE, contents

CONTRAST = """
() => {
  const channel = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const rgb = text => {
    const numbers = text.match(/[0-9.]+/g).map(Number);
    return text.startsWith("color(") ? [...numbers.slice(0, 3).map(part => part * 255), ...numbers.slice(3)] : numbers;
  };
  const behind = element => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.unshift(rgb(getComputedStyle(at).backgroundColor));
    return layers.reduce((below, [r, g, b, cover = 1]) =>
      [r, g, b].map((part, place) => part * cover + below[place] * (1 - cover)), [255, 255, 255]);
  };
  const low = [];
  for (const element of document.querySelectorAll("h1,h2,h3,p,dt,dd,th,td,figcaption,a,label,caption,li")) {
    if (!element.innerText.trim()) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) low.push(element.tagName + " " + element.innerText.slice(0, 30));
  }
  return low;
}
"""


@pytest.mark.parametrize("text", ["橘猫穿越记", HOSTILE])
@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_it_opens_without_a_network_and_complains_of_nothing(
    browser: Browser, tmp_path: Path, text: str, size: dict[str, int], scheme: str
):
    file = tmp_path / "judge.html"
    file.write_bytes(judge_html(contents(tmp_path, text), language="zh"))
    context = browser.new_context(viewport=size, color_scheme=scheme, offline=True)
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))

    page.goto(file.as_uri())

    assert [url for url in asked if not url.startswith("data:image/jpeg;base64,")] == [file.as_uri()]
    assert said == []
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate(CONTRAST) == []
    context.close()


def test_its_words_change_with_the_language_and_print_shows_no_switch(browser: Browser, tmp_path: Path):
    file = tmp_path / "judge.html"
    file.write_bytes(judge_html(contents(tmp_path), language="zh"))
    page = browser.new_page()
    page.goto(file.as_uri())
    assert page.get_by_role("heading", name="故事", exact=True).is_visible()

    page.get_by_text("English", exact=True).click()

    assert page.get_by_role("heading", name="Story", exact=True).is_visible()
    assert not page.get_by_role("heading", name="故事", exact=True).is_visible()
    page.emulate_media(media="print")
    assert not page.get_by_text("English", exact=True).is_visible()
    page.close()
