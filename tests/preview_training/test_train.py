"""One command makes weights from nothing; a training that was stopped anywhere ends in the same ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from story_engine.preview_model.latent_judge import load
from story_engine.preview_model.weights import load_preview


def started(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "preview_training.train", "--smallest", "--processes", "1"]
    return subprocess.Popen(
        [*command, "--folder", str(folder), "--to", str(folder / "weights"), "--judge-to", str(folder / "judge")],
        start_new_session=True,
    )


@pytest.mark.thorough
@pytest.mark.timeout(900)
def test_every_stage_is_trained_and_a_stopped_training_ends_in_the_same_weights(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert started(whole).wait() == 0

    first = started(parts)
    while not (parts / "vae.pt").exists() and first.poll() is None:
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert not (parts / "weights").exists()
    assert started(parts).wait() == 0

    names = sorted(path.name for path in (whole / "weights").iterdir())
    assert names == ["text_encoder.safetensors", "unet.safetensors", "vae.safetensors"]
    assert [(whole / "weights" / each).read_bytes() for each in names] == [
        (parts / "weights" / each).read_bytes() for each in names
    ]
    assert (whole / "judge").read_bytes() == (parts / "judge").read_bytes()
    (seen,) = load(whole / "judge").adherence(torch.zeros(1, 4, 8, 8), "一只猫")
    assert seen is not None and seen.words.keys() == {"猫"}
    assert load_preview(whole / "weights").text_encoder.known_token_ids
