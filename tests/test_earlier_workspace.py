"""A workspace of the version of 2026-11-21, with one of everything, opens unchanged: nothing that a user made is lost.

`tests/cases/workspace_2026_11_21.tar.xz` was made by that version (commit 151c912): a story with four revisions, eight
takes, a pick, a pinned seed and a comparison; a dataset with a trigger, a filter and an import; a finished training,
its LoRA on the story; one of each kind in the trash; a ledger with jobs that are done, cancelled and queued.
The weights of its preview model have been exchanged three times since (2026-11-29, 2026-11-30, 2026-12-01).
"""

import os
import tarfile
import time
from pathlib import Path

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import read_config
from tests.dispatchers import end_dispatchers

WEIGHTS_OF_THEN = "2c1709ba4423a4342a9a19fe35c6d43a4ea81b6a4e7e6723d119aa31a748db16"
PACKED = Path(__file__).parent / "cases" / "workspace_2026_11_21.tar.xz"


def unpack(folder: Path) -> None:
    with tarfile.open(PACKED) as packed:
        # Before Python 3.11.4 there is no filter, and none by default before 3.14.
        packed.extraction_filter = getattr(tarfile, "data_filter", None)  # type: ignore[assignment]
        packed.extractall(folder)
    now = time.time()
    for path in [folder, *folder.rglob("*")]:  # what lies in a trash for thirty days must not depend on the calendar
        os.utime(path, (now, now))


def only(trash: Path) -> str:
    """The token of the one thing that lies in it."""
    (entry,) = trash.iterdir()
    return entry.name


@pytest.fixture
def services(tmp_path, monkeypatch):
    unpack(tmp_path)
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(tmp_path / "stories"))
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    return open_services(read_config())


@pytest.fixture
def weights_of_then(monkeypatch):
    """What a recipe is but for the weights, which may be exchanged and then are another recipe, is told by this."""
    monkeypatch.setattr("story_engine.catalog.families.weights_hash", lambda *_, **__: WEIGHTS_OF_THEN)


def test_the_story_its_history_and_its_board_are_there(services):
    story = services.stories.load("kitten")
    board = flows.panels.open_story(services, "kitten").board

    assert [card.title for card in flows.shelf.cards(services)] == ["The Kitten's Journey"]
    assert (story.scenes[0].caption, story.scenes[0].pinned) == ("Chase it.", True)
    assert [(use.name, use.strength) for use in story.loras] == [("ink", 0.5)]
    assert len(services.stories.history("kitten")) == 5
    assert services.stories.go_back_to("kitten", 0).title == "The Orange Kitten's Journey"
    assert [len(panel.takes) for panel in board.panels] == [6, 1, 2]
    assert board.panels[0].is_picked and board.panels[0].chosen.take.id == "bfa0781c7909c19524ae2211d87566e3"
    assert all(view.score is not None and view.picture.is_file() for panel in board.panels for view in panel.takes)


def test_no_recipe_has_another_digest_so_nothing_is_painted_again(services, weights_of_then):
    again = flows.queue.render(services, "kitten", scenes=["s3"])

    assert (again.found, again.queued) == (1, 0)


def test_the_comparison_is_remembered_with_its_pictures(services, weights_of_then):
    chosen = services.sweeps.load("kitten").last

    assert chosen is not None and chosen.scene == "s1"
    assert all(
        cell.take is not None for row in flows.sweep_view.view_of(services, "kitten", chosen).rows for cell in row
    )


def test_the_dataset_keeps_captions_trigger_and_filter(services):
    found = flows.dataset_view.view(services, "ink").dataset

    assert [entry.caption for entry in found.entries] == [f"an orange kitten {n}, 橘猫" for n in range(3)]
    assert (found.trigger, services.datasets.names()) == ("inkwash", ("ink",))
    assert next(iter(found.filters.model_dump(include={"twins", "near_duplicates"}).values()))["is_on"]


def test_the_training_its_checkpoints_and_its_lora_are_there(services):
    look = flows.train_view.view(services, "ink-wash")

    assert (look.card.state, look.run.step, look.checkpoints) == ("finished", 4, (2, 4))
    assert (look.spec.min_timestep, look.spec.max_timestep) == (10, 1000)
    assert flows.train_view.checkpoint(services, "ink-wash", 2).is_file()
    assert [entry.name for entry in services.lora_library.entries()] == ["ink"]
    assert flows.loras.inspect(services, "ink").ranks == (2,)


def test_everything_in_the_trash_can_be_brought_back(services, tmp_path):
    places = {
        "stories/.trash",
        "workspace/trash",
        "workspace/dataset-trash",
        "workspace/run-trash",
        "workspace/lora-trash",
    }
    tokens = {place: only(tmp_path / place) for place in places}

    assert services.stories.restore(tokens["stories/.trash"]) == "bye"
    services.takes.restore(tokens["workspace/trash"])
    assert services.datasets.restore(tokens["workspace/dataset-trash"]) == "gone"
    assert services.runs.restore(tokens["workspace/run-trash"]) == "ink-again"
    assert services.lora_library.restore(tokens["workspace/lora-trash"]) == "old-ink"

    assert len(flows.panels.open_story(services, "kitten").board.panels[1].takes) == 2
    assert {entry.name for entry in services.lora_library.entries()} == {"ink", "old-ink"}


def test_the_jobs_are_listed_as_they_were(services):
    states = {job.id: (job.kind, job.state) for job in flows.queue.jobs(services, active=False)}

    assert [states[number][1] for number in range(1, 12)] == ["done"] * 7 + ["queued", "cancelled", "queued", "queued"]
    assert states[1][0] == "render" and states[10][0].startswith("score")


def test_jobs_that_were_queued_are_done_or_say_that_the_weights_are_others(tmp_path, monkeypatch, request):
    unpack(tmp_path)
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(tmp_path / "stories"))
    request.addfinalizer(lambda: end_dispatchers(tmp_path / "workspace"))
    services = open_services(read_config())
    retried = flows.queue.retry(services, 9)
    waiting = {8, 10, 11, retried}

    services.start_dispatcher()
    until = time.monotonic() + 240
    while (states := {job: flows.queue.job(services, job).state for job in waiting}) and time.monotonic() < until:
        if not set(states.values()) & {"queued", "running"}:
            break
        time.sleep(0.5)

    assert states == {8: "failed", retried: "failed", 10: "done", 11: "done"}
    failed = [flows.queue.job(services, job) for job in (8, retried)]
    assert [job.error_code for job in failed] == ["models.other_weights"] * 2
    assert len(flows.panels.open_story(services, "kitten").board.panels[2].takes) == 2
    assert flows.dataset_view.view(services, "ink").unscored == 0
