"""LoRA files are opened in a process of their own, which may be lost without harm to anybody else."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from story_engine.config import PROJECT_FOLDER
from story_engine.errors import FixInput
from story_engine.jobs.imports import lora_reader
from story_engine.jobs.imports.lora_reader import LoraReader
from story_engine.lora_files.names import kohya_name
from story_engine.store.layout import Layout
from tests.story_engine.inference.small_loras import random_halves, save_kohya
from tests.story_engine.inference.small_preview import small_workspace
from tests.story_engine.jobs.conftest import wait_for

_ONE = kohya_name("blocks.7.transformer_blocks.0.attn1.to_q")


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return small_workspace(tmp_path_factory.mktemp("home"))


def test_a_file_that_takes_too_long_is_given_up_and_the_next_one_is_read(layout, tmp_path):
    sound = save_kohya(random_halves(), tmp_path / "ink.safetensors")
    os.mkfifo(tmp_path / "endless.safetensors")
    assert LoraReader(layout).examine(sound).state == "ok"

    with pytest.raises(FixInput) as caught:
        LoraReader(layout, patience_seconds=0.5).examine(tmp_path / "endless.safetensors")

    assert caught.value.code == "loras.slow" and "endless.safetensors" in str(caught.value)
    assert LoraReader(layout).examine(sound).state == "ok"


def test_a_file_that_ends_the_process_is_named_and_the_next_one_is_read(layout, tmp_path):
    sound = save_kohya(random_halves(), tmp_path / "ink.safetensors")
    os.mkfifo(tmp_path / "deadly.safetensors")
    lora_reader._CHILD._end()
    said = []

    def look():
        try:
            LoraReader(layout).examine(tmp_path / "deadly.safetensors")
        except FixInput as error:
            said.append(error)

    looking = threading.Thread(target=look)
    looking.start()
    process = wait_for(lambda: lora_reader._CHILD.process, what="the process")
    process.kill()
    looking.join(60)

    assert said[0].code == "loras.killed" and "deadly.safetensors" in str(said[0])
    assert LoraReader(layout).examine(sound).state == "ok"


def test_a_process_that_went_by_itself_is_started_again_unnoticed(layout, tmp_path):
    sound = save_kohya(random_halves(), tmp_path / "ink.safetensors")
    LoraReader(layout).examine(sound)
    first = lora_reader._CHILD.process

    first.kill()

    assert LoraReader(layout).examine(sound).state == "ok"
    assert lora_reader._CHILD.process is not first


def test_a_file_that_wants_more_memory_than_allowed_is_refused(layout, tmp_path):
    down, up = torch.zeros(64, 1_000_000), torch.zeros(32, 64)
    save_file({f"{_ONE}.lora_down.weight": down, f"{_ONE}.lora_up.weight": up}, tmp_path / "vast.safetensors")
    program = (
        "from pathlib import Path\n"
        "from story_engine.jobs.work import lora_child\n"
        "held = Path('/proc/self/status').read_text().split('VmData:')[1].split()[0]\n"
        "lora_child.MEMORY_BYTES = int(held) * 1024 + 400_000_000\n"
        "lora_child.main()\n"
    )
    request = {"do": "examine", "path": str(tmp_path / "vast.safetensors"), "workspace": str(layout.workspace)}

    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(request | {"stories": str(layout.stories)}) + "\n",
        capture_output=True,
        text=True,
        cwd=PROJECT_FOLDER,
    )

    assert json.loads(done.stdout)["refused"] == "loras.too_much_memory", done.stderr[-500:]


def test_the_last_words_of_a_reading_process_are_in_the_log_that_the_message_names(tmp_path: Path) -> None:
    """Whichever workspace asks: one process serves them all, and each finds in its log what happened to its files."""
    path = save_kohya(random_halves(), tmp_path / "ink.safetensors")
    logs, processes = [], set()
    for number in range(2):
        reader = LoraReader(Layout(tmp_path / f"workspace {number}", tmp_path / "stories"))
        with pytest.raises(FixInput) as failed:
            reader._ask(path, do="repair", what=f"no such repair {number}", into=str(tmp_path / "into"))
        logs.append(Path(str(failed.value.values["log"])))
        assert failed.value.code == "loras.failed" and str(logs[-1]) in str(failed.value)
        assert reader.examine(path).layers, "the process goes on"
        processes.add(lora_reader._CHILD.process)

    assert logs[0] != logs[1] and len(processes) == 1
    for number, log in enumerate(logs):
        said = log.read_text()
        assert said.count("Traceback") == 1 and f"no such repair {number}" in said
