"""The LoRA library from the command line."""

import json

from story_engine.cli.main import run
from story_engine.lora_files.read import read_lora
from tests.story_engine.inference.small_loras import random_halves, save_checkpoint
from tests.story_engine.inference.small_preview import small_workspace


def answer(capsys, workspace, *arguments):
    code = run([*arguments, "--workspace", str(workspace), "--json"])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else said.err


def test_a_lora_from_the_challenges_file_to_another_tool(tmp_path, capsys):
    workspace = small_workspace(tmp_path).workspace
    path = save_checkpoint(random_halves(), tmp_path / "epoch=0-step=500.ckpt")

    code, said = answer(capsys, workspace, "lora", "add", str(path))
    assert code == 1 and "alpha" in said
    code, added = answer(
        capsys, workspace, "lora", "add", str(path), "--name", "ink", "--alpha", "2", "--trigger", "墨"
    )
    assert (code, added["name"], added["alpha"], added["trigger"], added["family"]) == (0, "ink", 2, "墨", "preview")
    code, listed = answer(capsys, workspace, "lora", "list")
    assert [(each["name"], each["rank"], each["state"]) for each in listed["loras"]] == [("ink", 4, "ok")]
    code, looked = answer(capsys, workspace, "lora", "inspect", "ink")
    assert (code, looked["matched"], len(looked["blocks"])) == (0, 88, 11)
    out = tmp_path / "out.safetensors"
    code, _ = answer(capsys, workspace, "lora", "convert", "ink", "--to", "diffusers", "--out", str(out))
    assert code == 0 and read_lora(out).alpha == 2
    code, _ = answer(capsys, workspace, "lora", "repair", "ink", "alpha", "--alpha", "3")
    assert code == 0 and read_lora(workspace / "loras" / "ink" / "adapter.safetensors").alpha == 3
    code, undone = answer(capsys, workspace, "lora", "repair", "ink", "--undo")
    assert undone["undone"] == "alpha" and read_lora(workspace / "loras" / "ink" / "adapter.safetensors").alpha == 2
    code, removed = answer(capsys, workspace, "lora", "remove", "ink")
    assert code == 0 and answer(capsys, workspace, "lora", "list")[1] == {"loras": []}
    code, back = answer(capsys, workspace, "lora", "remove", removed["token"], "--restore")
    assert (code, back["lora"]) == (0, "ink")


def test_people_read_the_findings_as_sentences(tmp_path, capsys):
    workspace = small_workspace(tmp_path).workspace
    path = save_checkpoint(random_halves(), tmp_path / "ink.ckpt")

    code = run(["lora", "inspect", str(path), "--workspace", str(workspace)])

    said = capsys.readouterr().out
    assert code == 0
    assert "It does not say its alpha" in said and "[repair: alpha]" in said and "█" in said


def test_what_does_not_exist_ends_with_one_and_wrong_usage_with_two(tmp_path, capsys):
    assert answer(capsys, tmp_path, "lora", "inspect", "nothing")[0] == 1
    assert "no file" in answer(capsys, tmp_path, "lora", "add", str(tmp_path / "gone.ckpt"))[1]
    assert answer(capsys, tmp_path, "lora", "remove", "nothing")[0] == 1
    assert answer(capsys, tmp_path, "lora", "repair", "nothing")[0] == 2


def test_inspect_takes_every_path_that_add_takes(tmp_path, capsys, monkeypatch):
    workspace = small_workspace(tmp_path).workspace
    folder = tmp_path / "my files"
    folder.mkdir()
    path = save_checkpoint(random_halves(), folder / "ink.pt")
    monkeypatch.chdir(folder)
    ways = ["ink.pt", str(path), f'"{path}"', path.as_uri(), f"'{path.as_uri()}' "]

    inspected = [answer(capsys, workspace, "lora", "inspect", way) for way in ways]
    added = [answer(capsys, workspace, "lora", "add", way, "--alpha", "2") for way in ways]

    assert [(code, report["matched"]) for code, report in inspected] == [(0, 88)] * len(ways)
    assert [(code, entry["source_name"]) for code, entry in added] == [(0, "ink.pt")] * len(ways)
    code, said = answer(capsys, workspace, "lora", "inspect", "nowhere.pt")
    assert code == 1 and "nowhere.pt" in said and "no file" in said
