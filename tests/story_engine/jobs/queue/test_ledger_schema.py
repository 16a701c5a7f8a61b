"""Ledgers of every earlier form: they open, show what they showed, and their jobs are done and tried again."""

import multiprocessing
import sqlite3
from pathlib import Path

import pytest

from story_engine.domain.job_result import MeasureResult, RenderResult, ScoreResult, TrainResult
from story_engine.domain.job_spec import (
    DownloadSpec,
    MeasureSpec,
    RenderSpec,
    ScoreDatasetSpec,
    ScoreTakesSpec,
    TrainSpec,
    read_spec,
)
from story_engine.errors import LookAtLog
from story_engine.jobs.queue.ledger import Ledger
from story_engine.jobs.queue.ledger_schema import FORMAT, MIGRATIONS
from story_engine.jobs.queue.work_ledger import WorkLedger
from story_engine.store.layout import Layout

CASES = Path(__file__).parents[3] / "cases" / "ledgers"
# What the workspace of the case happened not to hold.
MORE = """
INSERT INTO jobs (id, key, kind, state, user, priority, spec, result, scenes, created_at, attempt) VALUES
 (20, 'score-1', 'score', 'failed', 'me', 5, '{"story": "kitten", "takes": [{"scene": "s1", "take": "ab"}]}', '{}',
  '["s1"]', '2026-11-28T12:00:00+00:00', 1),
 (21, 'score-2', 'score', 'done', 'me', 5, '{"story": "kitten", "takes": []}', '{"scored": 2, "gone": 1}', '[]',
  '2026-11-28T12:00:00+00:00', 1),
 (22, 'measure-x', 'train', 'done', 'me', 5, '{"measure": {"name": "x", "dataset": "ink"}}',
  '{"seconds_per_step": 0.5, "seconds_per_picture": 0.1, "seconds_per_sample": 1.5}', '[]', '', 1),
 (23, 'download-kolors', 'download', 'held', 'me', 0, '{"family": "kolors"}', '{}', '[]', '', 5),
 (24, 'train-wide', 'train', 'running', 'me', 0, '{"run": "wide", "name": "wide", "tokens": 2}', '{}', '[]', '', 1),
 (25, 'render-old', 'render', 'done', 'me', 0, '{"story": "kitten", "items": [], "score": true}',
  '{"takes": [], "found": 0, "seconds": 1.0, "not_scored": {"code": "scoring.damaged", "values": {"folder": "x"}}}',
  '[]', '', 1),
 (26, 'train-early', 'train', 'done', 'me', 0, '{"run": "early"}',
  '{"state": "stopped", "step": 1, "total": 9, "loss": null, "choice": null}', '[]', '', 1);
"""


@pytest.fixture
def yesterday(layout):
    layout.workspace.mkdir(parents=True)
    connection = sqlite3.connect(layout.ledger)
    connection.executescript((CASES / "format-1.sql").read_text(encoding="utf-8") + MORE)
    connection.close()
    return layout


def test_a_ledger_of_yesterday_shows_every_job_as_it_was(yesterday):
    ledger = Ledger(yesterday)

    views = {view.id: view for view in ledger.jobs(active=False)}

    assert [view.error_code for view in views.values()] == [None] * 8 + ["jobs.cancelled"] + [None] * 9
    assert isinstance(views[1].result, RenderResult) and len(views[1].result.takes) == 3
    trained = views[4].result
    assert isinstance(trained, TrainResult) and trained.choice.score_of(4).has_checkpoint
    assert isinstance(views[21].result, ScoreResult) and views[21].result.gone == 1
    assert isinstance(views[22].result, MeasureResult) and views[22].kind == "measure"
    assert views[25].result.not_scored.code == "scoring.damaged"
    assert views[1].progress.stage == "scoring" and views[1].progress.total == 3
    assert (views[23].state, views[24].state) == ("held", "running")


def test_every_specification_of_yesterday_is_read_as_the_type_of_its_kind(yesterday):
    ledger = Ledger(yesterday)

    types = {view.id: (view.kind, type(ledger.spec(view.id))) for view in ledger.jobs(active=False)}

    assert types[7] == ("render", RenderSpec) and ledger.spec(7).sweep and len(ledger.spec(7).items) == 4
    assert types[4] == ("train", TrainSpec) and ledger.spec(4).run == "ink-wash"
    assert types[10] == ("score_dataset", ScoreDatasetSpec)
    assert types[11] == ("measure", MeasureSpec) and ledger.spec(11).measure.lora_rank == 2
    assert types[20] == ("score", ScoreTakesSpec)
    assert types[23] == ("download", DownloadSpec)
    assert not [job for job, (_, spec) in types.items() if spec is type(None)]


def test_what_waited_yesterday_is_done_and_what_failed_is_tried_again(yesterday):
    ledger = Ledger(yesterday)
    retried = [ledger.retry(job) for job in (9, 20, 23)]
    work = WorkLedger(yesterday)
    assert work.take_over() == 1

    claims = {}
    while (claim := work.claim(free=4, most=4)) is not None:
        claims[claim.job] = claim
    work.close()

    assert set(claims) == {8, 10, 11, 24, *retried}
    assert claims[24].tokens == 2 and claims[24].attempt == 2
    assert {read_spec(claim.spec).kind for claim in claims.values()} == {claim.kind for claim in claims.values()}


def test_a_job_of_a_newer_studio_is_named_and_not_guessed_at(layout):
    layout.workspace.mkdir(parents=True)
    with sqlite3.connect(layout.ledger) as newer:
        newer.execute(f"PRAGMA user_version = {FORMAT + 1}")

    for open_it in (lambda: Ledger(layout).jobs(), lambda: WorkLedger(layout)):
        with pytest.raises(LookAtLog) as raised:
            open_it()
        assert raised.value.values["found"] == FORMAT + 1


def _open(workspace: Path) -> int:
    return len(Ledger(Layout(workspace, workspace)).jobs(active=False))


@pytest.mark.parametrize("form", ["empty", "yesterday"])
def test_processes_that_open_an_old_ledger_at_once_bring_it_up_to_date_once(form, request, layout):
    if form == "yesterday":
        request.getfixturevalue("yesterday")

    with multiprocessing.get_context("spawn").Pool(3) as pool:
        counts = pool.map(_open, [layout.workspace] * 6)

    assert counts == [18 if form == "yesterday" else 0] * 6
    assert sqlite3.connect(layout.ledger).execute("PRAGMA user_version").fetchone() == (FORMAT,)


def test_a_step_that_fails_leaves_the_ledger_as_it_was(yesterday, monkeypatch):
    def half(connection):
        MIGRATIONS[1](connection)
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("story_engine.jobs.queue.ledger_schema.MIGRATIONS", (MIGRATIONS[0], half))
    with pytest.raises(LookAtLog):
        Ledger(yesterday).jobs()
    monkeypatch.undo()

    assert len(Ledger(yesterday).jobs(active=False)) == 18


def test_what_was_damaged_yesterday_does_not_keep_the_rest_from_opening(yesterday):
    connection = sqlite3.connect(yesterday.ledger)
    connection.execute("UPDATE jobs SET spec = '[[' WHERE id = 8")
    connection.execute("UPDATE jobs SET spec = ?, result = 'x' WHERE id = 1", ("[" * 100_000,))
    connection.execute("UPDATE jobs SET spec = CAST(x'ff00fe' AS TEXT) WHERE id = 10")
    connection.commit()
    connection.close()

    ledger = Ledger(yesterday)

    assert {view.id: view.state for view in ledger.jobs(active=False)}[2] == "done"
    assert [ledger.spec(job) for job in (1, 8, 10)] == [None] * 3
