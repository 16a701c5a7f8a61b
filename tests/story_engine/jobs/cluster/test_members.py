"""What is done when the scheduler ends or is another one, or a worker does not answer: without dask."""

import time
from dataclasses import replace

import pytest

from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.jobs.cluster import members as members_module
from story_engine.jobs.cluster.members import Member, Members
from story_engine.jobs.cluster.needs import Needs
from story_engine.jobs.cluster.parcels import Card, Studio
from story_engine.jobs.queue.cluster_address import ClusterAddress
from story_engine.jobs.queue.cluster_notice import cluster_notice
from tests.story_engine.jobs.conftest import wait_for

CARD = Card(machine="gpu-1", tokens=1, families={}, is_shared=False)


class Scheduler:
    """Stands for a scheduler with one worker, and for every connection to it."""

    def __init__(self):
        self.card = CARD
        self.trouble, self.answers, self.connections = None, True, 0
        self.meanwhile = lambda function: None
        self.worker = "tls://10.0.0.2:1"

    def __call__(self, address):
        self.connections += 1
        return self

    def workers(self):
        if self.trouble is not None:
            raise self.trouble
        return {self.worker: {}} if self.worker else {}

    def ask(self, worker, function, *given, seconds):
        if not self.answers:
            raise OSError("no answer within 600 s")
        self.meanwhile(function)
        return self.card

    def close(self):
        pass


@pytest.fixture
def scheduler(monkeypatch):
    scheduler = Scheduler()
    monkeypatch.setattr(members_module, "Connection", scheduler)
    monkeypatch.setattr(members_module, "probe", lambda address: None)
    monkeypatch.setattr(members_module, "LOOK_SECONDS", 0.02)
    return scheduler


@pytest.fixture
def lost():
    return []


@pytest.fixture
def members(layout, scheduler, lost):
    address = ClusterAddress(url="tls://10.0.0.1:8786", host="10.0.0.1", port=8786)
    studio = Studio(id="a", workspace=str(layout.workspace), stories="", token="t")
    members = Members(layout, address, studio, lambda orders, machine: lost.append((orders, machine)))
    wait_for(lambda: members.members)
    yield members
    members.close()


def test_recipes_are_made_for_the_gpus_of_the_workers_and_not_for_the_machine_of_the_pages(
    members, scheduler, layout, monkeypatch
):
    monkeypatch.setattr(members_module, "FRESH_SECONDS", 0.05)
    pages = open_services(Config(workspace=layout.workspace, stories=layout.stories, scheduler="tls://10.0.0.1:8786"))
    alone = open_services(Config(workspace=layout.workspace, stories=layout.stories))
    assert pages.families()["kolors"].precision == "float32"

    scheduler.card = replace(CARD, device="cuda", families={"kolors": "w"}, precisions={"kolors": "float16"})
    wait_for(lambda: pages.families()["kolors"].precision == "float16")

    assert alone.families()["kolors"].precision == "float32"
    again = open_services(Config(workspace=layout.workspace, stories=layout.stories, scheduler="tls://10.0.0.1:8786"))
    assert (again.device, alone.device) == ("cuda", "cpu")
    half = Needs(kind="render", tokens=1, families=(("kolors", "w"),), is_for_gpu=True)
    wait_for(lambda: members.members[scheduler.worker].can(half))
    assert not Member("b", replace(scheduler.card, device="cpu")).can(half)


def test_a_scheduler_that_was_restarted_gives_orders_back_without_blame_and_its_workers_are_met_again(
    members, scheduler, layout, lost
):
    members.members[scheduler.worker].held[7, 1] = 1
    scheduler.worker = "tls://10.0.0.2:2"  # workers end with their scheduler, and come back with another port

    scheduler.trouble = OSError("the scheduler was restarted")
    wait_for(lambda: lost)
    assert cluster_notice(layout).code == "cluster.unreachable"
    assert "the scheduler was restarted" in cluster_notice(layout).text("en")
    scheduler.trouble = None

    wait_for(lambda: scheduler.worker in members.members)
    assert lost[0] == ([(7, 1)], "") and scheduler.connections == 2
    wait_for(lambda: cluster_notice(layout) is None)


def test_a_worker_that_hangs_is_given_nothing_and_pages_say_so_until_it_answers(
    members, scheduler, layout, monkeypatch
):
    monkeypatch.setattr(members_module, "MISSED_SECONDS", 0.0)
    monkeypatch.setattr(members_module, "FRESH_SECONDS", 0.05)
    scheduler.answers = False
    member = members.members[scheduler.worker]
    with members.lock:
        member.missed, member.left_behind = 1, ["errand"]
    members.hangs(member)

    wait_for(lambda: cluster_notice(layout) is not None)
    assert cluster_notice(layout).code == "cluster.worker_silent"
    assert cluster_notice(layout).values == {"machine": "gpu-1", "count": 1, "left": 0}
    time.sleep(0.2)
    assert (member.free, cluster_notice(layout).code) == (0, "cluster.worker_silent"), "however often it is asked"
    scheduler.answers = True

    wait_for(lambda: cluster_notice(layout) is None)
    assert (member.free, member.left_behind) == (1, [])


def test_an_answer_to_what_was_asked_before_it_hung_does_not_bring_a_worker_back(members, scheduler, monkeypatch):
    monkeypatch.setattr(members_module, "FRESH_SECONDS", 0.05)
    member, asked = members.members[scheduler.worker], []

    def hangs_meanwhile(function):
        if not asked:
            member.missed, member.left_behind = 1, ["errand"]
        asked.append((function.__name__, member.missed))

    scheduler.meanwhile = hangs_meanwhile

    wait_for(lambda: len(asked) > 3)
    # Its errand is ended first, and only the answer to what is asked then brings it back.
    assert asked[:3] == [("describe", 1), ("cancel", 1), ("describe", 1)]
    wait_for(lambda: member.free == 1)
