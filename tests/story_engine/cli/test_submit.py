"""Handing in without a browser: details, checklist, bundle."""

import json
import zipfile

import pytest

from story_engine.cli.main import DONE, PUT_RIGHT, run
from tests.agreeing_script import agreeing_script
from tests.story_engine.flows.submitted import kolors_lora, ready_services, ready_story


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """Runs a command on a workspace with a painted story; exit code, what it answered, what it remarked."""
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(tmp_path / "stories"))
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setattr("story_engine.bootstrap.run_challenge_script", agreeing_script)
    ready_story(ready_services(tmp_path), kolors_lora(tmp_path / "ink.safetensors"), title="cat")

    def call(*arguments):
        code = run([*arguments, "--json"])
        said = capsys.readouterr()
        return code, json.loads(said.out) if said.out else {}, said.err

    return call


def test_details_are_typed_told_and_what_blocks_is_said_until_it_is_overruled(told, tmp_path):
    details = (
        "--team",
        "猫队",
        "--introduction-en",
        "Ink",
        "--lora",
        "ink",
        "--link",
        "https://modelscope.cn/models/a/b",
    )
    code, written, _ = told("hand-in", "cat", *details)
    assert code == DONE and written["team"] == "猫队"
    assert [words["introduction_en"] for words in written["loras"].values()] == ["Ink"]
    assert told("hand-in", "cat")[1] == written

    code, checked, _ = told("checklist", "cat")
    blocks = [item["code"] for item in checked["items"] if item["state"] == "blocks"]
    # Nothing of this machine's own scorer has rated the pictures.
    assert (code, blocks) == (PUT_RIGHT, ["submit.unscored", "submit.preview_scorer"])

    out = tmp_path / "out.zip"
    code, _, remark = told("export", "cat", "--out", str(out))
    assert code == PUT_RIGHT and "preview scores" in remark and not out.exists()
    assert told("export", "cat", "--out", str(out), "--anyway")[0] == DONE
    with zipfile.ZipFile(out) as bundle:
        checklist = json.loads(bundle.read("猫队-可图Kolors训练-cat/checklist.json"))
    assert checklist["handed_in_anyway"] and checklist["blocking"] == 2
    assert told("export", "cat", "--anyway")[1]["bundle"].endswith("猫队-可图Kolors训练-cat.zip")


def test_a_lora_that_no_picture_uses_cannot_be_introduced(told):
    code, _, remark = told("hand-in", "cat", "--lora", "other", "--introduction", "x")

    assert code == PUT_RIGHT and "other" in remark and "ink" in remark
