import io
import json

import pytest

from story_engine.cli.main import DONE, PUT_RIGHT, run
from story_engine.config import PROJECT_FOLDER

NOTEBOOK = str(PROJECT_FOLDER / "tests" / "challenge" / "baseline.ipynb")


@pytest.fixture
def stories(tmp_path, monkeypatch):
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(tmp_path / "stories"))
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    return tmp_path / "stories"


def test_a_dry_run_says_what_would_be_made_and_makes_nothing(stories, capsys):
    assert run(["import", NOTEBOOK, "--dry-run", "--json"]) == DONE

    report = json.loads(capsys.readouterr().out)
    assert [scene["seed"] for scene in report["scenes"]] == [0, 1, 2, 5, 0, 1, 7, 0]
    assert report["scenes"][0]["from"] == "baseline.ipynb: [7] L2" and report["story"] is None
    assert report["blocks"]["style"] == "二次元"
    assert not list(stories.glob("*.yaml"))


def test_a_notebook_becomes_a_story_with_its_blocks(stories, capsys):
    code = run(["import", NOTEBOOK, "--title", "My singer", "--blocks", "--stand-in", "preview", "--json"])

    assert code == DONE
    slug = json.loads(capsys.readouterr().out)["story"]
    text = (stories / f"{slug}.yaml").read_text(encoding="utf-8")
    assert slug == "my-singer" and "style: 二次元" in text and "stand_in: preview" in text


def test_text_is_taken_from_standard_input(stories, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("prompt,seed\na cat,3\na dog,4\n"))

    assert run(["import", "-", "--title", "Pets"]) == DONE
    assert "2 scenes" in capsys.readouterr().out and (stories / "pets.yaml").is_file()


def test_a_file_without_a_story_is_something_to_put_right(stories, tmp_path, capsys):
    path = tmp_path / "notes.txt"
    path.write_text("nothing here", encoding="utf-8")

    assert run(["import", str(path)]) == PUT_RIGHT

    answer = capsys.readouterr()
    assert "notes.txt" in answer.err and "Traceback" not in answer.err and answer.out == ""
