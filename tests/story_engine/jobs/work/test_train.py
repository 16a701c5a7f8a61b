"""Real trainings of the smallest model, through ledger, dispatcher and child."""

import os
import signal

import psutil
import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.run import RunState
from tests.story_engine.jobs.conftest import children_of, wait_for
from tests.story_engine.training.small_training import PROMPT, small_spec, training_workspace

WITHOUT_WARM_UP = "story_engine.jobs.kinds:WORK"


@pytest.fixture
def layout(tmp_path):
    return training_workspace(tmp_path)


@pytest.fixture
def services(layout, monkeypatch):
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    return open_services(Config(workspace=layout.workspace, stories=layout.stories, threads=1))


def rests(services, run):
    return lambda: not flows.train_view.card(services, run).is_active


def test_a_training_is_asked_for_things_stopped_and_goes_on_to_its_end(services, dispatchers):
    spec = small_spec(steps_per_epoch=60, save_every=1000, sample_every=30, sample_prompts=(PROMPT,))
    run = flows.train.start(services, spec)
    dispatchers.start(work=WITHOUT_WARM_UP)
    wait_for(lambda: flows.train_view.view(services, run).metrics, seconds=120, what="the first step")

    flows.train.ask(services, run, "save")
    wait_for(lambda: flows.train_view.view(services, run).checkpoints, what="the checkpoint that was wished")
    flows.train.ask(services, run, "stop")
    wait_for(rests(services, run))

    stopped = flows.train_view.view(services, run)
    assert stopped.card.state == "stopped" and stopped.run.saved_step == stopped.run.step < 60
    assert {sample.step for sample in stopped.samples} >= {0}
    flows.train.resume(services, run)
    wait_for(rests(services, run), seconds=120)
    finished = flows.train_view.view(services, run)
    assert finished.card.state == "finished"
    assert [row.step for row in finished.metrics] == list(range(1, 61))
    assert finished.choice.step in finished.checkpoints and finished.choice.reasons
    assert {0, 60} <= {each.step for each in finished.choice.scores}


def test_steps_are_measured_before_anything_is_trained(services, dispatchers):
    spec = small_spec()
    assert flows.train.plan(services, spec).seconds is None
    dispatchers.start(work=WITHOUT_WARM_UP)

    flows.train_time.measure(services, spec)
    wait_for(lambda: not flows.train_time.is_being_measured(services, spec), seconds=120)

    assert flows.train.plan(services, spec).seconds > 0
    assert flows.train.plan(services, spec.model_copy(update={"batch_size": 4})).seconds is None


def test_a_killed_training_is_interrupted_and_goes_on_from_what_it_saved(services, dispatchers, layout):
    run = flows.train.start(services, small_spec(steps_per_epoch=200, save_every=5))
    dispatchers.start(work=WITHOUT_WARM_UP)
    wait_for(lambda: flows.train_view.view(services, run).run.saved_step >= 5, seconds=120)

    os.kill(flows.train_view.view(services, run).run.pid, signal.SIGKILL)
    wait_for(rests(services, run))

    card = flows.train_view.card(services, run)
    assert (card.state, card.error_code) == ("interrupted", "jobs.crashed_training")
    assert card.run.saved_step >= 5 and card.run.can_resume
    flows.train.resume(services, run)
    wait_for(lambda: flows.train_view.card(services, run).state == "running", seconds=60)
    flows.train.force_stop(services, run)
    wait_for(rests(services, run))
    assert flows.train_view.card(services, run).state == "interrupted"
    wait_for(lambda: len(children_of(layout.workspace)) == 1, what="a fresh child for the next job")


@pytest.mark.thorough
def test_nothing_is_left_of_several_processes_whose_child_was_killed(services, dispatchers, layout):
    run = flows.train.start(services, small_spec(steps_per_epoch=500, processes=2, batch_size=1))
    dispatchers.start(work=WITHOUT_WARM_UP)
    wait_for(lambda: flows.train_view.view(services, run).metrics, seconds=200, what="the first step of two processes")
    assert len(_ranks(run)) >= 2
    (child,) = children_of(layout.workspace)

    child.kill()

    wait_for(rests(services, run))
    assert flows.train_view.card(services, run).state == "interrupted"
    wait_for(lambda: not _ranks(run), seconds=20, what="the end of all processes")


def _ranks(run):
    """Processes that train it."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        is_one = "story_engine.training.process" in " ".join(line) and any(part.endswith(f"/{run}") for part in line)
        if is_one and process.info["status"] != "zombie":
            found.append(process)
    return found


def test_a_state_that_a_dead_process_left_is_not_believed(services, layout):
    run = flows.train.start(services, small_spec())
    services.ledger.request_cancel(flows.train_view.card(services, run).job.id)
    services.runs.write(RunState(id=run, state="running", step=3, total=8, pid=os.getpid(), host="elsewhere"))

    assert flows.train_view.card(services, run).state == "interrupted"
