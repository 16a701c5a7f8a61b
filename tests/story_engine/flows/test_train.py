"""A training that is started twice is one run, whoever starts it and however quickly."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.dataset import DatasetEntry
from story_engine.domain.story import Scene, Story
from story_engine.domain.training import SamplePrompt, TrainingSpec
from story_engine.errors import InvalidInput
from story_engine.flows import train, train_samples
from story_engine.flows.services import Services

_START = """
import dataclasses, sys
from pathlib import Path
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.training import TrainingSpec
from story_engine.flows import train
services = open_services(Config(workspace=Path(sys.argv[1]), stories=Path(sys.argv[2])))
services = dataclasses.replace(services, start_dispatcher=lambda: None)
print(train.start(services, TrainingSpec.model_validate_json(sys.argv[3])))
"""


@pytest.fixture
def services(tmp_path: Path) -> Services:
    services = open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))
    dataset = services.datasets.create("ink")
    entry = DatasetEntry(
        file="a.png",
        original="a.png",
        source="x",
        width=256,
        height=256,
        sha256="0" * 64,
        original_sha256="0" * 64,
        likeness="0" * 16,
        caption="a cat",
    )
    services.datasets.change(dataset, lambda held: held.model_copy(update={"entries": (entry,)}))
    return dataclasses.replace(services, start_dispatcher=lambda: None)


def a_spec(**changes: object) -> TrainingSpec:
    return TrainingSpec.model_validate({"name": "one", "dataset": "ink", "family": "preview"} | changes)


def test_a_second_click_opens_the_run_of_the_first_even_before_it_is_queued(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, runs = train._submit, []

    def slow(*arguments: object, **keywords: object) -> None:
        time.sleep(0.3)
        submit(*arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(train, "_submit", slow)
    clicks = [threading.Thread(target=lambda: runs.append(train.start(services, a_spec()))) for _ in "123"]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()

    assert runs == [runs[0]] * 3 and services.runs.ids() == (runs[0],)
    assert len(services.ledger.latest([f"train-{runs[0]}"])) == 1


def test_command_lines_that_start_the_same_training_at_once_follow_one_run(services: Services, tmp_path: Path) -> None:
    places = [str(tmp_path / "workspace"), str(tmp_path / "stories")]
    command = [sys.executable, "-W", "ignore", "-c", _START, *places, a_spec().model_dump_json()]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]

    runs = {process.communicate(timeout=120)[0].strip() for process in started}

    assert runs == set(services.runs.ids()) and len(runs) == 1


def test_a_run_whose_start_died_before_it_was_queued_is_queued_by_the_next_click(services: Services) -> None:
    spec = train.as_started(a_spec())
    run = services.runs.create(spec, train._pictures(services, spec))

    assert train.start(services, a_spec()) == run
    assert services.runs.spec(run).samples_as_stories, "they show what stories will paint"
    assert services.ledger.latest([f"train-{run}"])[f"train-{run}"].state == "queued"


def test_another_training_of_the_same_name_is_refused_by_its_name(services: Services) -> None:
    train.start(services, a_spec())

    with pytest.raises(InvalidInput) as caught:
        train.start(services, a_spec(lora_rank=4))

    assert [problem.code for problem in caught.value.problems] == ["training.name_taken"]


def test_a_run_keeps_what_its_samples_and_captions_show_in_any_style(services: Services) -> None:
    sample = SamplePrompt(prompt="墨染，二次元，一只熊猫坐在森林里")
    found = train.start(services, a_spec(trigger="墨染", sample_prompts=(sample,)))

    assert [each.content for each in services.runs.spec(found).sample_prompts] == ["一只熊猫坐在森林里"]
    assert [each.content for each in services.runs.pictures(found)] == ["a cat"]


def test_captions_in_another_language_than_the_samples_are_said_and_refuse_nothing(services: Services) -> None:
    def told(prompt: str) -> list[tuple[str, bool]]:
        plan = train.plan(services, a_spec(trigger="墨染", sample_prompts=(SamplePrompt(prompt=prompt),)))
        return [(each.code, each.blocks) for each in plan.problems if each.where == "pictures"]

    assert told("墨染，一只熊猫") == [("training.captions_language", False)]
    assert told("墨染, a panda") == []


def test_samples_are_called_as_the_story_is_with_the_trigger_in_front(services: Services) -> None:
    scene = Scene(id="s1", prompt="一只熊猫，海边")
    slug = services.stories.create("panda", Story(title="panda", style="二次元", scenes=(scene,)))

    (sample,) = train_samples.sample_prompts(services, slug, ["s1"], trigger="墨染")

    assert sample.prompt == "墨染，二次元，一只熊猫，海边"
