"""The queue from every page, and what pages say of finished actions: in order, announced, out of the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from story_engine import flows
from tests.browser.conftest import ACTION_SECONDS, App, Visitor, wait_for

STORY = "orange-cat-en"
expect.set_options(timeout=1000 * ACTION_SECONDS)  # as every other wait of a visitor


def waiting(app: App) -> list[int]:
    return [turn.job.id for turn in flows.queue.overview(app.services).waiting]


def test_the_queue_is_put_in_order_cancelled_and_tried_again_from_any_page(app: App, visit: Callable[..., Visitor]):
    copies = [app.services.stories.duplicate(STORY) for _ in range(2)]
    for slug in (STORY, *copies):
        flows.queue.render(app.services, slug, takes=8, overrides={"family": "preview"})
    wait_for(lambda: flows.queue.overview(app.services).running, what="the first one runs")
    first, second = waiting(app)
    person = visit()
    person.open("Settings")

    person.press("queue-handle")
    panel = person.at("queue-panel")
    panel.wait_for()
    expect(person.at("queue-line")).to_contain_text("3")
    assert panel.get_by_role("progressbar").count() == 1
    expect(person.at(f"queue-panel-turn-{first}")).to_contain_text("Waits for Render")

    person.press(f"icon-queue-panel-first-{second}")
    wait_for(lambda: waiting(app) == [second, first], what="the order is changed")
    expect(person.at(f"queue-panel-turn-{second}")).to_contain_text("1.")
    assert panel.is_visible()

    person.press(f"icon-queue-panel-cancel-{first}")
    stopped = person.at(f"queue-panel-stopped-{first}")
    stopped.wait_for()
    person.press(f"queue-panel-retry-{first}")
    wait_for(lambda: waiting(app) == [second, first], what="it waits again")

    person.open(f"Story?story={STORY}")
    expect(person.at("queue-line")).to_contain_text("3")
    for job in flows.queue.jobs(app.services):
        app.services.ledger.request_cancel(job.id)
    expect(person.at("queue-line")).not_to_contain_text("3", timeout=ACTION_SECONDS * 1000)


@pytest.mark.thorough
def test_notices_are_announced_leave_or_stay_and_never_lie_over_the_page(app: App, visit: Callable[..., Visitor]):
    before = app.services.stories.load(STORY).scene("s1").prompt
    person = visit()
    person.open(f"Story?story={STORY}")
    ground = "bar => getComputedStyle(bar).backgroundColor"
    assert person.at("notice-bar").evaluate(ground) == "rgba(0, 0, 0, 0)", "nothing is seen where nothing is said"
    said = person.page.locator("body > [role=status].story-studio-live-region")
    alarm = person.page.locator("body > [role=alert].story-studio-live-region")
    person.write(f"field:{STORY}:s1:prompt", f"{before} in the rain")
    wait_for(lambda: "rain" in app.services.stories.load(STORY).scene("s1").prompt, what="the text is saved")
    person.segment(f"drawer-{STORY}", "History")
    oldest = app.services.stories.history(STORY)[-1].number

    person.press(f"look-{STORY}-{oldest}")
    look = person.at(f"history-look-{oldest}")
    expect(look).to_contain_text("in the rain")
    assert "scenes[" not in person.at("card-drawer-history").inner_text()
    person.press(f"back-{STORY}-{oldest}")

    done = person.at("notice-done-0")
    done.wait_for()
    expect(said).to_contain_text("earlier state")
    person.page.wait_for_function(
        "document.querySelector('[data-testid=stMain]').getBoundingClientRect().bottom"
        " <= document.querySelector('.st-key-notice-done-0').getBoundingClientRect().top"
    )
    assert app.services.stories.load(STORY).scene("s1").prompt == before
    done.wait_for(state="detached")

    # What cannot be done is said until it is closed; a success meanwhile comes and goes; none follows to another page.
    rain = app.services.stories.history(STORY)[1].number
    person.press(f"look-{STORY}-{rain}")
    person.at(f"back-{STORY}-{rain}").wait_for()
    person.settle()
    (app.config.stories / ".history" / STORY / f"{rain:06d}.yaml").unlink()
    person.press(f"back-{STORY}-{rain}")
    failed = person.at("notice-error-0")
    failed.wait_for()
    expect(alarm).not_to_be_empty()
    assert str(app.config.stories) not in failed.inner_text() and ".yaml" not in failed.inner_text()
    person.write(f"field:{STORY}:s1:prompt", f"{before} in the snow")
    person.press(f"look-{STORY}-{oldest}")
    person.press(f"back-{STORY}-{oldest}")
    person.at("notice-done-1").wait_for()
    person.at("notice-done-1").wait_for(state="detached")
    assert failed.is_visible()
    person.press("nav-settings")
    person.page.get_by_role("heading", name="Settings").wait_for()
    failed.wait_for(state="detached")
