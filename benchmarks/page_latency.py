"""How long a click takes to change the page, in a real Chromium on a story of 8 scenes and 160 takes.

    python -m benchmarks.page_latency [--clicks 12]

Prints one JSON object: median and worst milliseconds per action, the app's memory, and whether torch was loaded.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, Config
from story_engine.domain.resolve import resolve
from story_engine.domain.take import Score, Take
from story_engine.flows.services import Services

STORY = "orange-cat-en"
TAKES_PER_SCENE = 20
SIDE = 512
TARGET_MILLISECONDS = 150
TARGET_BYTES = 200_000_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
CLICK_UNTIL = """
async ([clicked, changed]) => {
  const read = new Function("return (" + changed + ")");
  const before = String(read());
  const start = performance.now();
  document.querySelector(clicked).click();
  return await new Promise((resolve, reject) => {
    const watch = new MutationObserver(() => {
      if (String(read()) !== before) { watch.disconnect(); resolve(performance.now() - start); }
    });
    watch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
    setTimeout(() => { watch.disconnect(); reject("nothing changed"); }, 120000);
  });
}
"""
"""Click an element; resolve with the milliseconds until a JavaScript expression has another value."""


def main() -> None:
    """Fill a workspace, start the app, click, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clicks", type=int, default=12, help="clicks per action")
    clicks = parser.parse_args().clicks
    with tempfile.TemporaryDirectory() as folder:
        config = Config(workspace=Path(folder) / "workspace", stories=Path(folder) / "stories")
        shutil.copytree(PROJECT_FOLDER / "stories", config.stories, ignore=shutil.ignore_patterns(".*"))
        services = open_services(config)
        fill(services)
        with running_app(config) as (url, process), sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = chromium.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
            page.goto(f"{url}/Story?story={STORY}")
            page.locator(".st-key-panel-s8 img").wait_for(timeout=600_000)
            actions = measure(page, services, process, clicks)
            report = {
                "actions_ms": actions,
                "median_ms": statistics.median([entry["median"] for entry in actions.values()]),
                "target_ms": TARGET_MILLISECONDS,
                "app_rss_mb": round(process.memory_info().rss / 1e6),
                "target_rss_mb": TARGET_BYTES // 10**6,
                "torch_loaded": "/torch/" in Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8"),
                "load_average": os.getloadavg()[0],
            }
            chromium.close()
    print(json.dumps(report, indent=2))


def fill(services: Services) -> None:
    """160 takes with scores, as renders would have left them."""
    story = services.stories.load(STORY)
    family = services.families()[story.settings.family]
    scorer = services.present_scorer()
    for place, scene in enumerate(story.scenes):
        scores = []
        for number in range(TAKES_PER_SCENE):
            recipe = resolve(story, scene, number, family=family, loras={})
            # Soft shapes: a JPEG of pure noise would be five times as large as one of a drawing.
            picture = Image.effect_noise((16, 16), 120).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            take = services.takes.add(
                Take(
                    id=recipe.digest,
                    story=STORY,
                    scene=scene.id,
                    number=number,
                    recipe=recipe,
                    picture_sha256="",
                    created_at=f"2026-11-21T09:{place:02}:{number:02}Z",
                    seconds=1.0,
                ),
                picture,
                {},
            )
            scores.append(
                Score(
                    picture_sha256=take.picture_sha256,
                    scorer=scorer.name,
                    scorer_version=scorer.version,
                    value=5 + number / 20,
                )
            )
        services.scores.add(scores)


def measure(page: Page, services: Services, process: psutil.Process, clicks: int) -> dict[str, dict[str, float]]:
    """Milliseconds per action: a pick, a pin, a drawer. CPU time is the app's alone, whatever else the machine does."""
    takes = [view.take.id for view in flows.panels.open_story(services, STORY).board.panels[0].takes][-2:]
    pick = [f".st-key-pick-s1-{take} button" for take in takes]
    pin = [f".st-key-icon-pin-{STORY}-s1 button"]
    drawer = [f'.st-key-drawer-{STORY} [role="radio"]']
    return {
        "pick a take": _times(page, process, pick, "document.querySelector('.st-key-panel-s1 img').src", clicks),
        "pin a seed": _times(
            page,
            process,
            pin,
            f"document.querySelector('.st-key-icon-pin-{STORY}-s1 button').getAttribute('kind')",
            clicks,
        ),
        "open or close a drawer": _times(
            page, process, drawer, "document.querySelectorAll('[class*=st-key-card-drawer-]').length", clicks
        ),
    }


def _times(page: Page, process: psutil.Process, clicked: list[str], changed: str, clicks: int) -> dict[str, float]:
    times = []
    used = 0.0
    for number in range(clicks + 1):
        if number == 1:
            used = _cpu_seconds(process)
        times.append(float(page.evaluate(CLICK_UNTIL, [clicked[number % len(clicked)], changed])))
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(state="attached")
    warm = times[1:]
    used = (_cpu_seconds(process) - used) / clicks * 1000
    return {
        "median": round(statistics.median(warm), 1),
        "worst": round(max(warm), 1),
        "app_cpu_per_click": round(used, 1),
    }


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def running_app(config: Config) -> Iterator[tuple[str, psutil.Process]]:
    """The app as a person starts it, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = os.environ | {
        "STORY_STUDIO_WORKSPACE": str(config.workspace),
        "STORY_STUDIO_STORIES": str(config.stories),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "Home.py", "--server.port", str(port)],
        cwd=PROJECT_FOLDER,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_healthy(url)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=120)
        _end_dispatcher(config)


def _wait_until_healthy(url: str) -> None:
    end = time.monotonic() + 300
    while True:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _end_dispatcher(config: Config) -> None:
    said = config.workspace / "dispatcher.json"
    if said.exists():
        psutil.Process(int(json.loads(said.read_text(encoding="utf-8"))["pid"])).terminate()


if __name__ == "__main__":
    main()
