"""The benchmark for GPUs, with small networks on this CPU: its lines, its memory of them, its budget."""

import json

import pytest
import torch

from benchmarks.gpu.__main__ import main
from benchmarks.gpu.results import Result, Results

QUICK = ["machine", "ceiling", "encoding"]
BOARDS = ["ours", "notebook", "same pictures", "diffusers", "24 GB card", "6 GB card"]
TRAININGS = ["training, ours", "training, notebook", "training, 6 GB card"]
ALL = [*QUICK, "weights", "where time goes", *BOARDS, *TRAININGS]


@pytest.fixture
def small(tmp_path):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    words = [
        "--small",
        "--panels",
        "1",
        "--steps",
        "2",
        "--folder",
        str(tmp_path),
        "--results",
        str(tmp_path / "r.jsonl"),
    ]
    yield lambda *more: main([*words, *more])
    torch.set_num_threads(threads)


def test_quick_lines_are_measured_once_and_stand_in_one_table(small, tmp_path, capsys):
    assert small("--only", *QUICK) == 0
    first, written = capsys.readouterr().out, (tmp_path / "r.jsonl").read_text().splitlines()
    assert small("--only", *QUICK) == 0

    again = capsys.readouterr().out
    assert (tmp_path / "r.jsonl").read_text().splitlines() == written and len(written) == 1 + len(QUICK)
    assert all(f"| {name} |" in again for name in QUICK) and first.endswith(again)


@pytest.mark.thorough
def test_every_line_is_measured_and_the_pictures_are_the_same(small, tmp_path, capsys):
    assert small() == 0

    lines = {each["name"]: each for each in map(json.loads, (tmp_path / "r.jsonl").read_text().splitlines()[1:])}
    assert set(lines) == set(ALL)
    assert lines["same pictures"]["figures"] == {"furthest": 0, "differing": 0.0}
    shares = lines["where time goes"]["figures"]["shares"]
    assert sum(shares.values()) == pytest.approx(1, abs=0.01) and shares["convolutions"] > shares["normalisations"]
    table = capsys.readouterr().out
    assert "notebook / ours, seconds" in table and "U-Net brought" in lines["6 GB card"]["said"]


def test_without_time_nothing_is_begun_and_the_table_says_so(small, capsys):
    assert small("--budget", "0") == 0

    assert "| ours | – | – | – | not measured: 0 s of the budget were left |" in capsys.readouterr().out


def test_a_line_that_failed_is_measured_again_and_one_that_was_cut_too(tmp_path):
    path = tmp_path / "r.jsonl"
    results = Results(path, {"device": "a"}, anew=False)
    results.add(Result("one", seconds=1.0))
    results.add(Result("two", said="broke", failed=True))
    path.write_text(path.read_text() + '{"name": "three", "seco')

    again = Results(path, {"device": "a"}, anew=False)

    assert again.has("one") and not again.has("two") and not again.has("three")
    assert "failed: broke" in again.table(skipped={})
    again.add(Result("two"))
    assert Results(path, {"device": "a"}, anew=False).has("two")


@pytest.mark.parametrize(("key", "anew"), [({"device": "b"}, False), ({"device": "a"}, True)])
def test_lines_of_another_machine_do_not_count(tmp_path, key, anew):
    path = tmp_path / "r.jsonl"
    Results(path, {"device": "a"}, anew=False).add(Result("one"))

    assert not Results(path, key, anew=anew).has("one")


def test_ratios_are_those_of_the_lines_and_the_leanest_plan_is_one_that_is_as_quick(tmp_path):
    results = Results(tmp_path / "r.jsonl", {}, anew=False)
    results.add(Result("notebook", seconds=30.0, step_seconds=0.5, peak_gib=20.0))
    results.add(Result("ours", seconds=20.0, step_seconds=0.3, peak_gib=24.0))
    results.add(Result("12 GB card", step_seconds=0.4, peak_gib=11.0))
    results.add(Result("6 GB card", step_seconds=0.9, peak_gib=5.0))

    table = results.table(skipped={})

    assert "| **notebook / ours, seconds** | 1.50 |" in table
    assert "| **ours / notebook, peak** | 0.55 |" in table and "12 GB card, the leanest" in table
