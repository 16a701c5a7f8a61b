from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from story_engine.bootstrap import open_engine
from story_engine.config import Config
from story_engine.domain.edit import Edit
from story_engine.domain.run import TrainedPicture
from story_engine.domain.story import LoraUse, Settings
from story_engine.domain.sweep import Axis, Sweep
from story_engine.domain.take import Score
from story_engine.domain.training import TrainingSpec
from story_engine.errors import ChooseAnother, FixInput, InvalidInput, StandInNeeded
from story_engine.flows.sweep import MOST_IN_A_JOB, planned
from story_engine.flows.sweep_picture import as_grid
from story_engine.formats import lettering
from story_engine.formats.labelled_grid import texts_of
from tests.builders import a_take

STORY = "cat"
TRAINED = TrainedPicture(file="1.png", sha256="0" * 64, caption="ink, a cat", width=256, height=256)


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    engine = open_engine(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))
    assert engine.create("cat") == STORY
    change(engine, "prompt", "an orange kitten", scene="s1")
    change(engine, "seed", 5, scene="s1")
    return engine


def change(engine, field, value, *, scene=None):
    story = engine.story(STORY)
    seen = getattr(story.scene(scene) if scene else story, field)
    engine.edit(STORY, [Edit(scene=scene, field=field, value=value, seen=seen)])


def with_lora(engine, *names):
    folder = engine.config.workspace / "loras"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.safetensors").write_bytes(name.encode())


def a_sweep(x, y=None, **changes):
    axes = {"x": Axis(kind=x[0], values=tuple(x[1:])), "y": y and Axis(kind=y[0], values=tuple(y[1:]))}
    return Sweep(**({"scene": "s1"} | axes | changes))


def recipes_in(engine, job):
    return [item.recipe for item in engine.services.ledger.spec(job).items]


def finish(engine, *, but=0):
    """What a dispatcher would do with the queue: takes of the queued recipes, in order."""
    made = []
    for job in engine.jobs(story=STORY):
        for recipe in recipes_in(engine, job.id):
            made.append((job.id, recipe))
    for _, recipe in made[: len(made) - but]:
        picture = Image.new("RGB", (64, 64), (recipe.seed * 20 % 255, recipe.steps, 90))
        made_at = "2026-11-21T09:00:00Z"
        engine.services.takes.add(a_take(recipe, story=STORY, scene="s1", created_at=made_at), picture, {})


def score(engine, take, value, *, scorer=None):
    present = engine.services.present_scorer()
    name, version = scorer or (present.name, present.version)
    engine.services.scores.add(
        [Score(picture_sha256=take.picture_sha256, scorer=name, scorer_version=version, value=value)]
    )


def test_a_cell_is_the_take_that_a_render_with_its_settings_makes(engine):
    sweep = a_sweep(("seed", 5, 6), ("steps", 7, 9))
    engine.sweeps.paint(STORY, sweep)
    cells = {recipe.digest for job in engine.jobs(story=STORY) for recipe in recipes_in(engine, job.id)}

    rendered = engine.render(STORY, scenes=["s1"], takes=2, overrides={"steps": 9}).job

    assert {recipe.digest for recipe in recipes_in(engine, rendered)} < cells


def test_cells_are_found_again_however_they_were_painted(engine):
    engine.render(STORY, scenes=["s1"], takes=2)
    finish(engine)

    view = engine.sweeps.view(STORY, a_sweep(("seed", 5, 6, 7)))

    assert [cell.state for cell in view.rows[0]] == ["done", "done", "missing"]
    assert (view.done, view.missing) == (2, 1)


def test_a_sweep_waits_behind_boards_and_single_panels(engine):
    first = engine.sweeps.paint(STORY, a_sweep(("seed", *range(4)))).job
    board = engine.render(STORY, scenes=["s1"], overrides={"steps": 3}).job

    rows = engine.services.ledger._read("SELECT id, priority FROM jobs ORDER BY priority DESC", {})

    assert [row["id"] for row in rows] == [board, first]


def test_a_long_sweep_lets_others_in_between(engine):
    engine.sweeps.paint(STORY, a_sweep(("seed", *range(20))))

    sizes = [len(recipes_in(engine, job.id)) for job in engine.jobs(story=STORY)]

    assert sizes == [MOST_IN_A_JOB, MOST_IN_A_JOB, 4]


def test_painting_twice_queues_once_and_resumes_where_it_was_stopped(engine):
    sweep = a_sweep(("seed", *range(10)))
    assert engine.sweeps.paint(STORY, sweep).queued == 10
    assert engine.sweeps.paint(STORY, sweep).queued == 0
    finish(engine, but=3)

    assert engine.sweeps.cancel(STORY, sweep) == 2
    view = engine.sweeps.view(STORY, sweep)
    again = engine.sweeps.paint(STORY, sweep)

    assert (view.done, view.missing, view.queued) == (7, 3, 0)
    assert (again.queued, again.found) == (3, 7)


def test_cancelling_a_sweep_lets_a_board_s_render_go_on(engine):
    board = engine.render(STORY, scenes=["s1"]).job
    sweep = a_sweep(("seed", 5, 6))
    engine.sweeps.paint(STORY, sweep)

    engine.sweeps.cancel(STORY, sweep)

    assert [job.id for job in engine.jobs(story=STORY)] == [board]
    assert [cell.state for cell in engine.sweeps.view(STORY, sweep).rows[0]] == ["waiting", "missing"]


def test_cells_of_one_recipe_are_one_picture(engine):
    with_lora(engine, "ink")
    sweep = a_sweep(("strength", 0.0, 0.5, 1.0), ("lora", "", "ink"))

    assert engine.sweeps.view(STORY, sweep).pictures == 3
    assert engine.sweeps.paint(STORY, sweep).queued == 3


def test_the_best_cell_is_marked_by_the_present_scorer_alone(engine):
    sweep = a_sweep(("seed", 5, 6, 7))
    engine.sweeps.paint(STORY, sweep)
    finish(engine)
    takes = [cell.take for cell in engine.sweeps.view(STORY, sweep).rows[0]]
    score(engine, takes[0], 4.0)
    score(engine, takes[1], 5.0)
    score(engine, takes[2], 9.0, scorer=("aesthetic", "other"))

    view = engine.sweeps.view(STORY, sweep)

    assert [cell.is_best for cell in view.rows[0]] == [False, True, False]
    assert [cell.score for cell in view.rows[0]] == [4.0, 5.0, None]
    assert view.unscored == 1


def test_the_time_is_reckoned_from_pictures_that_this_story_has(engine):
    sweep = a_sweep(("steps", 20, 40))
    assert engine.sweeps.view(STORY, sweep).seconds is None
    engine.render(STORY, scenes=["s1"], overrides={"steps": 10})
    finish(engine)  # a second each

    assert engine.sweeps.view(STORY, sweep).seconds == pytest.approx(6.0)


def test_a_chosen_cell_is_marked(engine):
    sweep = a_sweep(("seed", 5, 6))
    engine.sweeps.paint(STORY, sweep)
    finish(engine)
    chosen = engine.sweeps.view(STORY, sweep).rows[0][1].take.id

    engine.pick(STORY, "s1", chosen)

    assert [cell.is_picked for cell in engine.sweeps.view(STORY, sweep).rows[0]] == [False, True]


def test_settings_and_loras_of_a_cell_become_the_story_s_and_undo_takes_them_back(engine):
    with_lora(engine, "ink")
    change(engine, "loras", (), scene="s1")
    before = engine.story(STORY)
    sweep = a_sweep(("strength", 0.25, 0.75), ("sampler", "ddim", "euler"), lora="ink")
    engine.sweeps.paint(STORY, sweep)
    finish(engine)
    cell = engine.sweeps.view(STORY, sweep).rows[1][1]

    after = engine.sweeps.send(STORY, "s1", cell.take.id)

    assert after.settings == Settings(sampler="euler")
    assert after.loras == (LoraUse(name="ink", strength=0.75),)
    assert after.scene("s1").loras is None
    assert (after.scene("s1").prompt, after.scene("s1").seed) == ("an orange kitten", 5)
    engine.go_back_to(STORY, before.revision)
    assert engine.story(STORY).loras == () and engine.story(STORY).settings == before.settings


def test_a_lora_that_is_another_file_now_is_not_sent(engine):
    with_lora(engine, "ink")
    sweep = a_sweep(("strength", 1.0), lora="ink")
    engine.sweeps.paint(STORY, sweep)
    finish(engine)
    cell = engine.sweeps.view(STORY, sweep).rows[0][0]
    (engine.config.workspace / "loras" / "ink.safetensors").write_bytes(b"trained again, and longer")

    with pytest.raises(ChooseAnother, match="ink"):
        engine.sweeps.send(STORY, "s1", cell.take.id)


def test_a_stand_in_can_be_compared_in_everything_but_loras(engine):
    with_lora(engine, "ink")
    change(engine, "settings", Settings(family="kolors", stand_in="preview", steps=50, cfg_scale=7.0))
    change(engine, "loras", (LoraUse(name="ink"),))
    sweep = a_sweep(("steps", 7, 9), ("seed", 5))

    view = engine.sweeps.view(STORY, sweep)

    assert (view.family, view.stand_in_for) == ("preview", "kolors")
    assert [cell.recipe.steps for cell in view.rows[0]] == [7, 9]
    assert all(cell.recipe.loras == () and cell.recipe.cfg_scale != 7.0 for cell in view.rows[0])
    reading = engine.sweeps.read(STORY, "s1", x=("strength", "0-1"), y=("lora", "none, ink"))
    assert [problem.code for problem in reading.problems] == ["sweep.stand_in"]
    assert "kolors" in reading.problems[0].text("en") and "preview" in reading.problems[0].text("zh")


def test_a_stand_in_s_own_picture_is_the_same_take_in_a_sweep(engine):
    change(engine, "settings", Settings(family="kolors", stand_in="preview", steps=50))
    engine.render(STORY, scenes=["s1"])
    finish(engine)

    assert engine.sweeps.view(STORY, a_sweep(("seed", 5))).done == 1


def test_settings_of_a_stand_in_s_cell_are_not_sent_to_a_story_of_another_model(engine):
    change(engine, "settings", Settings(family="kolors", stand_in="preview"))
    sweep = a_sweep(("steps", 7))
    engine.sweeps.paint(STORY, sweep)
    finish(engine)

    with pytest.raises(ChooseAnother, match="painted by preview"):
        engine.sweeps.send(STORY, "s1", engine.sweeps.view(STORY, sweep).rows[0][0].take.id)


def test_a_stand_in_is_asked_for_before_anything_is_compared(engine):
    change(engine, "settings", Settings(family="kolors"))

    with pytest.raises(StandInNeeded):
        engine.sweeps.choices(STORY, "s1")


def test_everything_wrong_with_both_axes_is_said_at_once(engine):
    reading = engine.sweeps.read(STORY, "s1", x=("seed", "x, -1"), y=("steps", "0"), lora="nothing")

    assert reading.sweep is None
    assert [problem.code for problem in reading.problems] == [
        "sweep.not_understood",
        "sweep.out_of_range",
        "sweep.out_of_range",
        "sweep.unknown_lora",
    ]


@pytest.mark.parametrize(
    ("x", "code"),
    [
        (("strength", "0-1"), "sweep.no_lora"),
        (("checkpoint", "all"), "sweep.no_run"),
        (("size", "1"), "sweep.unknown_axis"),
        (("lora", "ink"), "sweep.unknown_lora"),
    ],
)
def test_an_axis_without_what_it_needs_says_what_to_do(engine, x, code):
    assert [problem.code for problem in engine.sweeps.read(STORY, "s1", x=x).problems] == [code]


def test_a_scene_without_words_is_refused_by_name(engine):
    with pytest.raises(FixInput, match="no prompt yet"):
        engine.sweeps.view(STORY, a_sweep(("seed", 1), scene="s2"))


def test_a_scene_that_is_gone_is_named(engine):
    with pytest.raises(ChooseAnother, match="s99"):
        engine.sweeps.view(STORY, a_sweep(("seed", 1), scene="s99"))


def test_too_many_cells_are_refused(engine):
    with pytest.raises(InvalidInput, match="at most 64"):
        planned(engine.services, STORY, a_sweep(("seed", *range(9)), ("steps", *range(1, 9))))


def test_the_last_sweep_and_the_painted_ones_are_remembered(engine):
    one, two = a_sweep(("seed", 1)), a_sweep(("seed", 2))
    engine.sweeps.paint(STORY, one)
    engine.sweeps.paint(STORY, two)
    engine.sweeps.remember(STORY, one)

    assert engine.sweeps.remembered(STORY).last == one
    assert engine.sweeps.remembered(STORY).painted == (two, one)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"last": {"scene": 1}}', b"\xff"])
def test_a_memory_damaged_by_hand_is_passed_over(engine, content):
    path = engine.config.workspace / "sweeps" / f"{STORY}.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    assert engine.sweeps.remembered(STORY).last is None


def test_the_grid_comes_out_as_one_labelled_picture(engine):
    sweep = a_sweep(("seed", 5, 6), ("steps", 7, 9))
    with pytest.raises(FixInput, match="Paint the grid"):
        engine.sweeps.picture(STORY, sweep, language="zh")
    engine.sweeps.paint(STORY, sweep)
    finish(engine, but=1)

    for language in ("zh", "en"):
        with Image.open(io.BytesIO(engine.sweeps.picture(STORY, sweep, language=language))) as picture:
            assert picture.width > 512 and picture.height > 512
            assert json.loads(picture.text["story_studio_grid"])["scene"] == "s1"


def test_checkpoints_of_a_training_are_compared_without_being_in_the_library(engine):
    run = engine.services.runs.create(TrainingSpec(name="My ink", dataset="ink"), (TRAINED,))
    folder = engine.services.runs.folder(run) / "checkpoints"
    folder.mkdir(exist_ok=True)
    for step in (500, 1000):
        (folder / f"{step}.safetensors").write_bytes(f"after {step} steps".encode())

    choices = engine.sweeps.choices(STORY, "s1")
    reading = engine.sweeps.read(STORY, "s1", x=("checkpoint", "0, all"), y=("strength", "0.5, 1"), run=run)
    engine.sweeps.paint(STORY, reading.sweep)
    finish(engine)
    view = engine.sweeps.view(STORY, reading.sweep)

    assert [(choice.run, choice.name, choice.steps) for choice in choices.runs] == [(run, "My ink", (500, 1000))]
    assert [[part.name for part in cell.recipe.loras] for cell in view.rows[0]] == [[], [f"{run}@500"], [f"{run}@1000"]]
    assert view.pictures == 5
    assert engine.sweeps.send(STORY, "s1", view.rows[0][2].take.id).loras[0] == LoraUse(
        name=f"{run}@1000", strength=0.5
    )
    assert engine.notices(STORY, "en") == ()
    assert (
        engine.sweeps.read(STORY, "s1", x=("checkpoint", "7"), run=run).problems[0].code == "sweep.unknown_checkpoint"
    )
    assert engine.sweeps.read(STORY, "s1", x=("checkpoint", "7"), run="no").problems[0].code == "sweep.unknown_run"


def test_a_training_of_another_model_is_not_offered(engine):
    run = engine.services.runs.create(TrainingSpec(name="Ink", dataset="ink", family="kolors"), (TRAINED,))
    (engine.services.runs.folder(run) / "checkpoints").mkdir(exist_ok=True)
    (engine.services.runs.folder(run) / "checkpoints" / "500.safetensors").write_bytes(b"x")

    assert engine.sweeps.choices(STORY, "s1").runs == ()


def test_without_a_chinese_font_every_label_is_still_letters(engine, monkeypatch):
    with_lora(engine, "水墨")
    change(engine, "title", "小猫的旅行")
    change(engine, "title", "早晨", scene="s1")
    sweep = a_sweep(("lora", "", "水墨"), ("strength", 0.5))
    engine.sweeps.paint(STORY, sweep)
    finish(engine)
    cached = (lettering.font, lettering._cjk_file, lettering._has)
    with monkeypatch.context() as fonts:
        fonts.setattr(lettering, "CJK_FONTS", ())
        fonts.setattr(lettering, "LATIN_FONTS", ())
        for each in cached:
            each.cache_clear()

        grid = as_grid(engine.sweeps.view(STORY, sweep), engine.story(STORY), "en")
        picture = engine.sweeps.picture(STORY, sweep, language="zh")

        assert all(lettering.can_write(text) for text in texts_of(grid))
        assert grid.columns == ("without LoRA", "LoRA 2") and "Scene 1" in grid.title
        assert Image.open(io.BytesIO(picture)).format == "PNG" and not engine.sweeps.writes_chinese()
    for each in cached:
        each.cache_clear()


def test_a_cell_is_not_waited_for_where_another_scene_with_the_same_words_is_painted(engine):
    for field, value in (("prompt", "an orange kitten"), ("seed", 5)):
        change(engine, field, value, scene="s2")
    change(engine, "pinned", True, scene="s1")
    change(engine, "seed", 9, scene="s1")
    engine.render(STORY, scenes=["s1", "s2"])  # s2's picture has the words and the seed of the first cell of s1's sweep

    submitted = engine.sweeps.paint(STORY, a_sweep(("seed", 5, 6)))

    assert submitted.queued == 2
