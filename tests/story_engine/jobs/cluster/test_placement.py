import json
import os
import signal
import threading
from contextlib import contextmanager
from functools import partial

import pytest

from story_engine.config import read_config
from story_engine.jobs.cluster import placement, trip
from story_engine.jobs.cluster.placement import ClusterPlacement
from story_engine.jobs.queue.agent import AgentSettings
from story_engine.jobs.queue.child_process import ChildCommand
from story_engine.jobs.queue.cluster_notice import cluster_notice
from story_engine.jobs.queue.dispatching import Dispatcher, DispatcherSettings
from story_engine.jobs.queue.ledger import Ledger
from story_engine.store.layout import Layout
from story_engine.store.takes import TakeStore
from tests.story_engine.jobs.cluster.a_cluster import LIGHT_WORK, Certificates, Cluster
from tests.story_engine.jobs.conftest import submit, wait_for
from tests.story_engine.jobs.light_work import notes
from tests.story_engine.store.test_takes import a_recipe


class Studio:
    """A workspace with a dispatcher in this process, which sends its jobs to a cluster."""

    def __init__(self, folder, cluster, monkeypatch, *, certificates=None):
        environment = cluster.environment | (certificates.environment if certificates else {})
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        config = read_config(folder / "workspace")
        self.layout = Layout(config.workspace, folder / "stories")
        self.layout.logs.mkdir(parents=True)
        child = ChildCommand(
            workspace=self.layout.workspace, stories=self.layout.stories, work=LIGHT_WORK, idle_seconds=60
        )
        agent = AgentSettings(child=child, devices=(None,), threads=1, logs=self.layout.logs)
        places = partial(ClusterPlacement, config, self.layout)
        self.ledger = Ledger(self.layout)
        self.dispatcher = Dispatcher(self.layout, DispatcherSettings(agent=agent, idle_seconds=600, places=places))
        self.thread = threading.Thread(target=self.dispatcher.serve)
        self.thread.start()

    def ended(self, *jobs, seconds=60):
        wait_for(lambda: all(not self.ledger.job(job).is_active for job in jobs), seconds=seconds)
        return [self.ledger.job(job) for job in jobs]

    def notice(self):
        found = cluster_notice(self.layout)
        return None if found is None else found.code

    def end(self):
        self.dispatcher.stop()
        self.thread.join(60)
        self.ledger.close()


def registered(cluster, name):
    return "Registered to" in cluster.log(name)


@contextmanager
def cluster_of(folder, *workers, **options):
    cluster = Cluster(folder, **options)
    try:
        cluster.start_scheduler()
        for name in workers:
            cluster.start_worker(name)
        for name in workers:
            wait_for(partial(registered, cluster, name))
        yield cluster
    finally:
        cluster.end()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with cluster_of(tmp_path_factory.mktemp("cluster"), "one", "two") as cluster:
        yield cluster


@pytest.fixture
def studio(tmp_path, cluster, monkeypatch):
    studio = Studio(tmp_path, cluster, monkeypatch)
    yield studio
    studio.end()


def painted_by(cluster, name):
    return [
        line for line in notes(Layout(cluster.folder / f"workspace-{name}" / "cluster" / "0", None)) if "step" in line
    ]


def test_jobs_spread_over_workers_without_a_shared_folder_and_pictures_come_home(studio, cluster):
    # Longer than a second together: until both workers are known, one alone may take some.
    jobs = [submit(studio.ledger, number, steps=6, seconds=0.1) for number in range(6)]

    views = studio.ended(*jobs)

    assert [(view.state, view.attempt) for view in views] == [("done", 1)] * 6
    store = TakeStore(studio.layout)
    takes = store.takes("cat")["scene-1"]
    assert len(takes) == 6
    assert all(store.find("cat", "scene-1", take.id) is not None for take in takes)
    assert sorted(take.serial for take in takes) == [1, 2, 3, 4, 5, 6]
    assert painted_by(cluster, "one")
    assert painted_by(cluster, "two")
    assert not list((cluster.folder / "workspace-one").rglob("takes/*/*/*.png")), "nothing stays on a worker"


def test_what_a_worker_cannot_paint_is_held_with_the_reason_and_others_go_by(studio, monkeypatch):
    monkeypatch.setattr(placement, "PATIENCE_SECONDS", 0.5)
    wait_for(lambda: studio.dispatcher and studio.notice() is None)
    item = {"recipe": a_recipe(family="kolors", weights_hash="1" * 64).model_dump(mode="json")}
    hopeless = submit(studio.ledger, 20, priority=10, items=[item])
    other = submit(studio.ledger, 21, steps=1)

    view, after = studio.ended(hopeless, other)

    assert (view.state, view.error_code, view.error_values["family"]) == ("held", "cluster.no_weights", "kolors")
    assert after.state == "done"


def test_a_job_on_a_worker_is_stopped_within_a_second_and_fails_in_its_own_words(studio):
    long = submit(studio.ledger, 30, steps=1000, seconds=0.05)
    wait_for(lambda: studio.ledger.job(long).progress.step > 2)

    studio.ledger.request_cancel(long)
    (view,) = studio.ended(long, seconds=5)
    failed = submit(studio.ledger, 31, fail=True)
    crashing = submit(studio.ledger, 32, die_at=1)

    assert (view.state, view.error_code) == ("cancelled", "jobs.cancelled")
    views = studio.ended(failed, crashing)
    assert [(each.state, each.error_code) for each in views] == [("failed", "render.takes"), ("failed", "jobs.crashed")]
    assert studio.ledger.job(crashing).attempt == 3


def test_a_training_without_a_shared_folder_is_done_on_the_dispatchers_machine(studio):
    (view,) = studio.ended(submit(studio.ledger, 40, kind="train", steps=2))

    assert view.state == "done"
    assert any("trained" in line for line in notes(studio.layout))


def test_a_worker_that_hangs_is_left_and_given_work_again_once_it_answers(studio, cluster, monkeypatch):
    monkeypatch.setattr(trip, "SILENT_SECONDS", 1.0)
    monkeypatch.setattr(trip, "ANSWER_SECONDS", 0.5)
    jobs = [submit(studio.ledger, 50 + number, steps=20, seconds=0.1) for number in range(2)]
    wait_for(lambda: all(studio.ledger.job(job).progress.step > 1 for job in jobs))
    hanging = cluster.workers["one"]
    hanging.send_signal(signal.SIGSTOP)
    try:
        wait_for(lambda: studio.notice() == "cluster.worker_silent", seconds=20)
        views = studio.ended(*jobs)
        assert sorted((view.state, view.attempt) for view in views) == [("done", 1), ("done", 2)]
        begun = len(painted_by(cluster, "one"))
        stopped = submit(studio.ledger, 52, steps=1000, seconds=0.1)
        wait_for(lambda: studio.ledger.job(stopped).progress.step > 1)
        studio.ledger.request_cancel(stopped)
        assert studio.ended(stopped)[0].state == "cancelled"
    finally:
        hanging.send_signal(signal.SIGCONT)

    again = [submit(studio.ledger, 60 + number, steps=3, seconds=0.3) for number in range(6)]
    assert {(view.state, view.attempt) for view in studio.ended(*again)} == {("done", 1)}
    assert len(painted_by(cluster, "one")) > begun


def test_a_stop_does_not_wait_for_a_worker_that_hangs(studio, cluster, monkeypatch):
    monkeypatch.setattr(placement, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(trip, "ANSWER_SECONDS", 0.5)
    jobs = [submit(studio.ledger, 70 + number, steps=1000, seconds=0.1) for number in range(2)]
    wait_for(lambda: all(studio.ledger.job(job).progress.step > 1 for job in jobs))
    cluster.workers["two"].send_signal(signal.SIGSTOP)
    try:
        for job in jobs:
            studio.ledger.request_cancel(job)
        assert {view.state for view in studio.ended(*jobs, seconds=5)} == {"cancelled"}
    finally:
        cluster.workers["two"].send_signal(signal.SIGCONT)


@pytest.mark.thorough
def test_a_worker_that_is_killed_costs_one_attempt_and_a_word(tmp_path, monkeypatch):
    with cluster_of(tmp_path, "one", "two") as cluster:
        studio = Studio(tmp_path, cluster, monkeypatch)
        try:
            jobs = [submit(studio.ledger, number, steps=40, seconds=0.1) for number in range(2)]
            wait_for(lambda: all(studio.ledger.job(job).progress.step > 1 for job in jobs))

            os.killpg(cluster.workers["one"].pid, signal.SIGKILL)

            wait_for(lambda: studio.notice() == "cluster.worker_lost", seconds=20)
            views = studio.ended(*jobs)
            assert sorted((view.state, view.attempt) for view in views) == [("done", 1), ("done", 2)]
        finally:
            studio.end()


@pytest.mark.thorough
def test_after_a_restart_of_the_scheduler_every_job_ends_once(tmp_path, monkeypatch):
    with cluster_of(tmp_path, "one", "two") as cluster:
        studio = Studio(tmp_path, cluster, monkeypatch)
        try:
            jobs = [submit(studio.ledger, number, steps=10, seconds=0.1) for number in range(6)]
            wait_for(lambda: any(studio.ledger.job(job).progress.step > 1 for job in jobs))

            cluster.scheduler.kill()
            cluster.scheduler.wait()
            wait_for(lambda: studio.notice() == "cluster.unreachable", seconds=30)
            # A worker that loses its scheduler ends, and its supervisor starts it again.
            for worker in cluster.workers.values():
                worker.wait(60)
            cluster.start_scheduler()
            for name in ("one", "two"):
                cluster.start_worker(name)

            views = studio.ended(*jobs, seconds=90)
            assert {view.state for view in views} == {"done"}
            assert len(TakeStore(studio.layout).takes("cat")["scene-1"]) == 6
        finally:
            studio.end()


@pytest.mark.thorough
def test_a_machine_that_sees_the_workspace_works_in_it_and_trains_on_its_devices_alone(tmp_path, monkeypatch):
    with cluster_of(tmp_path) as cluster:
        cluster.start_worker("big", devices=2, shares_folder=True)
        studio = Studio(tmp_path, cluster, monkeypatch)
        try:
            wait_for(lambda: cluster_notice(studio.layout) is None)
            wait_for(lambda: studio.layout.cluster_token.exists())
            renders = [submit(studio.ledger, number, steps=5, seconds=0.1) for number in range(2)]
            training = submit(studio.ledger, 50, kind="train", steps=20, tokens=2, seconds=0.05)
            later = submit(studio.ledger, 51, steps=1)

            assert {view.state for view in studio.ended(*renders, training, later)} == {"done"}
            lines = [line.split() for line in notes(studio.layout)]
            steps = [(words[0], int(words[1])) for words in lines if words[0] in ("step", "trained")]
            first, last = (
                [place for place, (what, _) in enumerate(steps) if what == "trained"][edge] for edge in (0, -1)
            )
            assert {what for what, _ in steps[first:last]} == {"trained"}, "nothing renders beside it"
        finally:
            studio.end()


@pytest.mark.thorough
def test_wrong_certificates_are_told_instead_of_waited_for(tmp_path, monkeypatch):
    with cluster_of(tmp_path) as cluster:
        wait_for(lambda: "Scheduler at" in cluster.log("scheduler"))
        studio = Studio(tmp_path, cluster, monkeypatch, certificates=Certificates(tmp_path / "others"))
        try:
            wait_for(lambda: studio.notice() == "cluster.certificate_refused", seconds=20)
            told = json.loads(studio.layout.cluster_notice.read_text())
            assert "certificate" in told["values"]["reason"].lower()
        finally:
            studio.end()
