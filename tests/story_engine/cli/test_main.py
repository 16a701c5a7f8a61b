"""The command line's manners: exit codes, JSON on stdout, messages on stderr. README's examples render for real."""

import json

import pytest

from story_engine.cli.main import DONE, PUT_RIGHT, USAGE, run
from tests.shipped import copy_shipped_stories


@pytest.fixture
def stories(tmp_path, monkeypatch):
    folder = tmp_path / "stories"
    copy_shipped_stories(folder)
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(folder))
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    return folder


def test_json_and_workspace_are_understood_behind_the_command_too(stories, tmp_path, capsys):
    code = run(["board", "orange-cat-en", "--workspace", str(tmp_path / "other"), "--json"])

    out = capsys.readouterr().out
    report = json.loads(out)
    assert code == DONE and out.count("\n") == 1
    assert report["story"] == "orange-cat-en" and len(report["panels"]) == 8


def test_a_path_opens_the_story_where_it_lies(stories, capsys):
    assert run(["lint", str(stories / "singer.yaml")]) == DONE
    assert "29 of 256 tokens" in capsys.readouterr().out


def test_a_missing_story_is_something_to_put_right(stories, capsys):
    assert run(["board", "no-such-story"]) == PUT_RIGHT

    answer = capsys.readouterr()
    assert answer.out == "" and "no-such-story" in answer.err and "Traceback" not in answer.err


def test_a_kolors_story_without_kolors_says_what_the_choices_are(stories, capsys):
    assert run(["render", "singer"]) == PUT_RIGHT
    assert "preview" in capsys.readouterr().err


def test_wrong_usage_has_a_code_of_its_own(stories, capsys):
    assert run(["render"]) == USAGE
    assert run(["no-such-command"]) == USAGE
    assert run(["render", "singer", "--size", "big"]) == USAGE


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--size", "1000x1000"], "64"),
        (["--steps", "0"], "steps"),
        (["--sampler", "ddimm"], "ddim"),
        (["--family", "sdxl"], "kolors"),
        (["--scene", "99"], "99"),
        (["--takes", "1000"], "64"),
    ],
)
def test_bad_options_are_refused_with_what_would_be_accepted(stories, capsys, options, told):
    assert run(["render", "orange-cat-en", *options]) == PUT_RIGHT
    assert told in capsys.readouterr().err


def test_a_contest_that_leaves_nothing_to_choose_from_is_refused(stories, capsys):
    assert run(["contest", "orange-cat-en", "--scene", "3", "--takes", "2", "--keep", "2"]) == PUT_RIGHT
    assert "nothing to choose from" in capsys.readouterr().err


def test_a_lora_that_is_not_here_is_told_by_lint_and_stops_all_but_the_render_without_loras(stories, capsys):
    story = stories / "orange-cat-en.yaml"
    story.write_text(story.read_text(encoding="utf-8") + "\nloras:\n  - name: gone\n", encoding="utf-8")

    assert run(["lint", "orange-cat-en", "--json"]) == DONE
    assert "gone" in json.loads(capsys.readouterr().out)["notices"][0]
    assert run(["render", "orange-cat-en"]) == PUT_RIGHT
    assert "gone" in capsys.readouterr().err
    assert run(["render", "orange-cat-en", "--without-loras", "--takes", "1000"]) == PUT_RIGHT
    assert "64" in capsys.readouterr().err


def test_an_export_that_is_not_ready_lists_everything_and_writes_nothing(stories, tmp_path, capsys):
    out = tmp_path / "x.zip"

    assert run(["export", "orange-cat-en", "--out", str(out)]) == PUT_RIGHT
    assert not out.exists()
    assert capsys.readouterr().err.count("no picture yet") == 8


def test_models_list_names_every_missing_file_with_its_size(stories, capsys):
    assert run(["models", "list", "--json"]) == DONE

    families = {family["name"]: family for family in json.loads(capsys.readouterr().out)["families"]}
    kolors = families["kolors"]
    assert not kolors["ready"]
    assert all(file["size_bytes"] > 0 and file["state"] == "missing" for file in kolors["files"])


def test_models_plan_says_what_is_in_memory_at_one_time(stories, capsys):
    assert run(["models", "plan", "kolors", "--width", "1024", "--json"]) == DONE

    report = json.loads(capsys.readouterr().out)
    stages = [report["plan"][f"{stage}_bytes"] for stage in ("encoding", "denoising", "decoding")]
    assert report["peak_bytes"] == max(stages) and report["fits"] is (report["peak_bytes"] <= report["free_bytes"])
    assert run(["models", "plan", "preview"]) == DONE
    assert "any machine" in capsys.readouterr().out


def test_every_command_s_help_has_an_example(capsys):
    for words in (
        ["render"],
        ["redo"],
        ["score"],
        ["board"],
        ["pick"],
        ["lint"],
        ["export"],
        ["doctor"],
        ["models", "list"],
        ["models", "plan"],
        ["models", "verify"],
        ["models", "download"],
        ["jobs", "list"],
        ["jobs", "queue"],
        ["jobs", "move"],
        ["jobs", "watch"],
        ["jobs", "cancel"],
        ["jobs", "retry"],
        ["jobs", "prune"],
    ):
        run([*words, "--help"])
        assert "Example" in capsys.readouterr().out, words


def test_a_workspace_of_nothing_is_refused_instead_of_written_into_the_current_folder(stories, capsys, monkeypatch):
    for line in (["lint", "singer", "--workspace", ""], ["--workspace=", "lint", "singer"]):
        assert run(line) == PUT_RIGHT
        assert "workspace" in capsys.readouterr().err


def test_what_stands_behind_two_dashes_is_no_option(stories, capsys):
    assert run(["lint", "--", "--json"]) == PUT_RIGHT
    assert '"--json"' in capsys.readouterr().err


def test_a_file_is_not_asked_for_where_a_folder_is_before_any_work_is_done(stories, tmp_path, capsys):
    lines = (
        ["compare", "orange-cat-en", "--scene", "1", "--x", "seed=0"],
        ["export", "orange-cat-en"],
        ["lora", "convert", "ink"],
        ["dataset", "export", "ink"],
    )
    for line in lines:
        for folder in ("/", str(tmp_path)):
            assert run([*line, "--out", folder]) == USAGE
            assert "directory" in capsys.readouterr().err
    assert not (tmp_path / "workspace" / "jobs.sqlite").exists()
