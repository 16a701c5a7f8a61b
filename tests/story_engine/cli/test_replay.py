"""`replay` and `upload` on the command line: answers, exit codes, and what is never asked for or shown."""

from __future__ import annotations

import hashlib
import json

import pytest

from story_engine import flows
from story_engine.cli import main
from story_engine.cli import replay as cli_replay
from story_engine.domain.replay import PictureReplay, ReplayReport


@pytest.fixture
def replayed(monkeypatch, tmp_path):
    """A finished job whose pictures differ by so much; painting itself is tested with the job."""

    def finish(largest: int) -> list[str]:
        picture = PictureReplay(
            file="images/01.png",
            scene="s1",
            seed=1,
            recipe="a" * 32,
            picture_sha256="b" * 64,
            differing=0.01 if largest else 0,
            largest=largest,
            mean=largest / 100,
        )
        report = ReplayReport(bundle="b\x1b[31m.zip", pictures=(picture,), unlisted=("\u202eevil",))
        monkeypatch.setattr(flows.replay, "start", lambda services, bundle: 1)
        monkeypatch.setattr(cli_replay, "wait_for", lambda services, job: None)
        monkeypatch.setattr(flows.replay, "report_of", lambda job: report)
        return ["--workspace", str(tmp_path / "workspace"), "replay", "b.zip"]

    return finish


def test_the_exit_code_says_whether_it_is_reproduced(replayed, capsys, tmp_path):
    codes = [main.run(replayed(largest)) for largest in (0, 1, 2, 255)]
    assert codes == [0, 0, 1, 1]
    assert main.run([*replayed(2), "--tolerance", "2"]) == 0
    assert main.run([*replayed(1), "--tolerance", "0"]) == 1
    shown = capsys.readouterr().out
    assert "images/01.png" in shown and "\x1b" not in shown and "\u202e" not in shown

    certificate = tmp_path / "certificate.md"
    assert main.run([*replayed(0), "--json", "--certificate", str(certificate)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["is_reproduced"] is True and answer["identical"] == 1 and answer["pictures"][0]["largest"] == 0
    assert "复现证书" in certificate.read_text(encoding="utf-8")


def test_a_bundle_that_is_not_there_is_said(tmp_path, capsys):
    assert main.run(["--workspace", str(tmp_path), "replay", str(tmp_path / "none.zip")]) == 1
    assert "none.zip" in capsys.readouterr().err


def test_a_dry_run_needs_no_token_and_lists_every_file(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("MODELSCOPE_API_TOKEN", raising=False)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "README.md").write_text("# ink")
    digest = hashlib.sha256(b"# ink").hexdigest()
    (tmp_path / "b" / "SHA256SUMS").write_text(f"{digest}  README.md\n")
    upload = ["--workspace", str(tmp_path / "workspace"), "upload", str(tmp_path / "b")]

    assert main.run([*upload, "moyun/ink", "--dry-run", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [file["name"] for file in answer["files"]] == ["README.md", "SHA256SUMS"]
    assert main.run([*upload, "no owner", "--dry-run"]) == 1
    assert main.run([*upload, "moyun/ink"]) == 1  # no terminal to ask at, and no token
    assert "MODELSCOPE_API_TOKEN" in capsys.readouterr().err
    assert not (tmp_path / "workspace" / "jobs.sqlite").exists() or not list(tmp_path.rglob("*.log"))
