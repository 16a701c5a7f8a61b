import pytest

from story_engine.domain.job import Progress
from story_engine.store.layout import Layout
from story_engine.store.runs import RunStore
from story_engine.training.report import RunReporter
from tests.story_engine.domain.test_training import a_spec
from tests.story_engine.store.test_runs import PICTURES


@pytest.fixture
def store(tmp_path) -> RunStore:
    return RunStore(Layout(tmp_path / "workspace", tmp_path / "stories"))


@pytest.fixture
def run(store) -> str:
    return store.create(a_spec(), PICTURES)


def reporter(store: RunStore, run: str, heard: list[Progress], *, speaks: bool = True) -> RunReporter:
    return RunReporter(store=store, state=store.run(run), report=heard.append, total=500, speaks=speaks)


def test_steps_that_come_fast_are_not_all_reported_but_the_last_one_is(store, run):
    heard: list[Progress] = []
    told = reporter(store, run, heard)

    for step in range(1, 501):
        told.stepped(step, 0.01, loss=0.5)

    assert 2 <= len(heard) < 50
    assert (heard[0].step, heard[-1].step) == (1, 500)
    assert heard[-1].eta_seconds == 0


def test_the_time_that_is_left_follows_from_the_last_steps(store, run):
    heard: list[Progress] = []
    told = reporter(store, run, heard)

    told.stepped(100, 2.0, loss=0.5)

    assert heard[0].seconds_per_step == 2.0
    assert heard[0].eta_seconds == 400 * 2.0


def test_a_new_stage_is_always_reported(store, run):
    heard: list[Progress] = []
    told = reporter(store, run, heard)

    for stage in ("encoding", "sampling", "saving"):
        told.progress(stage, 0, 4)

    assert [progress.stage for progress in heard] == ["encoding", "sampling", "saving"]


def test_what_is_written_is_on_disk(store, run):
    told = reporter(store, run, [])
    told.stepped(7, 1.5, loss=0.25)

    told.write(saved_step=7)

    state = store.run(run)
    assert (state.step, state.saved_step, state.loss, state.seconds) == (7, 7, 0.25, 1.5)


def test_only_the_first_of_several_processes_speaks(store, run):
    heard: list[Progress] = []
    told = reporter(store, run, heard, speaks=False)

    told.stepped(7, 1.5, loss=0.25)
    told.progress("saving", 7, 500)
    told.write(saved_step=7)

    assert heard == []
    assert store.run(run).step == 0


def test_a_failure_is_written_with_its_reason(store, run):
    reporter(store, run, []).write_failed("training.broke", {"reason": "no more numbers"})

    state = store.run(run)
    assert (state.state, state.error_code, state.error_values) == (
        "failed",
        "training.broke",
        {"reason": "no more numbers"},
    )
    assert state.ended_at


def test_a_failure_that_cannot_be_written_does_not_hide_the_one_that_caused_it(store, run, caplog):
    told = reporter(store, run, [])
    path = store.folder(run) / "run.json"
    path.unlink()
    path.mkdir()
    (path / "in the way").touch()

    told.write_failed("training.broke", {"reason": "no more numbers"})

    assert "cannot say so" in caplog.text
