"""The challenge's script in a fresh process, on real files, with the preview scorer's real weights."""

import hashlib

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.gate import gate
from story_engine.domain.job_spec import GatePicture, GateSpec
from story_engine.errors import Cancelled, FixInput, Wait
from story_engine.jobs.work import gate as work_gate
from story_engine.preview_model.world.drawing import draw, shipped_scenes
from story_engine.scoring.aesthetics import score_pictures


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gate")
    return open_services(Config(workspace=folder / "workspace", stories=folder / "stories"))


@pytest.fixture(scope="module")
def bundle(services, tmp_path_factory):
    """Entries as an export gathers them, and the scores that the page shows."""
    folder = tmp_path_factory.mktemp("pictures")
    entries, paths = {"prompts.md": b"not scored", "lora/a.safetensors": b"nor this"}, []
    for number, scene in enumerate(shipped_scenes()[:3], start=1):
        paths.append(folder / f"{number:02d}.png")
        draw(scene).crop((0, 0, 256, 200 - number)).save(paths[-1])
        entries[f"images/{number:02d}.png"] = paths[-1]
    scores = score_pictures(paths, services.layout)
    return entries, {f"images/{path.name}": score.value for path, score in zip(paths, scores, strict=True)}


@pytest.fixture(scope="module")
def run(services, bundle):
    """What the script said of them; a fresh process takes six seconds to come."""
    return flows.gate.confirm(services, *bundle)


def test_the_script_on_the_exact_files_says_what_the_page_says(services, bundle, run):
    _, shown = bundle

    assert sorted(run.pictures) == ["01.png", "02.png", "03.png"]
    assert run.mean == pytest.approx(gate(list(shown.values())).mean, abs=1e-4)
    assert (run.scorer, run.processor) == ("preview", "CLIPImageProcessor")
    assert not list(services.layout.gate.iterdir())  # what it was shown is gone again


def test_another_mean_than_the_page_s_stops_and_names_the_pictures(bundle, run):
    _, shown = bundle

    with pytest.raises(FixInput, match=r"02\.png: 9\.000 → ") as caught:
        flows.gate.agreeing(run, shown | {"images/02.png": 9.0})

    assert caught.value.code == "gate.differs" and "01.png" not in caught.value.values["files"]


def test_a_difference_that_no_mean_shows_is_none(bundle, run):
    _, shown = bundle

    flows.gate.agreeing(run, {name: value + 0.009 for name, value in shown.items()})
    with pytest.raises(FixInput):
        flows.gate.agreeing(run, {name: value + 0.012 for name, value in shown.items()})


def test_every_file_in_the_folder_counts_even_one_that_nobody_meant(services, bundle, run):
    entries, shown = bundle

    with pytest.raises(FixInput, match=r"Thumbs\.db"):
        flows.gate.confirm(services, entries | {"images/Thumbs.db": b"x" * 100}, shown)
    with pytest.raises(FixInput, match=r"03\.png: – → "):
        flows.gate.agreeing(run, {name: value for name, value in shown.items() if name != "images/03.png"})


def test_no_picture_is_no_mean(services):
    with pytest.raises(FixInput) as caught:
        flows.gate.confirm(services, {"prompts.md": b""}, {})

    assert caught.value.code == "gate.no_files"


def test_as_a_job_it_counts_the_pictures_refuses_changed_ones_and_stops_when_it_is_asked(services, bundle):
    entries, shown = bundle
    folder = services.layout.workspace / "handed-in"
    folder.mkdir()
    pictures = []
    for name, path in entries.items():
        if name in shown:
            copy = folder / path.name
            copy.write_bytes(path.read_bytes())
            pictures.append(
                GatePicture(
                    name=path.name, path=f"handed-in/{path.name}", sha256=hashlib.sha256(copy.read_bytes()).hexdigest()
                )
            )
    spec = GateSpec(story="cat", pictures=tuple(pictures))
    seen: list[tuple[int, int]] = []

    def report(progress):
        seen.append((progress.step, progress.total))

    def run(given=spec, should_stop=lambda: False):
        return work_gate.run(given, job=1, report=report, should_stop=should_stop, layout=services.layout)

    assert run().run.mean == pytest.approx(gate(list(shown.values())).mean, abs=1e-4)
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
    with pytest.raises(Cancelled):
        run(should_stop=lambda: True)
    with pytest.raises(Wait) as changed:
        run(GateSpec(story="cat", pictures=(pictures[0].model_copy(update={"sha256": "0"}),)))
    assert changed.value.code == "gate.changed"
    assert not list(services.layout.gate.iterdir())
