"""From sample pictures to a story in their style: dataset, training, library, a panel."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from story_engine import flows
from story_engine.domain.take import Take
from tests.browser.conftest import App, Visitor, paint_in, wait_for

STORY = "orange-cat-en"
TRIGGER = "inkwash"
STEPS = 12
TRAIN_SECONDS = 900


@pytest.mark.thorough
@pytest.mark.timeout(3000)
def test_a_style_is_trained_from_sample_pictures_and_worn_by_a_story(app: App, visit: Callable[..., Visitor]):
    services = app.services
    paint_in(app, STORY, steps=2)
    person = visit(language="en")

    # A sample dataset, all of whose pictures come in.
    person.open("Dataset")
    person.press("dataset-start-ink")
    wait_for(lambda: services.datasets.names(), what="the dataset is made")
    (dataset,) = services.datasets.names()
    wait_for(lambda: len(flows.dataset_view.view(services, dataset).dataset.entries) == 24, what="24 pictures came in")

    # A filter: the numbers follow at once, and each picture that is dropped says why.
    person.at(f"dataset-view-{dataset}").get_by_role("radio", name="Filters").click(delay=80)
    person.settle()
    person.page.locator(f".st-key-dataset-filter-{dataset}-shape-is_on label").first.click(delay=80)
    wait_for(lambda: flows.dataset_view.view(services, dataset).dataset.filters.shape.is_on, what="the filter is on")
    person.write(f"dataset-filter:{dataset}:shape:min_width", "100000")
    wait_for(lambda: not flows.dataset_view.view(services, dataset).kept, what="everything is too small")
    person.page.get_by_text("outside the bounds").first.wait_for()
    person.write(f"dataset-filter:{dataset}:shape:min_width", "64")
    wait_for(lambda: len(flows.dataset_view.view(services, dataset).kept) == 24, what="everything is kept again")

    # Captions: the trigger word in front of each.
    person.settle()
    person.at(f"dataset-view-{dataset}").get_by_role("radio", name="Pictures").click(delay=80)
    person.settle()
    person.write(f"dataset-trigger-{dataset}", TRIGGER)
    wait_for(
        lambda: flows.dataset_view.view(services, dataset).dataset.trigger == TRIGGER, what="the trigger word is saved"
    )
    person.settle()
    person.press("dataset-trigger-front")
    wait_for(
        lambda: all(entry.caption.startswith(TRIGGER) for entry in flows.dataset_view.view(services, dataset).kept),
        what="every caption begins with the trigger word",
    )

    # A quick look with few steps, whose figures and samples come while it is looked at.
    person.settle()
    person.press("nav-train")
    person.at("train-start").wait_for()
    person.page.get_by_text("All settings").first.click(delay=80)
    for field, value in (("steps_per_epoch", STEPS), ("sample_every", 6), ("save_every", 6), ("sample_steps", 4)):
        person.write(f"train:field:{field}", str(value))
        person.settle()
    person.press("train-start")
    wait_for(lambda: flows.train_view.cards(services), what="the run is there")
    (run,) = [card.id for card in flows.train_view.cards(services)]
    person.at("train-samples-0").locator("img").first.wait_for(timeout=TRAIN_SECONDS * 1000)

    # The tab is closed meanwhile; another one finds the training where it is by then.
    person.page.close()
    again = visit(language="zh", phone=True)
    again.open(f"Train?run={run}")
    again.page.get_by_test_id("stVegaLiteChart").first.wait_for()
    wait_for(lambda: flows.train_view.card(services, run).state == "finished", what="the end", seconds=TRAIN_SECONDS)
    again.at("train-to-library").wait_for()
    assert [row.step for row in flows.train_view.view(services, run).metrics] == list(range(1, STEPS + 1))
    again.at("train-samples-0").locator("img").nth(2).wait_for()
    again.rest()
    samples = again.at("train-samples-0")
    weaker = samples.locator("[class*=-weaker] img").count()  # one more where a strength below 1 is recommended
    assert samples.locator("img").count() - weaker == 3  # without, at 6, at the end
    assert again.page.evaluate("document.documentElement.scrollWidth") <= 390

    # Into the library, and onto the story with its trigger word.
    again.press("train-to-library")
    wait_for(lambda: services.lora_library.entries(), what="the LoRA is in the library")
    (name,) = [entry.name for entry in services.lora_library.entries()]
    person = visit(language="en")
    person.open("LoRAs")
    person.press(f"open-lora-{name}")
    person.at("lora-use").wait_for()
    _choose_story(person)
    person.press("lora-use")
    wait_for(lambda: [use.name for use in services.stories.load(STORY).loras] == [name], what="the story uses it")
    assert services.stories.load(STORY).style.startswith(TRIGGER)

    # A panel in the new style. (Strengths side by side: test_compare; eight panels: test_journey.)
    person.open(f"Story?story={STORY}")
    person.press(f"redo-{STORY}-s2")

    def takes() -> list[Take]:
        return services.takes.takes_of(STORY, "s2")

    wait_for(takes, what="a panel wears the LoRA", seconds=TRAIN_SECONDS)
    assert [use.name for use in takes()[0].recipe.loras] == [name]
    log = app.config.workspace / "logs" / "pages.log"
    assert not log.exists() or "Unexpected error" not in log.read_text(encoding="utf-8")


def _choose_story(person: Visitor) -> None:
    person.at("lora-story").get_by_role("combobox").click()
    person.page.get_by_role("option", name="The Orange Kitten's Journey").first.click(delay=80)
    person.settle()
