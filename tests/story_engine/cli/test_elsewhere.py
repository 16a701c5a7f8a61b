import json

from story_engine.cli.main import run


def test_a_board_is_written_for_another_tool(tmp_path, capsys):
    out = tmp_path / "singer.json"

    code = run(["--workspace", str(tmp_path / "w"), "--json", "export-to", "singer", "comfyui-mz", "--out", str(out)])

    report = json.loads(capsys.readouterr().out)
    assert code == 0 and report["differences"]
    assert json.loads(out.read_text(encoding="utf-8"))["version"] == 0.4


def test_an_unknown_tool_is_answered_with_those_that_there_are(tmp_path, capsys):
    assert run(["--workspace", str(tmp_path / "w"), "export-to", "singer", "dalle"]) != 0

    assert "comfyui-kijai-api" in capsys.readouterr().err
