import subprocess

import pytest

board_speed = pytest.importorskip("benchmarks.board_speed")


@pytest.mark.thorough
def test_what_was_measured_is_printed_before_the_next_part_and_whatever_becomes_of_it(capsys, monkeypatch):
    said = "Traceback (most recent call last):\nModuleNotFoundError: No module named 'lightning'\n\n"

    def ended(command, **_):
        return subprocess.CompletedProcess(command, 1, stdout="", stderr=said)

    monkeypatch.setattr(board_speed.subprocess, "run", ended)
    row = {"baseline": 3.0, "ours": 2.0, "ratio": 1.5}
    printed = []

    def training():
        printed.append(capsys.readouterr().out)
        return board_speed.training()

    results, failed = board_speed.measured({"board": lambda: {"eight panels": row}, "training": training})

    assert (results, failed) == ({"eight panels": row}, ["training"])
    assert "| eight panels | 3.00 | 2.00 | 1.50 | 1.3 |" in printed[0]
    assert "exit status 1: ModuleNotFoundError: No module named 'lightning'" in capsys.readouterr().out
