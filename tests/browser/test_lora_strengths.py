"""A scene at four strengths of a LoRA: painted from the LoRA's page, looked at, and one of them recommended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from story_engine import flows
from tests.browser.conftest import ACTION_SECONDS, App, Visitor, paint_in, wait_for
from tests.story_engine.inference.small_loras import random_halves, save_kohya
from tests.story_engine.inference.small_preview import small_workspace

STORY, LORA = "orange-cat-en", "ink"
expect.set_options(timeout=1000 * ACTION_SECONDS)


@pytest.fixture
def library(app: App, tmp_path: Path) -> App:
    """The smallest preview model, and a LoRA that fits it."""
    small_workspace(tmp_path)
    models = app.config.workspace / "models"
    models.mkdir(parents=True, exist_ok=True)
    (models / "preview").symlink_to(tmp_path / "workspace" / "models" / "preview")
    path = save_kohya(random_halves(), tmp_path / f"{LORA}.safetensors")
    flows.loras.add_file(app.services, path.name, path)
    paint_in(app, STORY, steps=2)
    return app


def shown(person: Visitor) -> list[dict[str, object]]:
    """Words and content of the pictures in the row, as the browser has them."""
    return person.at("lora-strength-grid").evaluate(
        """async row => Promise.all([...row.querySelectorAll("img")].map(async image => {
             const bytes = await (await fetch(image.src)).arrayBuffer();
             const digest = await crypto.subtle.digest("SHA-256", bytes);
             return {alt: image.alt, wide: image.naturalWidth, is: [...new Uint8Array(digest)].join(" ")};
           }))"""
    )


@pytest.mark.thorough
def test_four_strengths_are_painted_side_by_side_and_the_best_one_is_recommended(
    library: App, visit: Callable[..., Visitor]
) -> None:
    services = library.services
    person = visit()
    person.open("LoRAs")
    person.press(f"open-lora-{LORA}")
    row = person.at("lora-strength-grid")
    row.wait_for()
    person.at("lora-story").get_by_role("combobox").click()
    person.page.get_by_role("option", name="The Orange Kitten's Journey").first.click(delay=80)
    person.settle()
    assert row.locator("img").count() == 0
    expect(person.at("lora-preview-render")).to_contain_text("4")

    person.press("lora-preview-render")
    expect(row.locator("img")).to_have_count(4)
    person.rest()

    pictures = shown(person)
    assert [each["alt"] for each in pictures] == [f"strength {each:g}" for each in flows.lora_preview.STRENGTHS]
    assert all(each["wide"] for each in pictures)
    assert len({each["is"] for each in pictures}) == 4, "each strength is another picture"
    assert person.at("lora-preview-render").count() == 0, "nothing is missing any more"
    takes = services.takes.takes_of(STORY, "s1")
    assert sorted(part.strength for take in takes for part in take.recipe.loras if part.strength) == [0.5, 1.0, 1.5]
    assert len({take.recipe.seed for take in takes}) == 1
    assert services.stories.load(STORY).loras == (), "looking at it puts it on no story"

    person.press("lora-recommend-0.5")
    wait_for(lambda: services.lora_library.entry(LORA).strength == 0.5, what="it is recommended")
    person.rest()
    assert person.at("lora-recommend-0.5").count() == 0
    expect(person.at(f"lora-strength-{LORA}").get_by_role("slider")).to_have_value("0.5")
    person.press("lora-use")
    wait_for(lambda: [use.strength for use in services.stories.load(STORY).loras] == [0.5], what="the story uses it so")

    phone = visit(language="zh", phone=True)
    phone.open(f"LoRAs?lora={LORA}")
    phone.at("lora-strength-grid").locator("img").nth(3).wait_for()
    phone.rest()
    assert len(services.takes.takes_of(STORY, "s1")) == 4, "what is there is shown, not painted again"
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
