"""A person's words on a page that reads Markdown: shown letter by letter, with no meaning of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from story_engine.config import PROJECT_FOLDER
from tests.browser.conftest import _free_port, _is_healthy, wait_for

WORDS = [
    "see http://evil.example/x?y=1 and https://evil.example",
    "http://evil.example",
    "HTTPS://EVIL.EXAMPLE www.evil.example WWW.evil.example",
    "write to me@evil.example or mailto:me@evil.example, xmpp:me@evil.example/x",
    "<http://evil.example> <me@evil.example> <b>bold</b> <script>alert(1)</script> <!-- gone -->",
    "[link](http://evil.example) [ref][1] ![picture](http://evil.example/x.png) [^1]",
    "[1]: http://evil.example",
    "*a* **b** _c_ __d__ ***e*** ~f~ ~~g~~ `h` ``i``",
    ":smile: :+1: :-1: :material/home: :streamlit: :100: a:smile:b :x:smile:y:",
    ":red[danger] :blue-background[calm] :orange-badge[new] :small[tiny] :rainbow[x] :shortcut[Ctrl+K] :red[:blue[x]]",
    "$x^2$ $$y$$ \\(z\\) \\[w\\] costs $5 and $6",
    "# heading",
    "## heading",
    "- item",
    "+ item",
    "1. item",
    "1) item",
    "> quoted",
    "---",
    "***",
    "===",
    "| a | b |",
    "::: note",
    "::name{a=b}",
    ":name[x]{a=b}",
    "&amp; &lt;b&gt; &#60; &copy;",
    "a -> b <- c <-> d -- e --- f >= g <= h ~= i != j (c) ... 'q' \"r\"",
    "back\\slash \\* \\\\ end\\",
    "first\nsecond",
    "first\n===\nsecond",
    "first\n    indented\n\tindented",
    "first\n\n    code\n\nlast",
    "    begins with blanks",
    "a.safetensors my_lora-v2_(final).png 12:30:45 C:\\x\\y 50% 100°",
    "小猫：http://evil.example/猫，:smile:。",
]
SCRIPT = """
import streamlit as st
from pages.parts.shared.wording import plain
from tests.browser.test_plain import WORDS
for place, words in enumerate(WORDS):
    with st.container(key=f"whole-{place}"):
        st.markdown(plain(words))
    with st.container(key=f"bold-{place}"):
        st.markdown(f"x{plain(words)}x")
    with st.container(key=f"caption-{place}"):
        st.caption(plain(words))
    with st.container(key=f"error-{place}"):
        st.error(plain(words))
    with st.container(key=f"button-{place}"):
        st.button(plain(words), key=f"b{place}")
st.markdown("done")
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("plain")
    (folder / "page.py").write_text(SCRIPT, encoding="utf-8")
    port = _free_port()
    environment = os.environ | {"PYTHONPATH": str(PROJECT_FOLDER)}
    command = [sys.executable, "-m", "streamlit", "run", str(folder / "page.py"), "--server.port", str(port)]
    command += ["--server.headless", "true", "--server.address", "127.0.0.1", "--browser.gatherUsageStats", "false"]
    with (folder / "app.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        wait_for(lambda: _is_healthy(f"http://127.0.0.1:{port}"), what="the page is served", seconds=120)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_words_of_a_person_are_shown_as_they_are_and_mean_nothing(browser: Browser, url: str, tmp_path: Path):
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    page.get_by_text("done", exact=True).wait_for(timeout=60_000)
    faults = []

    for place, words in enumerate(WORDS):
        for kind in ("whole", "bold", "caption", "error", "button"):
            there = page.locator(f".st-key-{kind}-{place}")
            wanted = f"x{words}x" if kind == "bold" else words
            shown = there.inner_text().replace("\u2060", "")
            if kind == "error":
                shown = shown.strip()
            if "".join(shown.split()) != "".join(wanted.split()):
                faults.append((kind, wanted, shown))
            inside = there.locator(
                "a, img, code, pre, em, strong, del, h1, h2, h3, h4, li, hr, blockquote, table, .katex, b, sup,"
                " [data-testid=stIconMaterial]:not([data-testid=stAlert] *), [style*=color], .colored-text"
            )
            if inside.count():
                faults.append((kind, wanted, inside.first.evaluate("node => node.outerHTML")[:120]))
    page.screenshot(path=tmp_path / "plain.png", full_page=True)
    page.close()

    assert not faults, "\n".join(map(repr, faults))
    assert [address for address in asked if "evil" in address] == []
