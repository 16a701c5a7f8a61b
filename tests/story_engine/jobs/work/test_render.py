import dataclasses

import pytest
import torch
from PIL import Image

from story_engine.catalog.families import families
from story_engine.domain.job_spec import RenderItem, RenderSpec
from story_engine.domain.recipe import Recipe
from story_engine.errors import Cancelled, ChooseAnother, MadeWay, Wait
from story_engine.inference import render as render_module
from story_engine.jobs.work import render
from story_engine.store.members import MemberLayout
from story_engine.store.takes import TakeStore
from tests.story_engine.inference.small_preview import small_workspace
from tests.story_engine.jobs.conftest import Dispatchers, wait_for

JOB = 7


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    # The networks are so small that threads only wait for each other.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORY_STUDIO_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("small"))


@pytest.fixture
def told():
    return []


def an_item(layout, scene, seed, **fields):
    family = families(layout)["preview"]
    usual = {
        "prompt": "一只小猫",
        "negative": "",
        "seed": seed,
        "sampler": "ddim",
        "steps": 2,
        "cfg_scale": 4.0,
        "width": 256,
        "height": 256,
        "noise": "cpu",
        "family": "preview",
        "weights_hash": family.weights_hash,
        "precision": family.precision,
    }
    recipe = Recipe(**(usual | fields))
    return RenderItem(scene=scene, number=0, recipe=recipe, written_prompt="小猫")


def a_spec(layout, story, *seeds, is_sweep=False, **fields):
    items = tuple(an_item(layout, f"scene-{seed}", seed, **fields) for seed in seeds)
    return RenderSpec(story=story, items=items, score=False, sweep=is_sweep)


def painted(layout, spec, *, report, should_stop=lambda: False):
    return render.run(spec, job=JOB, report=report, should_stop=should_stop, layout=layout)


def test_a_board_is_painted_stored_and_told_step_by_step(layout, told):
    result = painted(layout, a_spec(layout, "board", 1, 2, steps=3), report=told.append)

    takes = TakeStore(layout).takes("board")
    assert result.found == 0
    assert [item.take for item in result.takes] == [takes["scene-1"][0].id, takes["scene-2"][0].id]
    take = takes["scene-1"][0]
    assert take.written_prompt == "小猫" and take.seconds > 0 and take.made_with["device"]
    assert TakeStore(layout).fault(take) is None
    with Image.open(TakeStore(layout).picture(take)) as picture:
        assert picture.size == (256, 256) and "一只小猫" in picture.text["parameters"]
    painting = [progress for progress in told if progress.stage == "denoising" and progress.step]
    assert painting[-1].step == painting[-1].total
    assert painting[-1].seconds_per_step > 0 and painting[-1].eta_seconds == 0
    assert set(painting[-1].scenes) <= {"scene-1", "scene-2"}


def test_previews_of_the_latents_lie_where_the_progress_says(layout, told):
    seen = {}

    def report(progress):
        for scene, path in (progress.previews or {}).items():
            with Image.open(layout.workspace / path) as picture:
                seen[scene] = picture.size

    painted(layout, a_spec(layout, "previews", 3, steps=5), report=report)

    assert set(seen) == {"scene-3"} and max(seen["scene-3"]) <= 256


def test_previews_of_a_sweep_lie_by_take_and_do_not_cover_the_scene_s_panel(layout, told):
    spec = a_spec(layout, "swept", 3, steps=5, is_sweep=True)
    seen = set()

    def report(progress):
        assert not progress.previews
        seen.update(path.stem for path in layout.live(JOB).glob("*.jpg"))

    painted(layout, spec, report=report)

    assert seen == {take.id for takes in TakeStore(layout).takes("swept").values() for take in takes}
    assert not list(layout.live(JOB).glob("*.jpg"))


def test_a_stopped_render_keeps_what_is_finished_and_goes_on_from_there(layout, told):
    items = (an_item(layout, "scene-4", 4), an_item(layout, "scene-5", 5, width=320))  # another size is another batch
    spec = RenderSpec(story="stopped", items=items, score=False)
    store = TakeStore(layout)

    with pytest.raises(Cancelled):
        painted(layout, spec, report=told.append, should_stop=lambda: bool(store.takes("stopped")))
    (kept,) = store.takes("stopped").values()
    again = painted(layout, spec, report=told.append)

    assert again.found == 1 and len(again.takes) == 1
    assert kept[0] in store.takes("stopped")[kept[0].scene]


def test_a_device_that_fails_in_the_middle_loses_no_finished_picture(layout, told, monkeypatch):
    items = (an_item(layout, "scene-4", 4), an_item(layout, "scene-5", 5, width=320))
    spec = RenderSpec(story="lost", items=items, score=False)
    real, calls = render_module.denoise, []

    def denoise(*given, **settings):
        calls.append(1)
        if len(calls) == 2:
            raise torch.AcceleratorError("CUDA error: unspecified launch failure")
        return real(*given, **settings)

    monkeypatch.setattr(render_module, "denoise", denoise)
    with pytest.raises(torch.AcceleratorError):  # not taken for memory that ran out: the child is replaced
        painted(layout, spec, report=told.append)
    again = painted(layout, spec, report=told.append)

    assert (again.found, len(again.takes), len(calls)) == (1, 1, 3)


def test_painting_again_finds_every_take_and_paints_nothing(layout, told):
    spec = a_spec(layout, "again", 6)
    painted(layout, spec, report=told.append)
    (before,) = TakeStore(layout).takes("again").values()
    told.clear()

    result = painted(layout, spec, report=told.append)

    assert (result.takes, result.found, told) == ((), 1, [])
    assert TakeStore(layout).takes("again") == {"scene-6": before}


def test_one_recipe_gives_one_picture_in_whatever_board_it_is(layout, told):
    painted(layout, a_spec(layout, "alone", 8), report=told.append)
    painted(layout, a_spec(layout, "other", 8), report=told.append)

    store = TakeStore(layout)
    alone, other = (Image.open(store.picture(store.takes(story)["scene-8"][0])) for story in ("alone", "other"))
    assert alone.tobytes() == other.tobytes()


def test_weights_that_are_not_here_are_told(layout, told):
    with pytest.raises(ChooseAnother):
        painted(layout, a_spec(layout, "w", 9, weights_hash="0" * 64), report=told.append)


def test_warming_up_loads_the_model_that_is_here(layout):
    render.warm_up(layout)

    assert render._renderer(layout)._networks is not None


def test_the_whole_way_through_dispatcher_and_child(layout):
    from story_engine.jobs.kinds import STANDARD
    from story_engine.jobs.queue.ledger import Ledger

    dispatchers, ledger = Dispatchers(layout), Ledger(layout)
    spec = a_spec(layout, "whole-way", 10, 11)
    try:
        dispatchers.start(work=STANDARD)
        job = ledger.submit(spec, key="k", priority=0, user="me", story="whole-way", scenes=("scene-10", "scene-11"))
        wait_for(lambda: not ledger.job(job).is_active, seconds=120)
    finally:
        dispatchers.end()
        ledger.close()

    view = ledger.job(job)
    assert view.state == "done", (view.error_code, view.error_values)
    assert [take.recipe.seed for takes in TakeStore(layout).takes("whole-way").values() for take in takes] == [10, 11]
    assert dataclasses.asdict(view.progress)["total"] > 0
    assert not layout.live(job).exists()


def test_scores_that_cannot_be_written_and_takes_deleted_meanwhile_fail_no_render(layout, told):
    """The picture is what was asked for: it stays, and the result says that it was not scored."""
    spec = a_spec(layout, "unscored", 41, 42).model_copy(update={"score": True})
    layout.scores.write_text("a file where the folder should be")
    try:
        result = painted(layout, spec, report=told.append)
    finally:
        layout.scores.unlink()

    assert len(TakeStore(layout).takes("unscored")) == 2
    assert result.not_scored is not None and "scores" in str(result.not_scored)

    def deletes_one(progress):
        if progress.stage == "scoring":
            take = TakeStore(layout).takes("vanishing")["scene-43"][0]
            TakeStore(layout).delete("vanishing", "scene-43", take.id)

    spec = a_spec(layout, "vanishing", 43, 44).model_copy(update={"score": True})
    result = painted(layout, spec, report=deletes_one)

    assert result.not_scored is None
    assert list(TakeStore(layout).takes("vanishing")) == ["scene-44"]


def test_a_job_makes_way_between_its_pictures_and_paints_the_rest_at_its_next_turn(layout, told, monkeypatch):
    monkeypatch.setattr("story_engine.inference.render.painted_together", lambda *_: 1)
    spec = a_spec(layout, "polite", 1, 2, 3)
    asked = {"job": JOB, "report": told.append, "should_stop": lambda: False, "layout": layout}

    with pytest.raises(MadeWay):
        render.run(spec, should_pause=lambda: True, **asked)

    assert len(TakeStore(layout).takes("polite")) == 1, "a picture that was begun is finished, no other one is begun"
    assert told[-1].step == 2
    result = render.run(spec, should_pause=lambda: False, **asked)
    assert (result.found, len(result.takes)) == (1, 2)


def test_a_share_of_the_disk_that_is_used_up_in_the_middle_ends_the_job_and_keeps_what_was_made(
    layout, tmp_path, told, monkeypatch
):
    monkeypatch.setattr("story_engine.inference.render.painted_together", lambda *_: 1)
    monkeypatch.setattr("story_engine.store.disk_share.LOOK_SECONDS", 0.0)
    monkeypatch.setenv("STORY_STUDIO_USER_DISK_GB", "1")
    mine = MemberLayout(tmp_path / "me" / "workspace", tmp_path / "me" / "stories", layout)
    spec = a_spec(layout, "large", 1, 2, 3)
    mine.workspace.mkdir(parents=True)

    def fills_up(progress):
        with (mine.workspace / "dataset").open("wb") as file:
            file.truncate(1_300_000_000)

    with pytest.raises(Wait) as ended:
        painted(mine, spec, report=fills_up)

    assert (ended.value.code, ended.value.values) == ("members.share_used_up", {"used": "1.3", "limit": 1})
    assert len(TakeStore(mine).takes("large")) == 1
    assert len(painted(layout, spec, report=told.append).takes) == 3, "outside of a class nobody counts"


def test_a_class_shares_the_networks_and_each_is_given_their_own_loras(layout, tmp_path):
    one, other = (
        MemberLayout(tmp_path / name / "workspace", tmp_path / name / "stories", layout) for name in ("one", "other")
    )

    first = render._renderer(one)
    second = render._renderer(other)

    assert first is second is render._renderer(one)
    assert second._layout == one
    assert {each._layout for each in (second._loras, second._references)} == {one}
