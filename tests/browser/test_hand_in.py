"""From a notebook that somebody has already to a bundle that paints itself again: thirteen clicks, no line of code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from story_engine import flows
from tests.browser.conftest import App, Visitor, paint_in, wait_for

NOTEBOOK = Path(__file__).parent.parent / "challenge" / "baseline.ipynb"
RENDER_SECONDS = 900
MOST_CLICKS = 13


@pytest.mark.timeout(3000)
def test_the_challenges_notebook_becomes_a_bundle_that_paints_itself_again(
    app: App, visit: Callable[..., Visitor], tmp_path: Path
):
    person = visit(language="en")
    services = app.services
    clicks = 0

    def click(act: Callable[[], object]) -> None:
        nonlocal clicks
        person.settle()
        act()
        clicks += 1

    def unfold(key: str) -> None:
        click(lambda: person.click(person.at(key).locator("summary").first))

    def is_idle() -> bool:
        return not flows.queue.jobs(services, story=slug)

    # Brings the notebook, sees its scenes, and makes a story of them.
    person.open()
    before = set(services.stories.slugs())
    unfold("bring")
    person.at("bring").locator("input[type=file]").set_input_files(NOTEBOOK)
    person.at("bring-make").wait_for()
    click(lambda: person.press("bring-make"))
    wait_for(lambda: set(services.stories.slugs()) - before, what="the story of the notebook")
    (slug,) = set(services.stories.slugs()) - before
    story = services.stories.load(slug)
    assert [scene.seed for scene in story.scenes] == [0, 1, 2, 5, 0, 1, 7, 0]
    paint_in(app, slug, steps=3)
    person.open(f"Story?story={slug}")

    # Writes a word that does nothing on Kolors, is told so, and has it mended.
    story = services.stories.load(slug)
    person.write(f"field:{slug}:s4:prompt", f"{story.scene('s4').prompt}, (精致的五官:1.3)")
    unfold(f"lint-{slug}")
    person.at(f"lint-repair-{slug}-0").wait_for()
    click(lambda: person.press(f"lint-repair-{slug}-0"))
    wait_for(lambda: services.stories.load(slug).scene("s4").prompt.endswith(", 精致的五官"), what="the repair")

    # Writes a caption, renders, asks for another take of one panel, and picks the first.
    person.settle()
    unfold(f"more-fields-{slug}-s1")
    person.write(f"field:{slug}:s1:caption", "清晨，她推开窗。“今天也要唱歌！”")
    click(lambda: person.press("render-all"))

    def board():
        return flows.panels.open_story(services, slug).board

    wait_for(
        lambda: is_idle() and all(panel.chosen for panel in board().panels),
        what="eight panels are painted",
        seconds=RENDER_SECONDS,
    )
    person.at("live-bar").wait_for(state="detached")
    click(lambda: person.press(f"redo-{slug}-s2"))
    wait_for(lambda: len(board().panels[1].takes) == 2 and is_idle(), what="a second take", seconds=RENDER_SECONDS)
    first = board().panels[1].takes[0].take.id
    person.at(f"pick-s2-{first}").wait_for()
    click(lambda: person.press(f"pick-s2-{first}"))
    wait_for(lambda: board().panels[1].is_picked, what="the pick is on disk")

    # Looks at how the panels hang together and at the comic page, and makes the bundle.
    click(lambda: person.press("nav-submit"))
    person.at("card-coherence").wait_for()
    unfold(f"comic-{slug}")
    person.at(f"comic-pdf-{slug}").wait_for()
    click(lambda: person.tick(f"anyway-{slug}"))  # painted for practice, by the preview model
    click(lambda: person.press("export"))
    person.at("download-bundle").wait_for(timeout=RENDER_SECONDS * 1000)
    with person.page.expect_download() as download:
        person.at("download-bundle").get_by_role("button").click()
    bundle = Path(download.value.path())
    with ZipFile(bundle) as archive:
        names = [name.partition("/")[2] for name in archive.namelist()]
    assert {"README.md", "comic.pdf", "judge.html", "replay.py", "reproduce.json", "SHA256SUMS"} <= set(names)
    assert sum(name.startswith("images/") for name in names) == 8

    # Paints it again in a fresh workspace: identical.
    click(lambda: person.press("replay-start"))

    def replays():
        return [job for job in flows.queue.jobs(services, story=slug, active=False) if job.kind == "replay"]

    wait_for(lambda: replays() and is_idle(), what="the replay has ended", seconds=RENDER_SECONDS)
    report = flows.replay.report_of(replays()[-1])
    assert report is not None and report.identical == len(report.pictures) == 8
    assert clicks <= MOST_CLICKS
