"""A real app on a free port with a workspace of its own, and a real Chromium that visits it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, Config
from story_engine.domain.edit import Edit
from story_engine.flows.services import Services
from tests.shipped import copy_shipped_stories

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Names that belong to nobody, for the tests of gateways.
    "--host-resolver-rules=MAP *.example.cn 127.0.0.1,MAP *.example.com 127.0.0.1,MAP *.example.org 127.0.0.1",
)
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
START_SECONDS = 120
ACTION_SECONDS = 180
HELD = 80
"""Milliseconds a click lasts: with none, leaving a text field and the click race each other as no finger can."""

STEADY = 150
"""Milliseconds without moving: a page that is just being laid out takes buttons away from under the mouse."""

HAS_FAILED = pytest.StashKey[bool]()


@dataclass(frozen=True)
class App:
    url: str
    process: int
    config: Config
    services: Services


STILL = """
addEventListener("DOMContentLoaded", () => {
  const style = document.createElement("style");
  style.textContent = "*, *::before, *::after { animation: none !important; transition: none !important }";
  document.head.append(style);
});
"""
"""Nothing moves: a spinner that turns while a test waits takes a quarter of a core from whatever it waits for."""


class Visitor:
    """A person at a page, with the habits that make a test steady."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.requests: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))

    def open(self, path: str = "") -> None:
        self.page.goto(f"{self.url}/{path}")
        self.page.get_by_test_id("stMainBlockContainer").wait_for()
        self.settle()

    def settle(self) -> None:
        """The app is connected and not running; what was done just before has had a moment to make it run."""
        self.page.wait_for_timeout(STEADY)
        self.page.locator("[data-testid=stApp][data-test-connection-state=CONNECTED]").wait_for(state="attached")
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(state="attached")

    def rest(self) -> None:
        """Settled, and nothing is paled as out of date: what is seen is what stays."""
        self.settle()
        self.page.wait_for_function("() => document.querySelector('[data-stale=true]') === null")
        self.settle()

    def at(self, key: str) -> Locator:
        """What has the widget or container key; while it is drawn anew there may be two of it for a moment."""
        return self.page.locator(f".st-key-{''.join(c if c.isalnum() or c in '_-' else '-' for c in key)}").first

    def press(self, key: str) -> None:
        """Click the button with the key."""
        self.click(self.at(key).get_by_role("button").first)

    def click(self, target: Locator) -> None:
        """Once it stays where it is."""
        place = None
        while place is None or place != target.bounding_box():
            place = target.bounding_box()
            self.page.wait_for_timeout(STEADY)
        target.click(delay=HELD)

    def choose(self, key: str, option: str) -> None:
        """Open the menu with the key and click the option."""
        self.press(key)
        self.page.get_by_role("menuitem", name=option).or_(self.page.get_by_role("option", name=option)).first.click(
            delay=HELD
        )

    def tick(self, key: str) -> None:
        """Click a checkbox."""
        self.click(self.at(key).locator("label").first)

    def segment(self, key: str, option: str) -> None:
        """Click a part of a segmented control."""
        self.click(self.at(key).get_by_role("radio", name=option))

    def write(self, key: str, text: str) -> None:
        """Fill a field and leave it."""
        field = self.at(key).locator("textarea, input").first
        field.fill(text)
        field.blur()


def paint_in(app: App, slug: str, *, steps: int) -> None:
    """Fewer steps than usual, where nobody looks at what the pictures show."""
    settings = app.services.stories.load(slug).settings
    fewer = settings.model_copy(update={"steps": steps})
    app.services.stories.edit(slug, [Edit(scene=None, field="settings", value=fewer, seen=settings)])


def wait_for(reached: Callable[[], object], *, what: str, seconds: float = ACTION_SECONDS) -> None:
    """Until `reached()` is true; the disk is looked at, never the clock alone."""
    end = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > end:
            raise TimeoutError(f"Not within {seconds:g} s: {what}")
        time.sleep(0.1)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = os.environ.get("STORY_STUDIO_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("STORY_STUDIO_BROWSER_REQUIRED"):
            pytest.fail("Chromium is required here and was not found")
        pytest.skip("Chromium is not on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    home = tmp_path_factory.mktemp("studio")
    config = Config(workspace=home / "workspace", stories=home / "stories")
    copy_shipped_stories(config.stories)
    port = _free_port()
    environment = os.environ | {
        "STORY_STUDIO_WORKSPACE": str(config.workspace),
        "STORY_STUDIO_STORIES": str(config.stories),
    }
    with (home / "app.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "Home.py", "--server.port", str(port)],
            cwd=PROJECT_FOLDER,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: _is_healthy(url), what="the app is healthy", seconds=START_SECONDS)
        yield App(url, process.pid, config, open_services(config))
    finally:
        process.terminate()
        process.wait(timeout=30)
        _end_dispatcher(config.workspace)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A test's fixtures may ask at its end whether it failed."""
    report = yield
    item.stash[HAS_FAILED] = item.stash.get(HAS_FAILED, False) or report.failed
    return report


@pytest.fixture
def visit(browser: Browser, app: App, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visitor]]:
    """Open a browser window of its own: `visit(language="zh", phone=True, dark=True)`."""
    contexts = []

    def new(*, language: str = "en", phone: bool = False, dark: bool = False) -> Visitor:
        context = browser.new_context(
            viewport=PHONE if phone else DESK,
            locale="zh-CN" if language == "zh" else "en-US",
            color_scheme="dark" if dark else "light",
            has_touch=phone,
            is_mobile=phone,
        )
        context.add_init_script(STILL)
        context.set_default_timeout(ACTION_SECONDS * 1000)
        contexts.append(context)
        return Visitor(context.new_page(), app.url)

    yield new
    for number, context in enumerate(contexts):
        # What the person saw last, beside the app's log: a failed journey can be looked at.
        for page in context.pages if request.node.stash.get(HAS_FAILED, False) else ():
            page.screenshot(path=app.config.workspace.parent / f"last-seen-{number}.png")
        context.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def _end_dispatcher(workspace: Path) -> None:
    """The dispatcher outlives the app on purpose; a test's own must not outlive the test."""
    try:
        process = int(json.loads((workspace / "dispatcher.json").read_text(encoding="utf-8"))["pid"])
        os.kill(process, signal.SIGTERM)
    except (FileNotFoundError, ProcessLookupError, KeyError):
        return
