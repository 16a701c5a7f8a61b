from __future__ import annotations

import json
import os
import time

import pytest
from PIL import Image

from pages.parts.shared.services import services
from pages.parts.shared.wording import texts as texts_of
from story_engine import flows
from story_engine.errors import StudioError
from story_engine.jobs.queue.starts import start_begins, start_failed
from story_engine.store.layout import Layout
from tests.builders import a_recipe, a_take
from tests.local_hub import accept_kolors
from tests.pages.conftest import Studio, texts


def test_the_page_shows_models_with_their_files_and_the_workspace(studio: Studio):
    app = studio.page("settings")

    assert not app.exception
    shown = texts(app)
    for family in flows.machine.inspect(studio.services).families:
        assert texts_of("en")[f"family.{family.name}"] in shown
        assert all(file.path in shown for file in family.files)
    assert str(studio.services.config.workspace) in shown


def test_a_download_begins_once_its_licence_is_accepted_and_can_be_cancelled(studio: Studio):
    app = studio.page("settings")
    assert app.button(key="accept-kolors").disabled
    app.checkbox(key="licence-read-kolors").check().run()
    app.button(key="accept-kolors").click().run()
    app.run()

    (job,) = flows.queue.jobs(studio.services)
    assert job.kind == "download"
    app.button(key=f"icon-queue-settings-cancel-{job.id}").click().run()
    assert not app.exception
    assert flows.queue.jobs(studio.services) == ()


def test_a_cancelled_job_is_listed_and_started_again(studio: Studio):
    accept_kolors(studio.services.layout)
    job = flows.models.download(studio.services, "kolors")
    studio.services.ledger.request_cancel(job)
    app = studio.page("settings", language="zh")
    assert "已取消" in texts(app)

    app.button(key=f"retry-{job}").click().run()

    assert not app.exception
    assert [active.id for active in flows.queue.jobs(studio.services)] == [job]


def test_jobs_that_nobody_can_do_say_why(studio: Studio):
    accept_kolors(studio.services.layout)
    flows.models.download(studio.services, "kolors")
    layout = Layout.of(studio.services.config)
    assert "does not start" not in texts(studio.page("settings"))

    for _ in range(2):
        start_begins(layout)
    start_failed(layout, "the disk is read-only")
    starts = layout.workspace / "dispatcher-starts.json"
    starts.write_text(json.dumps(json.loads(starts.read_text()) | {"at": 5.0}))  # long ago

    assert "the disk is read-only" in texts(studio.page("settings"))
    assert "渲染服务无法启动" in texts(studio.page("settings", language="zh"))


def shown_when_measured(studio: Studio, **how: str):
    """The page as it is once the disk has been measured in the background, by the engine that pages share."""
    patience = time.monotonic() + 20
    while (state := flows.disk.state(services())).use is None or state.is_measuring or state.is_cleaning:
        assert time.monotonic() < patience
        time.sleep(0.02)
    return studio.page("settings", **how)


def test_the_disk_card_says_what_takes_up_how_much_in_both_languages(studio: Studio):
    studio.painted("singer", takes=2)
    for language in ("en", "zh"):
        app = shown_when_measured(studio, language=language)
        assert not app.exception
        shown = texts(app)
        for part in ("takes", "stories"):
            assert texts_of(language)[f"disk.part.{part}"] in shown


def test_what_was_deleted_is_listed_and_comes_back_from_the_card(studio: Studio):
    token = studio.services.stories.delete("singer")
    app = shown_when_measured(studio)
    assert "story" in texts(app)

    app.button(key=f"restore-{token}").click().run()

    assert not app.exception
    assert "singer" in [card.slug for card in flows.shelf.cards(studio.services)]
    token = studio.services.stories.delete("singer")
    app = shown_when_measured(studio)
    app.button(key=f"forget-{token}").click().run()
    assert not app.exception
    with pytest.raises(StudioError):
        studio.services.stories.restore(token)


def test_cleaning_up_is_previewed_and_takes_only_what_is_ticked(studio: Studio):
    takes = studio.services.takes
    takes.add(a_take(a_recipe(), story="long-gone"), Image.new("RGB", (64, 64)), {})
    cached = studio.services.layout.embeddings / "a"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"x" * 1000)
    os.utime(cached, (0, 0))
    app = shown_when_measured(studio)
    assert "long-gone" in texts(app)

    app.checkbox(key="disk-go-caches").uncheck().run()
    app.button(key="disk-clean-now").click().run()

    assert not app.exception
    shown_when_measured(studio)
    assert takes.takes("long-gone") == {} and cached.exists()


def test_limits_are_set_on_the_page(studio: Studio):
    app = shown_when_measured(studio)

    app.number_input(key="disk-limit-trash_days").set_value(7).run()

    assert not app.exception
    assert flows.disk.limits(studio.services).trash_days == 7
