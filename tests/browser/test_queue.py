"""The queue from every page: put in order, cancelled and tried again where it stands."""

from __future__ import annotations

from collections.abc import Callable

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
