from __future__ import annotations

import json

import pytest
from PIL import Image

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.cli.main import DONE, PUT_RIGHT, USAGE, run
from story_engine.config import read_config
from story_engine.domain.comic import ComicOptions
from tests.builders import a_recipe, a_take
from tests.shipped import copy_shipped_stories


@pytest.fixture
def services(tmp_path, monkeypatch):
    folder = tmp_path / "stories"
    copy_shipped_stories(folder)
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(folder))
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    services = open_services(read_config())
    for number in range(1, 9):
        take = a_take(a_recipe(seed=number), story="singer", scene=f"s{number}")
        services.takes.add(take, Image.new("RGB", (64, 64), (number * 20, 9, 9)), {})
    return services


def test_pages_and_sheet_are_written_and_their_options_remembered_when_asked(services, tmp_path, capsys):
    out = [argument for name in ("c.pdf", "c.png", "s.jpg") for argument in ("--out", str(tmp_path / name))]

    assert run(["comic", "singer", *out, "--layout", "column", "--vertical", "--paper", "b5", "--json"]) == DONE

    report = json.loads(capsys.readouterr().out)
    assert report["files"] == [str(tmp_path / name) for name in ("c.pdf", "c-01.png", "c-02.png", "s.jpg")]
    assert all((tmp_path / name).stat().st_size > 1000 for name in ("c.pdf", "c-01.png", "s.jpg"))
    assert flows.comic.options(services, "singer") == ComicOptions()

    assert run(["comic", "singer", "--paper", "b5", "--keep"]) == DONE
    assert flows.comic.options(services, "singer") == ComicOptions(paper="b5")


def test_what_cannot_be_done_is_said_and_writes_nothing(services, tmp_path, capsys):
    assert run(["comic", "singer", "--layout", "spiral"]) == PUT_RIGHT
    assert run(["comic", "nobody", "--out", str(tmp_path / "c.png")]) == PUT_RIGHT
    assert run(["comic", "orange-cat", "--out", str(tmp_path / "c.png")]) == PUT_RIGHT
    assert "Render the story first" in capsys.readouterr().err
    assert run(["judge-view", "singer", "--out", str(tmp_path / "j.html"), "--language", "fr"]) == USAGE
    assert not list(tmp_path.glob("*.png")) and not list(tmp_path.glob("*.html"))


def test_the_judge_view_is_one_file(services, tmp_path):
    assert run(["judge-view", "singer", "--out", str(tmp_path / "j.html"), "--language", "en"]) == DONE

    assert (tmp_path / "j.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
