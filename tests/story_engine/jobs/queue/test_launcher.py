import os
import subprocess
import sys
import time

import pytest

from story_engine.config import Config
from story_engine.jobs.queue import launcher
from story_engine.jobs.queue.launcher import start_dispatcher
from story_engine.jobs.queue.presence import dispatcher_state, has_announced
from story_engine.jobs.queue.starts import start_trouble
from story_engine.store.layout import Layout
from tests.dispatchers import dispatchers_of, end_dispatchers
from tests.story_engine.jobs.conftest import LIGHT_WORK, PROJECT, submit, wait_for

_STARTER = """
import sys
from pathlib import Path
sys.path.insert(0, {project!r})
from story_engine.config import Config
from story_engine.jobs.queue import launcher
usual = launcher.dispatcher_command
launcher.dispatcher_command = lambda config: [*usual(config), "--work", {work!r}]
for _ in range(3):
    launcher.start_dispatcher(Config(workspace=Path({workspace!r}), stories=Path({workspace!r})))
assert "torch" not in sys.modules, "a page would import it"
"""


@pytest.fixture
def workspace(layout):
    yield layout.workspace
    end_dispatchers(layout.workspace)


def starter(workspace):
    script = _STARTER.format(project=str(PROJECT), work=LIGHT_WORK, workspace=str(workspace))
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    return subprocess.Popen([sys.executable, "-c", script], start_new_session=True, env=environment)


def test_a_dispatcher_outlives_its_starters_and_there_is_one(layout, ledger, workspace):
    starters = [starter(workspace), starter(workspace)]
    assert [process.wait(60) for process in starters] == [0, 0]

    wait_for(lambda: dispatcher_state(layout) == "running")
    wait_for(lambda: len(dispatchers_of(workspace)) == 1)

    job = submit(ledger)
    wait_for(lambda: ledger.job(job).state == "done")


def test_starting_again_after_an_idle_end_starts_a_new_one(layout, workspace, monkeypatch):
    config = Config(workspace=layout.workspace, stories=layout.stories)
    usual = launcher.dispatcher_command
    monkeypatch.setattr(launcher, "dispatcher_command", lambda config: [*usual(config), "--work", LIGHT_WORK])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert dispatcher_state(layout) == "stopped"
    start_dispatcher(config)
    wait_for(lambda: dispatcher_state(layout) == "running")
    (first,) = dispatchers_of(workspace)

    first.kill()
    wait_for(lambda: dispatcher_state(layout) == "stopped")
    start_dispatcher(config)

    wait_for(lambda: dispatcher_state(layout) == "running")
    (second,) = dispatchers_of(workspace)
    assert second.pid != first.pid


def test_a_torn_or_stale_presence_file_means_stopped(tmp_path):
    layout = Layout(tmp_path, tmp_path)
    path = layout.dispatcher_lock.with_suffix(".json")
    present = f'"pid": {os.getpid()}, "state": "running"'
    torn = ("", "{", "[]", '{"pid": 1}', "[" * 100_000, '{"pid": [], "started": 1, "state": "running"}')
    for content in (*torn, f'{{{present}, "started": 5.0}}', f'{{{present}, "started": 1{"0" * 400}}}'):
        path.write_text(content)

        assert dispatcher_state(layout) == "stopped", content[:60]
        assert not has_announced(layout, 1) or '"pid": 1}' in content


def test_a_dispatcher_that_cannot_start_is_not_started_over_and_over_and_says_why(layout, workspace, monkeypatch):
    config = Config(workspace=layout.workspace, stories=layout.stories)
    layout.ledger.mkdir(parents=True)  # no list of jobs can be opened there
    begun = []
    usual = launcher.start_begins
    monkeypatch.setattr(launcher, "start_begins", lambda layout: (begun.append(1), usual(layout)))

    until = time.monotonic() + 12
    while time.monotonic() < until and (trouble := start_trouble(layout)) is None:
        start_dispatcher(config)  # as pages do, every second
        time.sleep(0.2)

    assert 2 <= len(begun) <= 3
    assert trouble.reason and str(layout.ledger) in trouble.reason
