"""`lint` and `replace` on the command line."""

import json

import pytest

from story_engine.cli.main import DONE, PUT_RIGHT, run
from story_engine.store.story_text import read_story
from tests.shipped import copy_shipped_stories


@pytest.fixture
def story(tmp_path, monkeypatch):
    folder = tmp_path / "stories"
    copy_shipped_stories(folder)
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(folder))
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    path = folder / "singer.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("心情忐忑", "(心情忐忑:1.3)"), encoding="utf-8")
    return path


def prompt_of(story, scene: str) -> str:
    return read_story(story.read_bytes(), file=story.name).scene(scene).prompt


def test_findings_have_place_reason_and_repair_and_are_repaired(story, capsys):
    assert run(["lint", "singer", "--json"]) == DONE
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    place = finding["places"][0]
    assert finding["code"] == "lint.weight" and (place["scene"], place["field"]) == ("s7", "prompt")
    assert prompt_of(story, "s7")[place["start"] : place["end"]] == "(心情忐忑:1.3)"
    assert "weights" in finding["text"] and finding["repair"][0]["seen"] == prompt_of(story, "s7")

    assert run(["lint", "singer"]) == DONE
    assert "s7.prompt[" in capsys.readouterr().out

    assert run(["lint", "singer", "--repair", "--json"]) == DONE
    report = json.loads(capsys.readouterr().out)
    assert report["repaired"] == 1 and report["findings"] == []
    assert prompt_of(story, "s7").endswith(",心情忐忑")


def test_replacing_shows_first_and_changes_when_asked(story, capsys):
    assert run(["replace", "singer", "紫色", "蓝色", "--in", "prompts"]) == DONE
    assert "+ 二次元,一个蓝色短发小女孩" in capsys.readouterr().out
    assert "紫色" in prompt_of(story, "s1")

    assert run(["replace", "singer", "紫色", "蓝色", "--in", "prompts", "--commit", "--json"]) == DONE
    report = json.loads(capsys.readouterr().out)
    assert report["committed"] and len(report["changes"]) == 8
    assert "蓝色" in prompt_of(story, "s1")

    assert run(["replace", "singer", "蓝色", "红色", "--in", "nowhere"]) == PUT_RIGHT
    assert "captions" in capsys.readouterr().err
