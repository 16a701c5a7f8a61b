"""The sections Replay and Upload of the hand-in page."""

from __future__ import annotations

import pytest

from story_engine import flows
from story_engine.domain.job_result import ReplayResult, UploadResult
from story_engine.domain.job_spec import ReplaySpec, UploadSpec
from story_engine.domain.replay import ReplayReport
from story_engine.jobs import handover
from tests.bundles import a_replay_of
from tests.pages.conftest import Studio, texts

STORY = "orange-cat-en"
TOKEN = "ms-0f3c9a52-typed-on-the-page"


@pytest.fixture
def handed_in(studio: Studio):
    """A page whose bundle was made."""
    studio.painted(STORY, score=7.0)
    app = studio.page("submit", story=STORY)
    assert app.button(key="replay-start").disabled
    app.checkbox(key=f"anyway-{STORY}").check().run()
    studio.export(app)
    assert not app.exception and not app.error
    return app


def a_report(studio: Studio, largest: int) -> ReplayReport:
    return a_replay_of(
        flows.export.plan(studio.services, STORY),
        differing=0.5 if largest else 0.0,
        largest=largest,
        mean=float(largest),
        other_conditions={"torch": ("2.9", "2.10")},
    )


def test_a_replay_is_a_job_of_the_story_that_every_tab_sees(studio: Studio, handed_in):
    handed_in.button(key="replay-start").click().run()

    [job] = flows.queue.jobs(studio.services, story=STORY)
    assert job.kind == "replay" and isinstance(studio.services.ledger.spec(job.id), ReplaySpec)
    other = studio.page("submit", story=STORY)
    assert not other.exception
    assert other.button(key="replay-start").disabled
    assert other.button(key=f"cancel-{job.id}")
    assert "goes on when this page is closed" in texts(other)


@pytest.mark.parametrize(("largest", "words"), [(0, "完全一致"), (90, "90")])
def test_what_came_out_is_shown_and_goes_into_the_next_bundle(studio: Studio, handed_in, largest, words):
    studio.services.replays.keep(a_report(studio, largest))

    app = studio.page("submit", story=STORY, language="zh")

    shown = texts(app)
    assert not app.exception
    assert words in shown and "| 01 |" in shown and "| 08 |" in shown
    assert "请再次生成投稿包" in shown
    app.checkbox(key=f"anyway-{STORY}").check().run()
    studio.export(app)
    assert "请再次生成投稿包" not in texts(app)


def test_the_token_is_typed_into_a_password_field_that_is_empty_afterwards(studio: Studio, handed_in, monkeypatch):
    monkeypatch.delenv("MODELSCOPE_API_TOKEN", raising=False)
    app = studio.page("submit", story=STORY)
    app.session_state["upload"] = True
    app.run()
    field = app.text_input(key="upload-token")
    assert field.proto.type == field.proto.PASSWORD

    app.text_input(key=f"upload-repository-{STORY}").set_value("moyun/ink").run()
    app.text_input(key="upload-token").set_value(TOKEN).run()
    app.button(key="upload-start").click().run()

    assert not app.exception and not app.error, [error.value for error in app.error]
    [job] = flows.queue.jobs(studio.services, story=STORY)
    spec = studio.services.ledger.spec(job.id)
    assert isinstance(spec, UploadSpec) and spec.repository == "moyun/ink"
    assert TOKEN not in spec.model_dump_json() and handover.take(spec.ticket) == TOKEN
    assert not app.text_input(key="upload-token").value
    files = [path for path in studio.services.layout.workspace.rglob("*") if path.is_file()]
    assert files and not [path for path in files if TOKEN.encode() in path.read_bytes()]
    handover.over(spec.ticket)


def test_a_wrong_repository_is_said_and_a_dry_run_lists_the_files(studio: Studio, handed_in):
    app = studio.page("submit", story=STORY)
    app.text_input(key=f"upload-repository-{STORY}").set_value("no owner").run()
    app.button(key="upload-start").click().run()
    assert "write OWNER/NAME" in texts(app).replace("\\", "")

    app.toggle(key=f"upload-dry-{STORY}").set_value(True).run()

    assert not app.exception
    assert "reproduce.json" in texts(app) and not flows.queue.jobs(studio.services, story=STORY)


def test_results_of_both_jobs_are_read_back():
    done = UploadResult(repository="m/i", url="http://h/m/i", files=3, sent_bytes=1)
    assert done.kind == "upload"
    assert ReplayResult(report=ReplayReport(bundle="b", pictures=())).report.largest == 0
