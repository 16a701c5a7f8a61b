from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.edit import Edit
from story_engine.domain.guidance import EVERYWHERE
from story_engine.domain.run import TrainedPicture
from story_engine.domain.story import LoraUse, Settings
from story_engine.domain.sweep import Axis, Sweep
from story_engine.domain.take import Score
from story_engine.domain.training import TrainingSpec
from story_engine.errors import ChooseAnother, FixInput, InvalidInput, StandInNeeded
from story_engine.flows.sweep import MOST_IN_A_JOB, planned
from story_engine.flows.sweep_picture import as_grid
from story_engine.flows.sweep_words import settings_text, value_name
from story_engine.formats import lettering
from story_engine.formats.labelled_grid import texts_of
from tests.builders import a_take

STORY = "cat"
TRAINED = TrainedPicture(file="1.png", sha256="0" * 64, caption="ink, a cat", width=256, height=256)


@pytest.fixture
def services(tmp_path, monkeypatch):
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    services = open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))
    assert flows.shelf.create(services, "cat") == STORY
    change(services, "prompt", "an orange kitten", scene="s1")
    change(services, "seed", 5, scene="s1")
    return services


def change(services, field, value, *, scene=None):
    story = services.stories.load(STORY)
    seen = getattr(story.scene(scene) if scene else story, field)
    services.stories.edit(STORY, [Edit(scene=scene, field=field, value=value, seen=seen)])


def with_lora(services, *names):
    folder = services.config.workspace / "loras"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}.safetensors").write_bytes(name.encode())


def a_sweep(x, y=None, **changes):
    axes = {"x": Axis(kind=x[0], values=tuple(x[1:])), "y": y and Axis(kind=y[0], values=tuple(y[1:]))}
    return Sweep(**({"scene": "s1"} | axes | changes))


def recipes_in(services, job):
    return [item.recipe for item in services.ledger.spec(job).items]


def finish(services, *, but=0):
    """What a dispatcher would do with the queue: takes of the queued recipes, in order."""
    made = []
    for job in flows.queue.jobs(services, story=STORY):
        for recipe in recipes_in(services, job.id):
            made.append((job.id, recipe))
    for _, recipe in made[: len(made) - but]:
        picture = Image.new("RGB", (64, 64), (recipe.seed * 20 % 255, recipe.steps, 90))
        made_at = "2026-11-21T09:00:00Z"
        services.takes.add(a_take(recipe, story=STORY, scene="s1", created_at=made_at), picture, {})


def score(services, take, value, *, scorer=None):
    present = services.present_scorer()
    name, version = scorer or (present.name, present.version)
    services.scores.add([Score(picture_sha256=take.picture_sha256, scorer=name, scorer_version=version, value=value)])


def test_a_cell_is_the_take_that_a_render_with_its_settings_makes(services):
    sweep = a_sweep(("seed", 5, 6), ("steps", 7, 9))
    flows.sweep.paint(services, STORY, sweep)
    cells = {
        recipe.digest for job in flows.queue.jobs(services, story=STORY) for recipe in recipes_in(services, job.id)
    }

    rendered = flows.queue.render(services, STORY, scenes=["s1"], takes=2, overrides={"steps": 9}).job

    assert {recipe.digest for recipe in recipes_in(services, rendered)} < cells


def test_cells_are_found_again_however_they_were_painted(services):
    flows.queue.render(services, STORY, scenes=["s1"], takes=2)
    finish(services)

    view = flows.sweep_view.view_of(services, STORY, a_sweep(("seed", 5, 6, 7)))

    assert [cell.state for cell in view.rows[0]] == ["done", "done", "missing"]
    assert (view.done, view.missing) == (2, 1)


def test_a_sweep_waits_behind_boards_and_single_panels(services):
    first = flows.sweep.paint(services, STORY, a_sweep(("seed", *range(4)))).job
    board = flows.queue.render(services, STORY, scenes=["s1"], overrides={"steps": 3}).job

    rows = services.ledger._read("SELECT id, priority FROM jobs ORDER BY priority DESC", {})

    assert [row["id"] for row in rows] == [board, first]


def test_a_long_sweep_lets_others_in_between(services):
    flows.sweep.paint(services, STORY, a_sweep(("seed", *range(20))))

    sizes = [len(recipes_in(services, job.id)) for job in flows.queue.jobs(services, story=STORY)]

    assert sizes == [MOST_IN_A_JOB, MOST_IN_A_JOB, 4]


def test_painting_twice_queues_once_and_resumes_where_it_was_stopped(services):
    sweep = a_sweep(("seed", *range(10)))
    assert flows.sweep.paint(services, STORY, sweep).queued == 10
    assert flows.sweep.paint(services, STORY, sweep).queued == 0
    finish(services, but=3)

    assert flows.sweep.cancel(services, STORY, sweep) == 2
    view = flows.sweep_view.view_of(services, STORY, sweep)
    again = flows.sweep.paint(services, STORY, sweep)

    assert (view.done, view.missing, view.queued) == (7, 3, 0)
    assert (again.queued, again.found) == (3, 7)


def test_cancelling_a_sweep_lets_a_board_s_render_go_on(services):
    board = flows.queue.render(services, STORY, scenes=["s1"]).job
    sweep = a_sweep(("seed", 5, 6))
    flows.sweep.paint(services, STORY, sweep)

    flows.sweep.cancel(services, STORY, sweep)

    assert [job.id for job in flows.queue.jobs(services, story=STORY)] == [board]
    assert [cell.state for cell in flows.sweep_view.view_of(services, STORY, sweep).rows[0]] == ["waiting", "missing"]


def test_cells_of_one_recipe_are_one_picture(services):
    with_lora(services, "ink")
    sweep = a_sweep(("strength", 0.0, 0.5, 1.0), ("lora", "", "ink"))

    assert flows.sweep_view.view_of(services, STORY, sweep).pictures == 3
    assert flows.sweep.paint(services, STORY, sweep).queued == 3


def test_the_best_cell_is_marked_by_the_present_scorer_alone(services):
    sweep = a_sweep(("seed", 5, 6, 7))
    flows.sweep.paint(services, STORY, sweep)
    finish(services)
    takes = [cell.take for cell in flows.sweep_view.view_of(services, STORY, sweep).rows[0]]
    score(services, takes[0], 4.0)
    score(services, takes[1], 5.0)
    score(services, takes[2], 9.0, scorer=("aesthetic", "other"))

    view = flows.sweep_view.view_of(services, STORY, sweep)

    assert [cell.is_best for cell in view.rows[0]] == [False, True, False]
    assert [cell.score for cell in view.rows[0]] == [4.0, 5.0, None]
    assert view.unscored == 1


def test_the_time_is_reckoned_from_pictures_that_this_story_has(services):
    sweep = a_sweep(("steps", 20, 40))
    assert flows.sweep_view.view_of(services, STORY, sweep).seconds is None
    flows.queue.render(services, STORY, scenes=["s1"], overrides={"steps": 10})
    finish(services)  # a second each

    assert flows.sweep_view.view_of(services, STORY, sweep).seconds == pytest.approx(6.0)


def test_a_chosen_cell_is_marked(services):
    sweep = a_sweep(("seed", 5, 6))
    flows.sweep.paint(services, STORY, sweep)
    finish(services)
    chosen = flows.sweep_view.view_of(services, STORY, sweep).rows[0][1].take.id

    flows.takes.pick(services, STORY, "s1", chosen)

    assert [cell.is_picked for cell in flows.sweep_view.view_of(services, STORY, sweep).rows[0]] == [False, True]


def test_settings_and_loras_of_a_cell_become_the_story_s_and_undo_takes_them_back(services):
    with_lora(services, "ink")
    change(services, "loras", (), scene="s1")
    before = services.stories.load(STORY)
    sweep = a_sweep(("strength", 0.25, 0.75), ("sampler", "ddim", "euler"), lora="ink")
    flows.sweep.paint(services, STORY, sweep)
    finish(services)
    cell = flows.sweep_view.view_of(services, STORY, sweep).rows[1][1]

    after = flows.takes.send_settings(services, STORY, "s1", cell.take.id)

    assert after.settings == Settings(sampler="euler", guidance="usual")
    assert after.loras == (LoraUse(name="ink", strength=0.75),)
    assert after.scene("s1").loras is None
    assert (after.scene("s1").prompt, after.scene("s1").seed) == ("an orange kitten", 5)
    services.stories.go_back_to(STORY, before.revision)
    assert services.stories.load(STORY).loras == () and services.stories.load(STORY).settings == before.settings


def test_guidance_is_compared_off_and_on_each_with_its_own_steps(services):
    sweep = a_sweep(("guidance", "constant", "by_noise"))
    usual = services.families()["preview"].by_noise
    flows.sweep.paint(services, STORY, sweep)
    finish(services)

    off, on = flows.sweep_view.view_of(services, STORY, sweep).rows[0]

    assert (off.recipe.guidance, off.recipe.steps) == (EVERYWHERE, 20)
    assert (on.recipe.guidance, on.recipe.steps) == (usual.levels, usual.steps)
    assert value_name("guidance", "by_noise", "zh") == "开"
    assert "negative up to 2" in settings_text(on.recipe, "en") and "noise" not in settings_text(off.recipe, "en")
    after = flows.takes.send_settings(services, STORY, "s1", off.take.id)
    assert after.settings == Settings(guidance="constant")


def test_a_lora_that_is_another_file_now_is_not_sent(services):
    with_lora(services, "ink")
    sweep = a_sweep(("strength", 1.0), lora="ink")
    flows.sweep.paint(services, STORY, sweep)
    finish(services)
    cell = flows.sweep_view.view_of(services, STORY, sweep).rows[0][0]
    (services.config.workspace / "loras" / "ink.safetensors").write_bytes(b"trained again, and longer")

    with pytest.raises(ChooseAnother, match="ink"):
        flows.takes.send_settings(services, STORY, "s1", cell.take.id)


def test_a_stand_in_can_be_compared_in_everything_but_loras(services):
    with_lora(services, "ink")
    change(services, "settings", Settings(family="kolors", stand_in="preview", steps=50, cfg_scale=7.0))
    change(services, "loras", (LoraUse(name="ink"),))
    sweep = a_sweep(("steps", 7, 9), ("seed", 5))

    view = flows.sweep_view.view_of(services, STORY, sweep)

    assert (view.family, view.stand_in_for) == ("preview", "kolors")
    assert [cell.recipe.steps for cell in view.rows[0]] == [7, 9]
    assert all(cell.recipe.loras == () and cell.recipe.cfg_scale != 7.0 for cell in view.rows[0])
    reading = flows.sweep_read.read(services, STORY, "s1", x=("strength", "0-1"), y=("lora", "none, ink"))
    assert [problem.code for problem in reading.problems] == ["sweep.stand_in"]
    assert "Kolors" in reading.problems[0].text("en") and "预览模型" in reading.problems[0].text("zh")


def test_a_stand_in_s_own_picture_is_the_same_take_in_a_sweep(services):
    change(services, "settings", Settings(family="kolors", stand_in="preview", steps=50))
    flows.queue.render(services, STORY, scenes=["s1"])
    finish(services)

    assert flows.sweep_view.view_of(services, STORY, a_sweep(("seed", 5))).done == 1


def test_settings_of_a_stand_in_s_cell_are_not_sent_to_a_story_of_another_model(services):
    change(services, "settings", Settings(family="kolors", stand_in="preview"))
    sweep = a_sweep(("steps", 7))
    flows.sweep.paint(services, STORY, sweep)
    finish(services)

    with pytest.raises(ChooseAnother, match="painted by preview"):
        flows.takes.send_settings(
            services, STORY, "s1", flows.sweep_view.view_of(services, STORY, sweep).rows[0][0].take.id
        )


def test_a_stand_in_is_asked_for_before_anything_is_compared(services):
    change(services, "settings", Settings(family="kolors"))

    with pytest.raises(StandInNeeded):
        flows.sweep_read.choices(services, STORY, "s1")


def test_everything_wrong_with_both_axes_is_said_at_once(services):
    reading = flows.sweep_read.read(services, STORY, "s1", x=("seed", "x, -1"), y=("steps", "0"), lora="nothing")

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
def test_an_axis_without_what_it_needs_says_what_to_do(services, x, code):
    assert [problem.code for problem in flows.sweep_read.read(services, STORY, "s1", x=x).problems] == [code]


def test_a_scene_without_words_is_refused_by_name(services):
    with pytest.raises(FixInput, match="no prompt yet"):
        flows.sweep_view.view_of(services, STORY, a_sweep(("seed", 1), scene="s2"))


def test_a_scene_that_is_gone_is_named(services):
    with pytest.raises(ChooseAnother, match="s99"):
        flows.sweep_view.view_of(services, STORY, a_sweep(("seed", 1), scene="s99"))


def test_too_many_cells_are_refused(services):
    with pytest.raises(InvalidInput, match="at most 64"):
        planned(services, STORY, a_sweep(("seed", *range(9)), ("steps", *range(1, 9))))


def test_the_last_sweep_and_the_painted_ones_are_remembered(services):
    one, two = a_sweep(("seed", 1)), a_sweep(("seed", 2))
    flows.sweep.paint(services, STORY, one)
    flows.sweep.paint(services, STORY, two)
    services.sweeps.remember(STORY, one)

    assert services.sweeps.load(STORY).last == one
    assert services.sweeps.load(STORY).painted == (two, one)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"last": {"scene": 1}}', b"\xff"])
def test_a_memory_damaged_by_hand_is_passed_over(services, content):
    path = services.config.workspace / "sweeps" / f"{STORY}.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    assert services.sweeps.load(STORY).last is None


def test_the_grid_comes_out_as_one_labelled_picture(services):
    sweep = a_sweep(("seed", 5, 6), ("steps", 7, 9))
    with pytest.raises(FixInput, match="Paint the grid"):
        flows.sweep_picture.picture(services, STORY, sweep, language="zh")
    flows.sweep.paint(services, STORY, sweep)
    finish(services, but=1)

    for language in ("zh", "en"):
        with Image.open(io.BytesIO(flows.sweep_picture.picture(services, STORY, sweep, language=language))) as picture:
            assert picture.width > 512 and picture.height > 512
            assert json.loads(picture.text["story_studio_grid"])["scene"] == "s1"


def test_checkpoints_of_a_training_are_compared_without_being_in_the_library(services):
    run = services.runs.create(TrainingSpec(name="My ink", dataset="ink"), (TRAINED,))
    folder = services.runs.folder(run) / "checkpoints"
    folder.mkdir(exist_ok=True)
    for step in (500, 1000):
        (folder / f"{step}.safetensors").write_bytes(f"after {step} steps".encode())

    choices = flows.sweep_read.choices(services, STORY, "s1")
    reading = flows.sweep_read.read(
        services, STORY, "s1", x=("checkpoint", "0, all"), y=("strength", "0.5, 1"), run=run
    )
    flows.sweep.paint(services, STORY, reading.sweep)
    finish(services)
    view = flows.sweep_view.view_of(services, STORY, reading.sweep)

    assert [(choice.run, choice.name, choice.steps) for choice in choices.runs] == [(run, "My ink", (500, 1000))]
    assert [[part.name for part in cell.recipe.loras] for cell in view.rows[0]] == [[], [f"{run}@500"], [f"{run}@1000"]]
    assert view.pictures == 5
    assert flows.takes.send_settings(services, STORY, "s1", view.rows[0][2].take.id).loras[0] == LoraUse(
        name=f"{run}@1000", strength=0.5
    )
    assert flows.panels.notices(services, STORY, "en") == ()
    assert (
        flows.sweep_read.read(services, STORY, "s1", x=("checkpoint", "7"), run=run).problems[0].code
        == "sweep.unknown_checkpoint"
    )
    assert (
        flows.sweep_read.read(services, STORY, "s1", x=("checkpoint", "7"), run="no").problems[0].code
        == "sweep.unknown_run"
    )


def test_a_training_of_another_model_is_not_offered(services):
    run = services.runs.create(TrainingSpec(name="Ink", dataset="ink", family="kolors"), (TRAINED,))
    (services.runs.folder(run) / "checkpoints").mkdir(exist_ok=True)
    (services.runs.folder(run) / "checkpoints" / "500.safetensors").write_bytes(b"x")

    assert flows.sweep_read.choices(services, STORY, "s1").runs == ()


def test_a_name_that_the_shipped_font_lacks_is_told_by_its_place(services):
    with_lora(services, "ღ水墨")
    change(services, "title", "ღ")
    change(services, "title", "ღ", scene="s1")
    sweep = a_sweep(("lora", "", "ღ水墨"), ("strength", 0.5))
    flows.sweep.paint(services, STORY, sweep)
    finish(services)

    grid = as_grid(flows.sweep_view.view_of(services, STORY, sweep), services.stories.load(STORY), "en")
    picture = flows.sweep_picture.picture(services, STORY, sweep, language="zh")

    assert all(lettering.can_write(text) for text in texts_of(grid))
    assert grid.columns == ("without LoRA", "LoRA 2") and "Scene 1" in grid.title
    assert Image.open(io.BytesIO(picture)).format == "PNG"


def test_a_cell_is_not_waited_for_where_another_scene_with_the_same_words_is_painted(services):
    for field, value in (("prompt", "an orange kitten"), ("seed", 5)):
        change(services, field, value, scene="s2")
    change(services, "pinned", True, scene="s1")
    change(services, "seed", 9, scene="s1")
    flows.queue.render(
        services, STORY, scenes=["s1", "s2"]
    )  # s2's picture has the words and the seed of the first cell of s1's sweep

    submitted = flows.sweep.paint(services, STORY, a_sweep(("seed", 5, 6)))

    assert submitted.queued == 2
