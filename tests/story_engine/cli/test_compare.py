from __future__ import annotations

import json

import pytest
from PIL import Image

from story_engine.bootstrap import open_services
from story_engine.cli.main import DONE, PUT_RIGHT, USAGE, run
from story_engine.config import read_config
from tests.builders import a_take
from tests.shipped import copy_shipped_stories


@pytest.fixture
def services(tmp_path, monkeypatch):
    folder = tmp_path / "stories"
    copy_shipped_stories(folder)
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(folder))
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    services = open_services(read_config())
    story = services.stories.load("singer")
    settings = story.settings.model_copy(update={"stand_in": "preview"})
    services.stories.edit("singer", [_edit("settings", settings, story.settings)])
    return services


def _edit(field, value, seen):
    from story_engine.domain.edit import Edit

    return Edit(scene=None, field=field, value=value, seen=seen)


def painted(services, monkeypatch):
    """Every picture that is queued is there at once, as a dispatcher would have it in the end."""

    def paint(config):
        for job in services.ledger.jobs(story="singer"):
            for item in services.ledger.spec(job.id).items:
                recipe = item.recipe
                picture = Image.new("RGB", (64, 64), (recipe.seed, recipe.steps, 9))
                services.takes.add(a_take(recipe, story="singer", scene="s1"), picture, {})
            services.ledger.request_cancel(job.id)

    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", paint)


def test_a_grid_is_painted_and_written_as_one_picture(services, tmp_path, monkeypatch, capsys):
    painted(services, monkeypatch)
    out = tmp_path / "grid.png"
    words = ["compare", "singer", "--scene", "1", "--x", "seed=0-2", "--y", "steps=5, 10", "--out", str(out), "--json"]

    assert run(words) == DONE
    report = json.loads(capsys.readouterr().out)

    assert (report["made"], report["found"], len(report["cells"])) == (6, 0, 6)
    with Image.open(out) as picture:
        assert picture.format == "PNG"
    assert run(words) == DONE
    assert json.loads(capsys.readouterr().out)["found"] == 6


def test_everything_wrong_with_the_axes_is_said_on_stderr(services, capsys):
    code = run(["compare", "singer", "--scene", "1", "--x", "seed=x", "--y", "steps=0"])

    said = capsys.readouterr()
    assert code == PUT_RIGHT and said.out == ""
    assert "seed" in said.err and "0 is outside of 1 to 200" in said.err


def test_a_stand_in_s_strengths_are_refused_with_what_to_do(services, capsys):
    assert run(["compare", "singer", "--scene", "1", "--x", "strength=0,1"]) == PUT_RIGHT

    assert "a stand-in uses no LoRA" in capsys.readouterr().err


def test_an_axis_without_values_is_wrong_usage(services):
    assert run(["compare", "singer", "--scene", "1", "--x", "seed"]) == USAGE
