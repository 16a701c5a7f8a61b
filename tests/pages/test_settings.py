from __future__ import annotations

import json
import os
import socket
import time
from pathlib import Path

import pytest
from PIL import Image

from pages.parts.shared.services import services
from pages.parts.shared.wording import texts as texts_of
from story_engine import flows
from story_engine.errors import StudioError
from story_engine.jobs.queue.starts import start_begins, start_failed
from story_engine.kolors.family import KOLORS
from story_engine.store.layout import Layout
from tests.builders import a_recipe, a_take
from tests.local_hub import SDXL_UNET, accept_kolors, kolors_files
from tests.pages.conftest import Studio, texts
from tests.story_engine.catalog.test_places import put


def test_the_page_shows_models_with_their_files_and_the_workspace(studio: Studio):
    app = studio.page("settings")

    assert not app.exception
    shown = texts(app)
    for family in flows.machine.inspect(studio.services).families:
        assert texts_of("en")[f"family.{family.name}"] in shown
        assert all(file.path in shown for file in family.files)
    assert str(studio.services.config.workspace) in shown


def test_what_an_agreement_says_stands_once_and_its_acceptance_holds_for_all_under_it(studio: Studio):
    app = studio.page("settings")
    assert texts(app).count("must comply with the law and with Kolors' service agreement") == 1
    assert app.button(key="accept-kolors-canny").disabled and app.button(key="accept-kolors-inpainting").disabled

    accept_kolors(studio.services.layout)
    app.run()

    assert not app.exception and "must comply with the law" not in texts(app)
    assert not app.button(key="download-kolors-inpainting").disabled


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


def test_another_model_in_kolors_place_and_the_vae_that_nobody_needs_are_said_in_both_languages(studio: Studio):
    files = kolors_files() | {"unet/diffusion_pytorch_model.fp16.safetensors": SDXL_UNET}
    put(studio.services.layout.models / KOLORS.home, files)

    for language, words in (("en", "does not overflow"), ("zh", "不会溢出")):
        app = studio.page("settings", language=language)
        assert not app.exception
        assert "SDXL" in "".join(warning.value for warning in app.warning)
        assert words in texts(app)


def test_a_mirror_and_a_folder_are_set_on_the_page(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MODELSCOPE_ENDPOINT", raising=False)
    put(tmp_path / "mine" / "Kolors", kolors_files())
    app = studio.page("settings")

    app.text_input(key="hub-mirror").set_value("https://hub.example.cn/").run()
    app.text_input(key="hub-folder").set_value(str(tmp_path / "mine")).run()
    app.button(key="hub-folder-add").click().run()

    assert not app.exception
    hub = flows.models.hub(studio.services)
    assert hub.address == "https://hub.example.cn" and hub.folders == (str(tmp_path / "mine"),)
    assert flows.models.state(studio.services, "kolors").ready and str(tmp_path / "mine" / "Kolors") in texts(app)


def test_no_page_asks_the_network_while_it_is_drawn(studio: Studio, monkeypatch: pytest.MonkeyPatch):
    asked: list[object] = []

    def refused(self: socket.socket, address: object) -> None:
        asked.append(address)
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    for page in ("home", "settings"):
        assert not studio.page(page).exception

    assert [each for each in asked if not isinstance(each, str)] == []
