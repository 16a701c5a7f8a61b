"""A contest on the story page: asked for in two clicks; what it stopped says why and can be finished."""

from __future__ import annotations

import re

from PIL import Image

from pages.parts.story import contest
from story_engine import flows
from story_engine.domain.contest import Measures, StoppedTake
from story_engine.domain.job_result import Failure
from tests.pages.conftest import Studio, texts

STORY = "orange-cat-en"


def stop_all_but_one(studio: Studio) -> list[StoppedTake]:
    """As the job of the last contest would."""
    (job,) = flows.queue.jobs(studio.services, story=STORY)
    stopped = [
        StoppedTake(
            item=item,
            steps=3,
            measures=Measures(score=4.0),
            reason=Failure(code="contest.score", values={"best": "7", "value": "4.00", "other": "5.00"}),
            place=place,
            job=job.id,
            created_at="2026-11-29T10:00:00+00:00",
        )
        for place, item in enumerate(studio.services.ledger.spec(job.id).items[1:], start=2)
    ]
    for each in stopped:
        studio.services.stopped_takes.add(STORY, each, Image.new("RGB", (256, 256)))
    studio.services.ledger.request_cancel(job.id)
    return stopped


def test_four_begin_the_stopped_ones_say_why_and_one_of_them_is_finished_by_a_click(studio: Studio):
    app = studio.page("story", story=STORY)
    menu = app.menu_button(key=f"redo-more-{STORY}-s1")
    assert menu.options[:6] == [*(f"{n} takes" for n in (2, 4, 8)), *map(contest.offered, (4, 8, 16))]
    # The headings stand over the first contest and over the first panel to begin with.
    (style,) = [each.proto.body for each in app.get("html") if "Contest: the best" in each.proto.body]
    places = re.findall(r':nth-child\((\d)\)::before \{ content: "(\w+)', style)
    assert places == [("4", "Contest"), ("7", "From")] and menu.options[6].startswith("From Scene 2")
    menu.click("contest-4").run()
    stopped = stop_all_but_one(studio)
    assert len(stopped) == 3

    app.session_state[f"stopped-{STORY}-s1"] = True
    app.run()

    assert "A lower score than seed 7 (4.00 against 5.00)." in texts(app)
    app.button(key=f"finish-s1-{stopped[1].id}").click().run()
    (finishing,) = [job for job in flows.queue.jobs(studio.services, story=STORY) if not job.wants_cancel]
    assert studio.services.ledger.spec(finishing.id).items == (stopped[1].item,)

    app.session_state[f"stopped-{STORY}-s1"] = True
    app.run()
    app.button(key=f"forget-stopped-{STORY}-s1").click().run()
    assert flows.contest.stopped(studio.services, STORY, "s1") == ()


def test_the_bar_lets_every_scene_hold_its_own(studio: Studio):
    app = studio.page("story", story=STORY, language="zh")

    app.button(key="begin-contests").click().run()

    (job,) = flows.queue.jobs(studio.services, story=STORY)
    spec = studio.services.ledger.spec(job.id)
    assert (len(spec.items), spec.keep) == (8 * flows.contest.USUAL_TAKES, 1)
