import threading
import time

import psutil
import pytest

from story_engine.jobs.kinds import HAD_A_GPU
from story_engine.jobs.orders import Order
from story_engine.jobs.queue import agent as agent_module
from story_engine.jobs.queue.agent import Agent, AgentSettings, visible_devices
from story_engine.jobs.queue.child_process import ChildCommand
from story_engine.messages import message
from tests.story_engine.jobs.conftest import LIGHT_WORK, children_of, wait_for
from tests.story_engine.jobs.light_work import LightSpec, notes


@pytest.fixture
def make_agent(layout):
    agents = []

    def make(*, work=LIGHT_WORK, idle_seconds=60.0, **settings):
        child = ChildCommand(workspace=layout.workspace, stories=layout.stories, work=work, idle_seconds=idle_seconds)
        usual = {"devices": (None,), "threads": 1, "logs": layout.logs}
        agents.append(Agent(AgentSettings(child=child, **(usual | settings))))
        return agents[-1]

    yield make
    for agent in agents:
        agent.close()


def order(job=1, *, attempt=1, kind="render", tokens=1, **spec):
    text = LightSpec(kind=kind, **spec).model_dump_json()
    return Order(job=job, attempt=attempt, kind=kind, spec=text, tokens=tokens)


class Running:
    """One order in a thread of its own."""

    def __init__(self, agent, given):
        self.progress = []
        self.outcome = None
        self.thread = threading.Thread(target=self._run, args=(agent, given))
        self.thread.start()

    def _run(self, agent, given):
        self.outcome = agent.run(given, lambda message: self.progress.append(message.progress))

    def wait(self):
        self.thread.join(60)
        return self.outcome


def test_a_job_is_done_with_progress_at_every_step(make_agent):
    running = Running(make_agent(), order(steps=4))

    outcome = running.wait()

    assert outcome.type == "done" and len(outcome.result.takes) == 1
    assert [progress.step for progress in running.progress] == [1, 2, 3, 4]


def test_the_child_is_kept_between_jobs(make_agent, layout):
    agent = make_agent()

    for job in range(3):
        assert agent.run(order(job, seed=job, steps=1), lambda _: None).type == "done"

    assert len({note.split()[3] for note in notes(layout) if note.startswith("step")}) == 1


def test_a_stop_takes_effect_at_the_end_of_the_step_and_keeps_the_child(make_agent, layout):
    agent = make_agent()
    running = Running(agent, order(steps=1000, seconds=0.1))
    wait_for(lambda: running.progress)
    (child,) = children_of(layout.workspace)

    asked = time.monotonic()
    agent.cancel(1, 1)
    outcome = running.wait()

    assert outcome.type == "cancelled"
    assert time.monotonic() - asked < 1.0
    assert child.is_running() and agent.run(order(2, steps=1), lambda _: None).type == "done"


def test_a_child_that_ignores_a_stop_is_killed_after_the_grace_with_all_it_started(make_agent, layout):
    agent = make_agent()
    running = Running(agent, order(steps=3, hang_at=2, spawn=True))
    wait_for(lambda: len(running.progress) == 2)
    sleeper = psutil.Process(int(next(note for note in notes(layout) if note.startswith("spawned")).split()[1]))

    asked = time.monotonic()
    agent.cancel(1, 1)
    outcome = running.wait()

    assert outcome.type == "cancelled"
    assert 0.5 <= time.monotonic() - asked < 3.0
    wait_for(lambda: not sleeper.is_running() or sleeper.status() == psutil.STATUS_ZOMBIE)
    assert agent.run(order(2, steps=1), lambda _: None).type == "done"


def test_a_stop_that_comes_while_the_child_loads_its_model_costs_no_child(make_agent, layout):
    agent = make_agent(work="tests.story_engine.jobs.light_work:SLOW_TO_WARM_UP")
    running = Running(agent, order(steps=1))
    wait_for((layout.logs / "warming").exists)
    (child,) = children_of(layout.workspace)
    wait_for(lambda: agent._watches and next(iter(agent._watches.values())).is_accepted)

    agent.cancel(1, 1)

    assert running.wait().type == "cancelled"
    assert child.is_running()
    (layout.logs / "warm").write_text("")
    assert agent.run(order(2, steps=1), lambda _: None).type == "done"
    assert not any(note.startswith("step 1 ") for note in notes(layout))


def test_a_death_of_the_child_is_told_with_its_signal_and_a_fresh_child_takes_the_next_job(make_agent):
    agent = make_agent()

    outcome = agent.run(order(steps=3, die_at=2), lambda _: None)

    assert outcome.type == "crashed" and outcome.reason == "signal 9, SIGKILL"
    assert agent.run(order(2, steps=1), lambda _: None).type == "done"


def test_a_device_that_fails_in_the_middle_is_told_in_the_driver_s_words_and_a_fresh_child_goes_on(make_agent, layout):
    agent = make_agent()

    outcome = agent.run(order(steps=3, lose_device=True), lambda _: None)

    assert (outcome.type, outcome.reason) == ("device_lost", "CUDA error: unspecified launch failure")
    assert outcome.log_id in (layout.logs / "child-0.log").read_text()
    assert agent.run(order(steps=3, lose_device=True, attempt=2), lambda _: None).type == "done"
    assert len({note.split()[3] for note in notes(layout) if note.startswith("step")}) == 2
    (child,) = children_of(layout.workspace)
    assert HAD_A_GPU in child.environ(), "it must not go on without a GPU as if that were the same"


def test_a_job_that_stands_still_is_killed(make_agent):
    agent = make_agent(stall_seconds=0.5)

    outcome = agent.run(order(steps=3, hang_at=2), lambda _: None)

    assert outcome.type == "stalled" and outcome.step == 2


def test_an_error_of_ours_travels_as_code_and_values(make_agent):
    outcome = make_agent().run(order(fail=True), lambda _: None)

    assert outcome.type == "failed"
    assert (outcome.code, outcome.values) == ("render.takes", {"takes": 99, "most": 64})


def test_a_bug_travels_as_an_id_and_its_traceback_is_in_the_log(make_agent, layout):
    outcome = make_agent().run(order(kind="score"), lambda _: None)

    assert (outcome.code, outcome.values["kind"]) == ("jobs.unexpected", "ZeroDivisionError")
    log = (layout.logs / "child-0.log").read_text()
    assert outcome.log_id in log and "ZeroDivisionError: a bug" in log


def test_a_job_of_another_version_fails_in_words_and_the_child_goes_on(make_agent):
    agent = make_agent(work="story_engine.jobs.kinds:WORK")
    for job, text in enumerate(
        (
            '{"kind": "download", "family": "kolors", "mirror": "x"}',
            '{"kind": "download"}',
            '{"kind": "paint"}',
            "[" * 9999,
        )
    ):
        outcome = agent.run(Order(job=job, attempt=1, kind="download", spec=text), lambda _: None)

        assert (outcome.type, outcome.code) == ("failed", "jobs.unreadable_spec")
        assert "another version" in message(outcome.code, "en", **outcome.values)

    missing = '{"kind": "score", "story": "gone", "takes": []}'
    assert agent.run(Order(job=99, attempt=1, kind="score", spec=missing), lambda _: None).type == "done"
    assert len({slot.child.pid for slot in agent._slots}) == 1


def test_a_kind_that_nobody_can_do_fails_in_words(make_agent):
    assert make_agent().run(order(kind="download"), lambda _: None).code == "jobs.unknown_kind"


def test_an_idle_child_leaves_and_the_next_job_gets_a_fresh_one(make_agent, layout):
    agent = make_agent(idle_seconds=0.3)
    assert agent.run(order(steps=1), lambda _: None).type == "done"

    wait_for(lambda: not children_of(layout.workspace))

    assert agent.run(order(2, steps=1), lambda _: None).type == "done"


def test_no_child_outlives_its_agent(make_agent, layout):
    agent = make_agent()
    running = Running(agent, order(steps=1000, seconds=0.1))
    wait_for(lambda: running.progress)

    agent.close()

    assert running.wait().type == "lost"
    assert not children_of(layout.workspace)


def test_each_token_has_a_child_of_its_own(make_agent, layout):
    agent = make_agent(devices=(None, None))
    both = [Running(agent, order(job, seed=job, steps=5, seconds=0.1)) for job in (1, 2)]

    assert [running.wait().type for running in both] == ["done", "done"]

    assert len({note.split()[3] for note in notes(layout) if note.startswith("step")}) == 2


def test_tokens_are_the_visible_gpus_or_the_cpu(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert visible_devices(0) == (None,)
    assert visible_devices(2) == ("0", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, GPU-abc")
    assert visible_devices(4) == ("3", "GPU-abc")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert visible_devices(4) == (None,)


@pytest.mark.parametrize("error", [OSError("no more processes"), RuntimeError("can't start new thread"), MemoryError()])
def test_what_was_done_stays_done_when_the_next_child_cannot_start(make_agent, monkeypatch, error):
    agent = make_agent()
    real, started = agent_module.ChildProcess, []

    def start(*given, **settings):
        started.append(1)
        if len(started) > 1:
            raise error
        return real(*given, **settings)

    monkeypatch.setattr(agent_module, "ChildProcess", start)
    running = Running(agent, order(steps=1000, seconds=0.1))
    wait_for(lambda: running.progress)

    agent.cancel(1, 1, is_forced=True)

    assert running.wait().type == "cancelled"
    assert len(started) == 2
    assert agent.run(order(2), lambda _: None).code == "jobs.child_not_started"


def test_a_child_that_cannot_be_ended_keeps_no_other_alive(make_agent, layout, monkeypatch):
    agent = make_agent(devices=(None, None))
    both = [Running(agent, order(job, steps=1000, seconds=0.1)) for job in (1, 2)]
    wait_for(lambda: all(running.progress for running in both))
    real, killed = agent_module.ChildProcess.kill, []

    def kill(child):
        killed.append(child)
        if len(killed) == 1:
            raise PermissionError(1, "Operation not permitted")
        real(child)

    monkeypatch.setattr(agent_module.ChildProcess, "kill", kill)

    agent.close()

    assert len(killed) == 2
    wait_for(lambda: len(children_of(layout.workspace)) == 1)
    assert [running.wait().type for running in both] == ["lost", "lost"], "nobody waits for it either"
    real(killed[0])
