from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from pages.parts.shared import wording
from pages.parts.train.fields import ELSEWHERE, GROUPS
from story_engine import flows
from story_engine.domain.job_result import Choice, TrainResult
from story_engine.domain.lora import LoraFacts, Provenance
from story_engine.domain.run import RunState
from story_engine.domain.training import TrainingSpec
from story_engine.domain.training_text import spec_from_preset
from story_engine.formats.lora_metadata import lora_metadata
from story_engine.jobs.imports.sample_pictures import captions
from story_engine.jobs.queue.work_ledger import WorkLedger
from story_engine.store.layout import Layout
from tests.pages.conftest import Studio, texts
from tests.pages.test_dataset import a_dataset


def a_run(studio: Studio, name: str = "Ink", *, dataset: str | None = None, **fields: object) -> str:
    """A run as a click on Start makes it; its job waits, since no dispatcher serves the test."""
    dataset = dataset or a_dataset(studio, "a cat", "a dog", title="Ink")
    services = studio.services
    prompts = flows.train_samples.sample_prompts(
        services, "singer", [studio.services.stories.load("singer").scenes[0].id]
    )
    return flows.train.start(
        services, spec_from_preset("quick_look", name=name, dataset=dataset, sample_prompts=prompts, **fields)
    )


def finished(
    studio: Studio, run: str, *, steps: int = 6, state: str = "finished", choice: Choice | None = None
) -> None:
    """What a training would leave: figures, samples, checkpoints, and its job done."""
    runs, layout = studio.services.runs, Layout.of(studio.services.config)
    folder = runs.folder(run)
    rows = [f"{step},0,{1 / step},{1.2 / step},0.0001,0.5,900" for step in range(1, steps + 1)]
    header = "step,epoch,loss,smoothed_loss,learning_rate,seconds_per_step,memory_mb"
    (folder / "metrics.csv").write_text("\n".join([header, *rows]) + "\n")
    stored = io.BytesIO()
    Image.new("RGB", (32, 32), "teal").save(stored, "PNG")
    for step in (0, steps):
        (folder / "samples" / str(step)).mkdir(parents=True)
        (folder / "samples" / str(step) / "0.png").write_bytes(stored.getvalue())
    (folder / "checkpoints").mkdir(exist_ok=True)
    (folder / "checkpoints" / f"{steps}.safetensors").write_bytes(b"")
    runs.write(RunState(id=run, state=state, step=steps, total=120, saved_step=steps))
    outcome(layout, result=TrainResult(state=state, choice=choice))


def outcome(layout: Layout, *, code: str | None = None, result: TrainResult | None = None, **values: object) -> None:
    """The end of the job that waits first."""
    work = WorkLedger(layout)
    claim = work.claim()
    assert claim is not None
    if code is not None or result is None:
        work.failed(claim.job, claim.attempt, code=str(code), values=values)
    else:
        work.done(claim.job, claim.attempt, result)
    work.close()


def running(studio: Studio, run: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its job is claimed by a dispatcher that serves."""
    work = WorkLedger(Layout.of(studio.services.config))
    assert work.claim() is not None
    work.close()
    runs = studio.services.runs
    runs.write(runs.run(run).model_copy(update={"state": "running", "step": 3}))
    monkeypatch.setattr("story_engine.bootstrap.dispatcher_state", lambda layout: "running")


def test_a_newcomer_is_shown_the_way_to_pictures(studio: Studio):
    app = studio.page("train", language="zh")

    assert not app.exception
    assert "还没有可用于训练的图片" in texts(app)
    assert app.button(key="train-sample-ink").label == "示例集：水墨"


def test_a_form_that_is_left_as_it_is_starts_a_quick_look_once(studio: Studio):
    a_dataset(studio, "a cat", "a dog")
    app = studio.page("train")

    app.button(key="train-start").click().run()

    assert not app.exception
    (run,) = flows.train_view.cards(studio.services)
    assert (run.name, run.state, run.spec.family, run.spec.steps) == ("Ink", "queued", "preview", 120)
    assert len(run.spec.sample_prompts) == 3 and run.spec.sample_prompts[0].title
    assert app.query_params["run"] in (run.id, [run.id])
    assert [job.kind for job in flows.queue.jobs(studio.services)] == ["train"]


def test_the_same_training_asked_for_twice_is_one_run(studio: Studio):
    run = a_run(studio)

    assert flows.train.start(studio.services, flows.train_view.view(studio.services, run).spec) == run

    assert len(flows.train_view.cards(studio.services)) == 1


def test_a_name_that_is_taken_says_so_before_the_start(studio: Studio):
    a_run(studio, "Ink")
    app = studio.page("train", run="new")
    assert app.text_input(key="train:name").value == "Ink 2"

    app.text_input(key="train:name").set_value("Ink").run()

    assert "There is a run called" in texts(app)
    assert app.button(key="train-start").disabled


def test_a_preset_sets_every_field(studio: Studio):
    a_dataset(studio, "a cat")
    app = studio.page("train")

    app.button(key="whole-preset-challenge").click().run()

    assert not app.exception
    assert app.number_input(key="train:field:lora_alpha").value == 4.0
    assert app.number_input(key="train:field:steps_per_epoch").value == 500
    assert "Kolors" in texts(app) and app.button(key="train-start").disabled  # its weights are not here


def test_everything_that_is_wrong_is_listed_at_once(studio: Studio):
    a_dataset(studio, "")
    app = studio.page("train")

    app.number_input(key="train:field:lora_rank").set_value(0)
    app.number_input(key="train:field:learning_rate").set_value(10.0)
    app.text_input(key="train:name").set_value("a/b").run()

    said = texts(app)
    for expected in ("lora_rank is 0", "learning_rate is 10", "the character /", "no trigger word"):
        assert expected in said, expected
    assert app.button(key="train-start").disabled


def test_settings_survive_a_visit_to_another_page(studio: Studio):
    a_dataset(studio, "a cat")
    app = studio.page("train")
    app.number_input(key="train:field:lora_rank").set_value(12).run()

    app.switch_page("pages/3_Dataset.py").run()
    app.switch_page("pages/4_Train.py").run()

    assert app.number_input(key="train:field:lora_rank").value == 12


def test_a_run_that_waits_can_be_taken_back(studio: Studio):
    run = a_run(studio)
    app = studio.page("train", run=run)
    assert "waiting" in texts(app)

    app.button(key="train-stop").click().run()

    assert not app.exception
    assert flows.train_view.card(studio.services, run).state == "prepared"
    assert app.button(key="train-resume").label == "Start"


def test_a_finished_run_shows_figures_samples_and_checkpoints(studio: Studio):
    run = a_run(studio)
    finished(studio, run)

    app = studio.page("train", run=run)

    assert not app.exception and not app.error
    assert "finished" in texts(app) and "without LoRA" in texts(app)
    assert "6 / 120" in texts(app) and "0.2000" in texts(app)
    assert app.selectbox(key=f"train-step-{run}").value == 6


def test_a_finished_training_is_used_in_the_story_of_its_samples_with_one_click(studio: Studio):
    run = a_run(studio, trigger="墨")
    finished(studio, run)
    provenance = Provenance(run=run, step=6)
    facts = LoraFacts(title="Ink", trigger="墨", family="preview", provenance=provenance)
    header = json.dumps({"__metadata__": lora_metadata(facts)}).encode()
    checkpoint = studio.services.runs.folder(run) / "checkpoints" / "6.safetensors"
    checkpoint.write_bytes(len(header).to_bytes(8, "little") + header)
    app = studio.page("train", run=run)

    app.button(key="train-use-singer").click().run()
    app.button(key="train-use-singer").click().run()

    assert not app.exception
    story = studio.services.stories.load("singer")
    assert [use.name for use in story.loras] == ["Ink"] and story.style.startswith("墨")
    assert [entry.name for entry in studio.services.lora_library.entries()] == ["Ink"]
    cover = flows.lora_preview.cover(studio.services, studio.services.lora_library.entry("Ink"))
    assert cover == studio.services.runs.folder(run) / "samples" / "6" / "0.png"
    app.button(key="undo-0").click().run()
    assert [use.name for use in studio.services.stories.load("singer").loras] == ["Ink"]  # the second click did nothing


@pytest.mark.parametrize(("distance", "moved"), [(0.4, "60 % nearer"), (1.02, "2 % farther")])
def test_the_figures_of_a_step_stand_whole_under_its_first_sample(studio: Studio, distance: float, moved: str):
    run = a_run(studio)
    looks = [
        {"step": 0, "score": 6.5, "distance": 1.0, "has_checkpoint": False, "adherence": 0.2},
        {"step": 6, "score": 6.9, "distance": distance, "has_checkpoint": True, "adherence": 0.15},
    ]
    finished(studio, run, choice=Choice.model_validate({"step": 6, "looks": looks, "scorer": "preview"}))

    app = studio.page("train", run=run)

    badges = [str(element.value) for element in app.markdown if "-badge[" in str(element.value)]
    assert any("6.90" in badge for badge in badges)
    assert not any("nearer" in badge for badge in badges), "a badge of a sample's width cuts what does not fit"
    assert any(caption.value == f"{moved}  \nprompts 75 %" for caption in app.caption)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_running_one_takes_requests(studio: Studio, monkeypatch: pytest.MonkeyPatch, language: str):
    run = a_run(studio)
    running(studio, run, monkeypatch)
    app = studio.page("train", run=run, language=language)
    assert not app.exception

    for what in ("sample", "save", "stop"):
        app.button(key=f"train-{what}").click().run()

    assert not app.exception
    assert studio.services.runs.requests(run) == {"sample", "save", "stop"}
    assert app.button(key="train-stop").disabled


def test_a_running_one_is_not_deleted(studio: Studio, monkeypatch: pytest.MonkeyPatch):
    run = a_run(studio)
    running(studio, run, monkeypatch)

    with pytest.raises(Exception, match="is running"):
        flows.train.delete(studio.services, run)


def test_a_run_whose_process_died_is_interrupted_and_goes_on(studio: Studio, monkeypatch: pytest.MonkeyPatch):
    run = a_run(studio)
    work = WorkLedger(Layout.of(studio.services.config))
    claim = work.claim()
    runs = studio.services.runs
    runs.write(runs.run(run).model_copy(update={"state": "running", "step": 30, "saved_step": 20}))
    work.crashed(claim.job, claim.attempt, reason="signal 9, SIGKILL")
    work.close()

    app = studio.page("train", run=run)

    assert "interrupted" in texts(app) and "signal 9, SIGKILL" in texts(app) and "step 20" in texts(app)
    app.button(key="train-resume").click().run()
    assert flows.train_view.card(studio.services, run).state == "queued"


def test_a_dispatcher_that_was_killed_leaves_nothing_that_looks_running(studio: Studio):
    run = a_run(studio)
    work = WorkLedger(Layout.of(studio.services.config))
    work.claim()
    work.close()

    assert flows.train_view.card(studio.services, run).state == "queued"


def test_a_resume_forgets_the_stop_before_it(studio: Studio):
    run = a_run(studio)
    finished(studio, run, state="stopped")
    studio.services.runs.request(run, "stop")

    flows.train.resume(studio.services, run)

    assert studio.services.runs.requests(run) == frozenset()


def test_a_failed_run_says_why(studio: Studio):
    run = a_run(studio)
    runs = studio.services.runs
    values = {"step": 12, "learning_rate": "0.01"}
    runs.write(
        RunState(id=run, state="failed", step=12, total=120, error_code="training.no_number", error_values=values)
    )
    outcome(Layout.of(studio.services.config), code="training.no_number", **values)

    app = studio.page("train", run=run)

    assert "12" in texts(app) and not app.exception
    assert app.button(key="train-resume").label == "Resume"


def test_a_deleted_run_comes_back_with_undo(studio: Studio):
    run = a_run(studio)
    finished(studio, run)
    app = studio.page("train", run=run)

    app.button(key="icon-train-delete").click().run()
    assert flows.train_view.cards(studio.services) == ()
    app.button(key="undo-0").click().run()

    assert [card.id for card in flows.train_view.cards(studio.services)] == [run]


def test_a_damaged_run_is_named_and_the_others_stay(studio: Studio):
    run = a_run(studio, "Good")
    finished(studio, run)
    broken = a_run(studio, "Broken", dataset="ink")
    (Layout.of(studio.services.config).runs / broken / "spec.json").write_text("{")

    app = studio.page("train", run=run)

    assert not app.exception
    assert {card.id: card.state for card in flows.train_view.cards(studio.services)}[broken] == "failed"
    assert a_run(studio, "Third", dataset="ink")


def test_a_training_is_written_down_as_yaml_and_every_slip_is_named(studio: Studio):
    spec = flows.train.read(b"name: Ink\ndataset: ink\npreset: quick_look\nlora_rank: 4\n", file="ink.yaml")
    assert (spec.lora_rank, spec.steps, spec.family) == (4, 120, "preview")

    with pytest.raises(Exception) as refused:
        flows.train.read(b"name: Ink\nlora_rang: 4\nseed: x\npreset: quick\n", file="ink.yaml")

    said = str(refused.value)
    for expected in ("lora_rank", "ink.yaml:3: seed", "quick_look", "dataset is missing"):
        assert expected in said, expected


NOT_ASKED = {"samples_as_stories"}
"""Decided when a training is planned: only earlier runs are without."""


def test_every_field_has_its_words_in_the_form():
    drawn = {field for group in GROUPS.values() for field in group}

    assert drawn | ELSEWHERE | NOT_ASKED == set(TrainingSpec.model_fields) and not drawn & ELSEWHERE
    asked = {f"train_{kind}_{field}" for field in drawn for kind in ("field", "help")}
    assert all(asked <= set(wording.texts(language)) for language in wording.LANGUAGE_NAMES)


def test_style_words_of_the_story_are_proposed_and_the_notebook_knows_none(studio: Studio):
    a_dataset(studio, "a cat", "a dog")
    app = studio.page("train")
    app.selectbox(key="train:story").set_value("singer").run()
    assert app.text_input(key="train:other_styles").value == "二次元，日系动漫"

    app.button(key="train-start").click().run()

    (run,) = flows.train_view.cards(studio.services)
    assert run.spec.other_styles == "二次元，日系动漫"
    again = studio.page("train", run="new")
    again.selectbox(key="train:story").set_value("singer").run()
    again.button(key="whole-preset-challenge").click().run()
    assert again.text_input(key="train:other_styles").value == ""


def test_a_sample_set_in_another_language_than_the_story_is_said_and_rewritten_by_one_click(studio: Studio):
    name = a_dataset(studio, "a cat", "a dog")
    english, chinese = (captions("ink", language=language)[:2] for language in ("en", "zh"))
    entries = studio.services.datasets.load(name).entries
    for entry, caption in zip(entries, english, strict=True):
        studio.services.captions.rewrite_captions(name, [entry.file], lambda _, text=caption: text, action="set")
    app = studio.page("train")
    app.selectbox(key="train:story").set_value("singer").run()

    app.button(key="train-captions-language").click().run()

    assert tuple(entry.caption for entry in studio.services.datasets.load(name).entries) == chinese
    assert not [each for each in app.button if each.key == "train-captions-language"]


def test_where_content_was_lost_the_form_opens_with_prior_preservation_at_one_click(studio: Studio):
    run = a_run(studio, trigger="墨染")
    advised = (("training.choice_no_content", {"step": 6, "percent": 40}), ("training.advice_prior", {}))
    finished(studio, run, choice=Choice(step=6, strength=0.7, reasons=advised))
    (full,) = (each.path for each in studio.services.runs.samples(run) if each.step == 6)
    (full.parent / "at_0.7").mkdir()
    (full.parent / "at_0.7" / "0.png").write_bytes(full.read_bytes())
    app = studio.page("train", run=run)
    assert any("0.7" in each.value for each in app.caption)

    app.button(key="train-again-with-prior").click().run()

    assert app.number_input(key="train:field:prior_weight").value == 1.0
    assert app.text_input(key="train:trigger").value == "墨染"
