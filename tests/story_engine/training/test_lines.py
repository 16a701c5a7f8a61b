from pathlib import Path

import torch

from story_engine.domain.job import Progress
from story_engine.domain.job_result import TrainResult
from story_engine.errors import FixInput, LookAtLog
from story_engine.training import process
from story_engine.training.lines import DoneLine, ErrorLine, ProgressLine, Raised, read_line


def test_every_line_of_a_training_process_is_read_as_it_was_written():
    lines = (
        ProgressLine(progress=Progress(stage="training", step=3, total=8, scenes=("雨",))),
        DoneLine(done=TrainResult(state="stopped", step=3, total=8, loss=0.5)),
        ErrorLine(error=Raised.by(FixInput("training.too_few_gpus", processes=2, gpus=1))),
    )

    assert tuple(read_line(line.model_dump_json() + "\n") for line in lines) == lines


def test_what_a_library_prints_is_no_line():
    for text in ("Downloading: 3 %\n", "{}\n", '{"progress": 3}\n', "[1]\n", "\n", '{"done": {"state": 1}}\n'):
        assert read_line(text) is None


def test_an_error_is_raised_again_as_what_it_was():
    again = Raised.by(FixInput("training.too_few_gpus", processes=2, gpus=Path("x"))).again()

    assert isinstance(again, FixInput) and again.code == "training.too_few_gpus"
    assert type(Raised(kind="message", code="jobs.cancelled").again()) is LookAtLog


def test_a_device_that_fails_under_several_processes_is_told_in_words(tmp_path, monkeypatch, capsys):
    def train(*given, **settings):
        raise torch.AcceleratorError("CUDA error: unspecified launch failure")

    monkeypatch.setattr(process, "train", train)

    assert process.main([str(tmp_path / "runs" / "one"), str(tmp_path)]) == 1
    told = read_line(capsys.readouterr().out).error.again()
    assert told.code == "jobs.device_lost_training" and "unspecified launch failure" in told.text("zh")
