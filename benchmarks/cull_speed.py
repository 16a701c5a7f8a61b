"""From a key to the picture that it shows, among 64 takes of one scene in the large view, in a real Chromium.

    python -m benchmarks.cull_speed [--takes 64] [--side 1024]

Prints one JSON object. Every key is marked in the browser's own timeline (`performance.measure`): from the event to the
frame behind the one in which the picture is decoded, small or large, and to the large one. All requests are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import tempfile
from collections import Counter
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.page_latency import FLAGS, STORY, running_app
from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, Config
from story_engine.domain.resolve import resolve
from story_engine.domain.take import Take
from story_engine.flows.services import Services

SCENE = "s1"
TARGET_MILLISECONDS = 100
WATCH = """
async (key) => {
  const host = [...document.querySelectorAll("*")].find((each) => each.shadowRoot?.querySelector("dialog.box"));
  const found = host.shadowRoot.querySelector("dialog.box figure.shown img");
  const image = () => found;
  const name = (img) => img.getAttribute("src").replace(/\\.(png|jpg)$/, "");
  const before = name(image());
  let start = 0;
  window.addEventListener("keydown", (event) => { start = event.timeStamp; }, { capture: true, once: true });
  const target = document.activeElement.shadowRoot?.activeElement ?? document.activeElement;
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true }));
  const frame = () => new Promise(requestAnimationFrame);
  const until = async (reached) => {
    while (!reached(image())) await frame();
    try { await image().decode(); } catch { /* another one came */ }
    await frame();
    return performance.now() - start;
  };
  const shown = await until((img) => name(img) !== before && img.complete && img.naturalWidth > 0);
  performance.measure(`cull ${key}`, { start, duration: shown });
  const wasLarge = image().getAttribute("src").endsWith(".png");
  const large = await until((img) => img.getAttribute("src").endsWith(".png") && img.complete && img.naturalWidth > 0);
  return { shown, large, wasLarge };
}
"""
"""Press a key; milliseconds until another picture is seen, and until it is the large one."""


def fill(services: Services, count: int, side: int) -> None:
    """Takes of one scene, large and detailed enough to weigh what a painted one does."""
    story = services.stories.load(STORY)
    family, scene = services.families()[story.settings.family], story.scene(SCENE)
    for number in range(count):
        recipe = resolve(story, scene, number, family=family, loras={})
        coarse = (
            Image.effect_noise((side // 4, side // 4), 70).convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
        )
        tinted = Image.blend(coarse, Image.new("RGB", (side, side), (number * 4 % 256, 120, 90)), 0.4)
        take = Take(
            id=recipe.digest,
            story=STORY,
            scene=SCENE,
            number=number,
            recipe=recipe,
            picture_sha256="",
            created_at=f"2026-11-21T09:00:00.{number:03}Z",
            seconds=1.0,
        )
        services.takes.add(take, tinted, {})


def measured(page: Page, keys: list[str], pause: int) -> dict[str, float | int]:
    """Every key, `pause` milliseconds after the last one's picture was seen."""
    found = []
    for key in keys:
        found.append(page.evaluate(WATCH, key))
        page.wait_for_timeout(pause)
    shown, large = ([each[name] for each in found] for name in ("shown", "large"))
    return {
        "keys": len(keys),
        "median": round(statistics.median(shown), 1),
        "worst": round(max(shown), 1),
        "within_target": sum(each <= TARGET_MILLISECONDS for each in shown),
        "large_at_once": sum(each["wasLarge"] for each in found),
        "large_median": round(statistics.median(large), 1),
        "large_worst": round(max(large), 1),
    }


def main() -> None:
    """Fill a workspace, start the app, press keys, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--takes", type=int, default=64)
    parser.add_argument("--side", type=int, default=1024, help="pixels")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = Config(workspace=Path(folder) / "workspace", stories=Path(folder) / "stories")
        shutil.copytree(PROJECT_FOLDER / "stories", config.stories, ignore=shutil.ignore_patterns(".*"))
        services = open_services(config)
        fill(services, options.takes, options.side)
        views = flows.panels.open_story(services, STORY).board.panels[0].takes
        with running_app(config) as (url, _), sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            page = chromium.new_page(viewport={"width": 1440, "height": 900}, locale="en-US")
            requests: list[str] = []
            page.on("request", lambda request: requests.append(request.url))
            page.goto(f"{url}/Story?story={STORY}")
            page.locator(f".st-key-choose-look-{SCENE} button").first.click(timeout=600_000)
            page.locator('dialog.box figure.shown img[src$=".png"]').wait_for(timeout=600_000)
            page.wait_for_timeout(2000)
            rng = random.Random(0)
            jumps = [rng.choice(("PageDown", "PageUp", *"23456789")) for _ in range(40)]
            on = options.takes - 1
            report = {
                "takes": options.takes,
                "picture_bytes": round(statistics.mean(view.picture.stat().st_size for view in views)),
                "one after the other, 250 ms apart": measured(page, ["ArrowRight"] * (on // 2), 250),
                "the rest as fast as they are seen": measured(page, ["ArrowRight"] * (on - on // 2), 0),
                "back again": measured(page, ["ArrowLeft"] * on, 0),
                "target_ms": TARGET_MILLISECONDS,
            }
            moved = []
            for key in jumps:
                before = page.locator("dialog.box figure.shown img").get_attribute("src")
                page.keyboard.press(key)
                moved.append(page.locator("dialog.box figure.shown img").get_attribute("src") != before)
            loaded = Counter(each for each in requests if "/pictures/" in each)
            report |= {
                "jumps_that_led_elsewhere": sum(moved),
                "pictures_loaded": len(loaded),
                "loaded_twice": sum(count > 1 for count in loaded.values()),
                "load_average": os.getloadavg()[0],
            }
            chromium.close()
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
