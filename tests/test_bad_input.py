"""What people get wrong, and what goes wrong around them: each has its sentence, and nothing is lost."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.cli.main import DONE, PUT_RIGHT, USAGE, run
from story_engine.config import PROJECT_FOLDER, read_config
from story_engine.domain.edit import Edit
from story_engine.errors import ChooseAnother, InstallOrDownload, InvalidInput
from story_engine.flows.services import Services
from tests.shipped import copy_shipped_stories

STORY = "orange-cat-en"
PREVIEW_FILES = ("unet.safetensors", "text_encoder.safetensors", "vae.safetensors")
SHOWN_SECONDS = 60.0


@pytest.fixture
def stories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "stories"
    copy_shipped_stories(folder)
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(folder))
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    # Jobs stay in the ledger: what a dispatcher does with them is the business of other tests.
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    return folder


@pytest.fixture
def services(stories: Path) -> Services:
    return open_services(read_config())


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A workspace with preview weights of its own: whole files, read by nobody here."""
    folder = tmp_path / "workspace" / "models" / "preview"
    folder.mkdir(parents=True)
    header = json.dumps({"a": {"dtype": "F32", "shape": [64], "data_offsets": [0, 256]}}).encode()
    for name in PREVIEW_FILES:
        (folder / name).write_bytes(len(header).to_bytes(8, "little") + header + bytes(256))
    return folder


def one_scene(fields: str = "", *, settings: str = "") -> bytes:
    return f"settings: {{{settings}}}\nscenes:\n  - {{id: s1, prompt: a cat{fields}}}\n".encode()


BAD_FILES = {
    "a tab": (b"scenes:\n\t- id: s1\n", ["Line 2", "tab"]),
    "an open quote": (b"title: 'x\nscenes: []\n", ["not valid YAML", "quote"]),
    "an empty file": (b"", ["empty"]),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), ["UTF-8"]),
    "a list": (b"- a\n", ["named fields"]),
    "code": (b"!!python/object/apply:os.system ['x']\n", ["tag", "not allowed"]),
    "brackets without end": (b"[" * 100_000, ["nested too deep"]),
    "a key twice": (b"title: a\ntitle: b\nscenes: [{id: s1}]\n", ['"title" is given twice', "line 2"]),
    "wrong types": (b"title: [1]\nstyle: {a: b}\nsettings: 3\nscenes: 5\n", ["title", "style", "settings", "scenes"]),
    "no scenes": (b"title: a\nscenes: []\n", ["at least one scene"]),
    "500 scenes": (b"scenes:\n" + b"".join(b"  - {id: s%d}\n" % n for n in range(500)), ["500", "24"]),
    "an id twice": (b"scenes: [{id: rain}, {id: rain}]", ["rain", "scenes[1].id"]),
    "an id of a parent folder": (b"scenes: [{id: ../x}]", ["../x", "/"]),
    "an id of a device": (b"scenes: [{id: CON}]", ["CON", "Windows"]),
    "an unknown model": (one_scene(settings="family: kolor"), ["kolor", "kolors"]),
    "seed -1": (one_scene(", seed: -1"), ["-1", "4294967295"]),
    "seed 2 to the 32": (one_scene(", seed: 4294967296"), ["4294967296", "4294967295"]),
    "a seed in words": (one_scene(", seed: seven"), ["seven", "whole number"]),
    "a size between": (one_scene(settings="width: 1000, height: 1000"), ["settings.width", "settings.height", "1024"]),
    "no steps": (one_scene(settings="steps: 0"), ["settings.steps", "200"]),
    "guidance 1e9": (one_scene(settings="cfg_scale: 1e9"), ["settings.cfg_scale", "30"]),
    "a prompt of 1.5 MB": (one_scene(", title: " + "x" * 1_500_000), ["1 500 000", "scenes[0].title"]),
    "a file of 5 MB": (one_scene(", title: " + "x" * 5_000_000), ["50000", "2000000"]),
    "a bell": (b'scenes: [{id: s1, prompt: "a\\x07b"}]', ["U+0007"]),
}


@pytest.mark.parametrize(("content", "told"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_story_file_is_told_in_words_and_left_as_it_is(stories, capsys, content, told):
    path = stories / "bad.yaml"
    path.write_bytes(content)

    assert run(["lint", "bad"]) == PUT_RIGHT

    answer = capsys.readouterr()
    assert answer.out == ""
    assert all(each in answer.err for each in told), answer.err
    assert len(answer.err) < 2_000
    assert path.read_bytes() == content
    cards = {card.slug: card for card in flows.shelf.cards(open_services(read_config()))}
    assert cards["bad"].problem is not None
    assert cards[STORY].problem is None


@pytest.mark.parametrize(
    "prompt", ["🐉 a dragon 👩‍🚀", "قصة قطة", "a \u202ecat", "雨の日, Märchen", "e\u0301", "a\u2028b"]
)
def test_text_of_every_script_is_kept_to_the_letter(services, prompt):
    services.stories.edit(
        STORY, [Edit(scene="s1", field="prompt", value=prompt, seen=services.stories.load(STORY).scene("s1").prompt)]
    )

    assert open_services(read_config()).stories.load(STORY).scene("s1").prompt == prompt


@pytest.mark.parametrize("slug", ["../x", "..", "CON", "", "a\nb", "/etc/passwd", "x" * 300, "\u202egnp"])
def test_a_name_that_is_no_story_is_answered_in_words_everywhere(services, capsys, slug):
    assert run(["board", slug]) == PUT_RIGHT

    assert "There is no story" in capsys.readouterr().err
    for ask in (
        lambda: flows.panels.open_story(services, slug).board,
        lambda: services.stories.history(slug),
        lambda: services.stories.delete(slug),
        lambda: services.stories.duplicate(slug),
        lambda: flows.queue.render(services, slug),
        lambda: flows.queue.rescore(services, slug),
    ):
        with pytest.raises(ChooseAnother):
            ask()


@pytest.mark.parametrize("title", ["../x", "CON", "nul.txt", "\u202e", "🐉", "", " . "])
def test_any_title_makes_a_story_with_a_safe_file_name(services, stories, title):
    slug = flows.shelf.create(services, title)

    assert services.stories.load(slug).title == title
    assert (stories / f"{slug}.yaml").is_file()


def test_a_pasted_file_as_title_is_refused_in_one_short_sentence(services, stories):
    before = sorted(stories.iterdir())

    with pytest.raises(InvalidInput) as caught:
        flows.shelf.create(services, "x" * 5_000_000)

    assert len(str(caught.value)) < 1_000
    assert "5 000 000" in str(caught.value)
    assert sorted(stories.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["render", STORY, "--scene", "²"], PUT_RIGHT, "²"),
        (["redo", STORY, "--scene", "../x"], PUT_RIGHT, "../x"),
        (["redo", STORY, "--scene", "99"], PUT_RIGHT, "99"),
        (["pick", STORY, "--scene", "nowhere", "--take", "1"], PUT_RIGHT, "nowhere"),
        (["pick", STORY, "--scene", "1", "--take", ""], PUT_RIGHT, "take"),
        (["render", STORY, "--size", "64x64"], PUT_RIGHT, "256"),
        (["render", STORY, "--size", "1024x1024"], PUT_RIGHT, "768"),
        (["render", STORY, "--steps", "9" * 30], PUT_RIGHT, "200"),
        (["render", STORY, "--steps", "many"], USAGE, "steps"),
        (["jobs", "watch", "999"], PUT_RIGHT, "999"),
        (["jobs", "cancel", "9" * 30], PUT_RIGHT, "9" * 30),
        (["jobs", "retry", "-1"], USAGE, "-1"),
        (["models", "download", "x"], PUT_RIGHT, "kolors"),
        (["lint", STORY, "--workspace"], USAGE, "--workspace"),
    ],
)
def test_a_slip_on_the_command_line_is_told_in_words(stories, weights, capsys, words, code, told):
    assert run(words) == code

    answer = capsys.readouterr()
    assert told in answer.err and "Traceback" not in answer.err


def test_a_setting_of_the_environment_that_is_no_number_is_named(stories, monkeypatch, capsys):
    monkeypatch.setenv("STORY_STUDIO_THREADS", "many")

    assert run(["models", "list"]) == PUT_RIGHT

    assert "STORY_STUDIO_THREADS" in capsys.readouterr().err


def test_a_workspace_that_is_a_file_is_named(stories, tmp_path, capsys):
    wrong = tmp_path / "file"
    wrong.write_text("mine")

    assert run(["render", STORY, "--workspace", str(wrong)]) == PUT_RIGHT

    assert str(wrong) in capsys.readouterr().err
    assert wrong.read_text() == "mine"


def test_stories_that_cannot_be_written_can_be_read_and_a_save_says_so(services, stories):
    # A file stands where the history would be made: the write fails for root as for everybody.
    (stories / ".history").write_text("in the way")
    before = (stories / f"{STORY}.yaml").read_bytes()

    assert len(flows.panels.open_story(services, STORY).board.panels) == 8
    with pytest.raises(Exception, match="written") as caught:
        services.stories.edit(
            STORY, [Edit(scene="s1", field="seed", value=7, seen=services.stories.load(STORY).scene("s1").seed)]
        )

    assert type(caught.value).__name__ == "Wait"
    assert (stories / f"{STORY}.yaml").read_bytes() == before


@pytest.mark.parametrize("damage", ["missing", "truncated"])
@pytest.mark.parametrize("name", PREVIEW_FILES)
def test_damaged_weights_are_named_before_anything_is_queued(services, weights, capsys, name, damage):
    path = weights / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-40])

    assert run(["render", STORY]) == PUT_RIGHT

    told = capsys.readouterr().err
    assert name in told and str(weights) in told
    with pytest.raises(InstallOrDownload):
        flows.queue.redo(services, STORY, "s1")
    assert flows.queue.jobs(services, active=False) == ()
    assert run(["models", "verify"]) == PUT_RIGHT
    assert damage in capsys.readouterr().out
    assert run(["board", STORY]) == DONE


def test_a_double_submit_from_two_engines_is_one_job(services, weights):
    other = open_services(read_config())

    jobs = {flows.queue.render(each, STORY).job for each in (services, other, services)}

    assert len(jobs) == 1 == len(flows.queue.jobs(other))


def test_a_story_deleted_while_its_pictures_wait_comes_back_with_its_job(services, weights):
    job = flows.queue.render(services, STORY).job

    token = services.stories.delete(STORY)

    assert flows.queue.job(services, job).state == "queued"
    with pytest.raises(ChooseAnother):
        flows.queue.render(services, STORY)
    assert services.stories.restore(token) == STORY
    assert flows.queue.render(services, STORY).job == job


def test_a_port_that_is_taken_is_said_and_the_first_studio_goes_on(stories):
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    first = started_on(port)
    try:
        wait_for_answer(port, first)

        second = started_on(port)

        said = second.communicate(timeout=SHOWN_SECONDS)[0]
        assert second.returncode != 0
        assert str(port) in said and "Traceback" not in said
        wait_for_answer(port, first)
    finally:
        first.terminate()
        first.communicate(timeout=SHOWN_SECONDS)


def started_on(port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "streamlit", "run", "Home.py", "--server.headless=true", f"--server.port={port}"]
    return subprocess.Popen(
        command, cwd=PROJECT_FOLDER, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for_answer(port: int, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + SHOWN_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nobody answers on port {port}: exit code {process.poll()}")
