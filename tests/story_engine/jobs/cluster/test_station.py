import threading

import pytest

from story_engine.jobs.cluster import station as station_module
from story_engine.jobs.cluster.parcels import Errand, Studio
from story_engine.jobs.cluster.station import Station
from story_engine.jobs.orders import Order
from story_engine.jobs.queue.agent import AgentSettings
from story_engine.jobs.queue.child_process import ChildCommand
from story_engine.store.layout import Layout
from tests.story_engine.jobs.conftest import LIGHT_WORK, wait_for
from tests.story_engine.jobs.light_work import LightSpec, notes


@pytest.fixture
def station(tmp_path, monkeypatch):
    monkeypatch.setattr(station_module, "FORGOTTEN_SECONDS", 1.0)
    monkeypatch.setattr(station_module, "_WATCH_SECONDS", 0.1)
    layout = Layout(tmp_path / "worker", tmp_path / "stories")
    child = ChildCommand(workspace=layout.workspace, stories=layout.stories, work=LIGHT_WORK, idle_seconds=60)
    station = Station(layout, AgentSettings(child=child, devices=(None,), threads=1, logs=layout.logs))
    yield station
    station.close()


def test_an_errand_goes_on_while_it_is_asked_for_and_ends_once_its_dispatcher_is_gone(station, tmp_path):
    studio = Studio(id="a", workspace=str(tmp_path / "elsewhere"), stories="", token="t")
    order = Order(job=1, attempt=1, kind="render", spec=LightSpec(steps=10_000, seconds=0.05).model_dump_json())
    errand, homes = Errand(studio=studio, order=order, is_shared=False), []
    running = threading.Thread(target=lambda: homes.append(station.run(errand)))
    running.start()
    guest = Layout(tmp_path / "worker" / "cluster" / "0", None)

    def steps_while_asked():
        station.news(errand.key, ())
        return len([note for note in notes(guest) if note.startswith("step")])

    assert wait_for(lambda: steps_while_asked() > 40, seconds=30), "twice as long as it is remembered unasked"
    running.join(10)

    assert not running.is_alive() and homes[0].outcome.type == "cancelled"
    assert station.news(errand.key, ()).home == homes[0], "whoever asks next is told of its end"
    assert not station.news(errand.key, ()).is_known
    with station.ending("unknown") as ended:
        station.cancel("unknown", is_forced=False)
        assert ended.done(), "what will never begin is not waited for"
