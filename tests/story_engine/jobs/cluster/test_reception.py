import pytest

from story_engine.domain.job import Progress
from story_engine.domain.job_result import RenderResult
from story_engine.domain.job_spec import RenderItem, RenderSpec, read_spec
from story_engine.domain.take import Score
from story_engine.errors import FixInput
from story_engine.jobs.cluster.finished import Finished
from story_engine.jobs.cluster.parcels import Homecoming, TakeParcel
from story_engine.jobs.cluster.reception import Reception
from story_engine.jobs.orders import Done, Lost, Order
from story_engine.store.layout import Layout
from story_engine.store.scores import ScoreStore
from story_engine.store.takes import TakeStore
from tests.story_engine.store.test_takes import a_picture, a_recipe, a_take


@pytest.fixture
def guest(tmp_path):
    return Layout(tmp_path / "worker" / "cluster" / "0", tmp_path / "stories")


@pytest.fixture
def home(tmp_path):
    return Layout(tmp_path / "home", tmp_path / "stories")


def test_what_a_worker_has_finished_comes_home_byte_for_byte_once(guest, home):
    stored = TakeStore(guest).add(a_take(), a_picture(), {"parameters": "小猫"})
    live = guest.live(7) / "f.jpg"
    live.parent.mkdir(parents=True)
    live.write_bytes(b"jpeg")
    progress = Progress(stage="denoising", previews={"scene-1": "cache/live/7/f.jpg"})
    finished, reception = Finished(guest, 7), Reception(home)

    news = finished.news(progress, have=())
    shown = reception.take_in(12, news)

    assert TakeStore(home).picture(stored).read_bytes() == TakeStore(guest).picture(stored).read_bytes()
    assert shown.previews == {"scene-1": "cache/live/12/f.jpg"}
    assert (home.live(12) / "f.jpg").read_bytes() == b"jpeg"
    again = finished.news(progress, have=tuple(news.takes))
    assert (again.takes, again.previews) == ({}, {})
    assert finished.homecoming(Lost(job=7, attempt=1)).takes == {}


def test_scores_come_home_and_the_guest_workspace_is_empty_for_the_next(guest, home):
    score = Score(picture_sha256="a" * 64, scorer="preview", scorer_version="1", value=5.5)
    ScoreStore(guest).add([score])
    TakeStore(guest).add(a_take(), a_picture(), {})
    finished = Finished(guest, 7)

    Reception(home).take_in_all(finished.homecoming(Lost(job=7, attempt=1)))
    finished.clear()

    assert ScoreStore(home).scores("preview", "1") == {"a" * 64: 5.5}
    assert len(TakeStore(home).takes("cat")["scene-1"]) == 1
    assert not list(guest.workspace.rglob("*.png"))
    assert ScoreStore(guest).scores("preview", "1") == {}


def test_a_picture_that_is_not_what_its_record_promises_or_leads_elsewhere_is_refused(home):
    take = a_take(picture_sha256="0" * 64)
    outside = a_take(story="../../out", picture_sha256="0" * 64)
    for each in (take, outside):
        parcel = TakeParcel(record=each.model_dump_json().encode(), png=b"png", thumbnail=b"jpg")
        with pytest.raises(FixInput):
            Reception(home).take_in_all(Homecoming(outcome=Lost(job=1, attempt=1), takes={each.id: parcel}))
    assert not list(home.workspace.rglob("*.png"))


def test_a_worker_is_not_asked_for_pictures_that_are_here(home):
    here = TakeStore(home).add(a_take(), a_picture(), {})
    items = (
        RenderItem(scene="scene-1", number=0, recipe=here.recipe),
        RenderItem(scene="scene-1", number=1, recipe=a_recipe(seed=8)),
    )
    order = Order(job=1, attempt=2, kind="render", spec=RenderSpec(story="cat", items=items).model_dump_json())
    reception = Reception(home)

    fewer, found = reception.without_finished(order)

    assert (found, [item.number for item in read_spec(fewer.spec).items]) == (1, [1])
    done = reception.with_found(Done(job=1, attempt=2, result=RenderResult(takes=())), found)
    assert done.result.found == 1
