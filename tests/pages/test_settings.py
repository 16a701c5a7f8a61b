from __future__ import annotations

import json

from pages.parts.shared.wording import texts as texts_of
from story_engine.jobs.queue.starts import start_begins, start_failed
from story_engine.store.layout import Layout
from tests.pages.conftest import Studio, texts


def test_the_page_shows_models_with_their_files_and_the_workspace(studio: Studio):
    app = studio.page("settings")

    assert not app.exception
    shown = texts(app)
    for family in studio.engine.machine().families:
        assert texts_of("en")[f"family.{family.name}"] in shown
        assert all(file.path in shown for file in family.files)
    assert str(studio.engine.config.workspace) in shown


def test_a_download_is_queued_once_and_can_be_cancelled(studio: Studio):
    app = studio.page("settings")

    app.button(key="download-kolors").click().run()
    app.button(key="download-kolors").click().run()

    (job,) = studio.engine.jobs()
    assert job.kind == "download"
    app.button(key=f"cancel-{job.id}").click().run()
    assert not app.exception
    assert studio.engine.jobs() == ()


def test_a_cancelled_job_is_listed_and_started_again(studio: Studio):
    job = studio.engine.download("kolors")
    studio.engine.cancel(job)
    app = studio.page("settings", language="zh")
    assert "已取消" in texts(app)

    app.button(key=f"retry-{job}").click().run()

    assert not app.exception
    assert [active.id for active in studio.engine.jobs()] == [job]


def test_jobs_that_nobody_can_do_say_why(studio: Studio):
    studio.engine.download("kolors")
    layout = Layout.of(studio.engine.config)
    assert "does not start" not in texts(studio.page("settings"))

    for _ in range(2):
        start_begins(layout)
    start_failed(layout, "the disk is read-only")
    starts = layout.workspace / "dispatcher-starts.json"
    starts.write_text(json.dumps(json.loads(starts.read_text()) | {"at": 5.0}))  # long ago

    assert "the disk is read-only" in texts(studio.page("settings"))
    assert "渲染服务无法启动" in texts(studio.page("settings", language="zh"))
