from __future__ import annotations

import csv
import os
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from tensorboardX.proto import event_pb2

from story_engine.catalog.families import families
from story_engine.domain.guidance import EVERYWHERE
from story_engine.domain.job import Progress
from story_engine.domain.recipe import LoraPart
from story_engine.errors import FixInput, InstallOrDownload, LookAtLog
from story_engine.inference.render import Renderer
from story_engine.lora_files.read import read_lora
from story_engine.store.datasets import DatasetStore
from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout
from story_engine.store.runs import METRIC_COLUMNS, RunStore
from story_engine.training import process, session
from story_engine.training.records import read_state
from story_engine.training.sampling import guidance_and_steps
from tests.story_engine.inference.small_preview import recipe
from tests.story_engine.training.small_training import (
    PROMPT,
    collected,
    new_run,
    small_spec,
    trained,
    training_workspace,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Layout:
    """For tests that leave pictures and weights as they are."""
    return training_workspace(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def finished(shared) -> tuple[Layout, str, list[Progress]]:
    """A run of eight steps with samples."""
    run = new_run(shared, sample_every=4, sample_prompts=(PROMPT, PROMPT), learning_rate=0.02)
    told, report = collected()
    trained(shared, run, report=report)
    return shared, run, told


@pytest.fixture
def layout(tmp_path) -> Layout:
    return training_workspace(tmp_path)


def adapter_of(layout, run, step):
    layers = read_lora(RunStore(layout).checkpoints(run)[step]).layers
    return {f"{name}.{half}": getattr(layer, half) for name, layer in layers.items() for half in ("down", "up")}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def figures_of(layout, run):
    return [
        (row.step, row.epoch, row.loss, row.smoothed_loss, row.learning_rate) for row in RunStore(layout).metrics(run)
    ]


def test_a_training_moves_the_adapter_and_leaves_a_clean_lora(finished):
    layout, run, told = finished

    store = RunStore(layout)
    state = store.run(run)
    assert (state.state, state.step, state.saved_step, state.device) == ("finished", 8, 8, "cpu")
    assert list(store.checkpoints(run)) == [4, 8]
    weights = read_lora(store.checkpoints(run)[8])
    assert (weights.rank, weights.alpha) == (4, 2.0)
    assert all(layer.up.abs().max() > 0 for layer in weights.layers.values())
    assert {progress.stage for progress in told} == {"encoding", "training", "saving", "sampling"}
    last = [progress for progress in told if progress.stage == "training"][-1]
    assert (last.step, last.total, last.eta_seconds) == (8, 8, 0) and last.seconds_per_step > 0


def test_a_checkpoint_says_where_it_comes_from(finished):
    layout, run, _ = finished

    with safe_open(RunStore(layout).checkpoints(run)[8], framework="pt") as file:
        said = file.metadata()

    assert said["ss_network_dim"] == "4" and said["modelspec.trigger_phrase"] == "墨染"
    assert said["ss_steps"] == "8" and RunStore(layout).run(run).weights_hash in said["ss_new_sd_model_hash"]


def test_the_figures_are_there_for_spreadsheets_and_for_tensorboard(finished):
    layout, run, _ = finished

    folder = RunStore(layout).folder(run)
    with (folder / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(METRIC_COLUMNS) and [row["step"] for row in rows] == [str(n) for n in range(1, 9)]
    assert float(rows[0]["learning_rate"]) == pytest.approx(0.01)  # the first of two steps of warm-up
    assert all(float(row["memory_mb"]) > 100 for row in rows)
    losses = {step: value for step, tag, value in events_of(folder / "tensorboard") if tag == "training/loss"}
    assert losses == {int(row["step"]): pytest.approx(float(row["loss"]), rel=1e-5) for row in rows}


def test_samples_are_painted_with_fixed_seeds_and_once_without_the_lora(finished):
    layout, run, _ = finished

    samples = {(sample.step, sample.number): sample.path.read_bytes() for sample in RunStore(layout).samples(run)}
    assert sorted(samples) == [(0, 0), (0, 1), (4, 0), (4, 1), (8, 0), (8, 1)]
    assert samples[0, 0] == samples[0, 1] and samples[8, 0] != samples[0, 0]


def test_a_graceful_stop_goes_on_as_if_it_had_never_been(shared):
    """With dropout, whose randomness has to go on too; a training without it is killed below."""
    whole, parts = (new_run(shared, steps_per_epoch=12, lora_dropout=0.2) for _ in "12")
    trained(shared, whole)

    def stop_at_seven():
        return len(RunStore(shared).metrics(parts)) >= 7

    assert trained(shared, parts, should_stop=stop_at_seven).state == "stopped"
    stopped = RunStore(shared).run(parts)
    assert (stopped.state, stopped.step, stopped.saved_step) == ("stopped", 7, 7)
    assert trained(shared, parts).state == "finished"

    assert same(adapter_of(shared, whole, 12), adapter_of(shared, parts, 12))
    assert figures_of(shared, whole) == figures_of(shared, parts)


def test_a_killed_training_goes_on_to_the_same_bits(shared):
    whole = new_run(shared, steps_per_epoch=20, save_every=6)
    parts = new_run(shared, steps_per_epoch=20, save_every=6)
    trained(shared, whole)
    store = RunStore(shared)
    command = [sys.executable, "-m", "story_engine.training.process", str(store.folder(parts)), str(shared.stories)]
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}  # sums in another order have other last bits
    child = subprocess.Popen(
        command, env=os.environ | threads, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    for _ in child.stdout:
        if store.run(parts).saved_step >= 12:
            break
    child.send_signal(signal.SIGKILL)
    child.wait()

    killed = store.run(parts)
    assert killed.state == "interrupted" and killed.can_resume and 12 <= killed.saved_step < 20
    trained(shared, parts)

    assert store.run(parts).state == "finished"
    assert same(adapter_of(shared, whole, 20), adapter_of(shared, parts, 20))
    assert figures_of(shared, whole) == figures_of(shared, parts)


@pytest.mark.thorough
def test_the_same_settings_give_the_same_lora_and_another_seed_another(shared):
    runs = [new_run(shared, seed=seed) for seed in (1, 1, 2)]
    for run in runs:
        trained(shared, run)

    first, again, other = (adapter_of(shared, run, 8) for run in runs)
    assert same(first, again) and not same(first, other)


@pytest.mark.thorough
def test_gradient_checkpointing_changes_nothing_but_memory(shared):
    runs = [new_run(shared, use_gradient_checkpointing=choice) for choice in (False, True)]
    for run in runs:
        trained(shared, run)

    assert same(*(adapter_of(shared, run, 8) for run in runs))


def test_accumulated_batches_are_one_step(shared):
    run = new_run(shared, batch_size=1, gradient_accumulation_steps=2)

    trained(shared, run)

    assert len(RunStore(shared).metrics(run)) == 8


@pytest.mark.parametrize("as_stories", [True, pytest.param(False, marks=pytest.mark.thorough)])
def test_samples_are_the_pictures_that_base_and_checkpoint_paint(shared, as_stories):
    run = new_run(
        shared,
        samples_as_stories=as_stories,
        sample_every=2,
        sample_prompts=(PROMPT,),
        steps_per_epoch=2,
        learning_rate=0.02,
        lr_warmup_steps=0,
        resolution=256,
        aspect_buckets=False,
    )
    trained(shared, run)
    path = RunStore(shared).checkpoints(run)[2]
    (shared.loras / "trained").mkdir(parents=True, exist_ok=True)
    (shared.loras / "trained" / "adapter.safetensors").write_bytes(path.read_bytes())
    part = LoraPart(name="trained", sha256=file_sha256(path), strength=1.0)
    preview = families(shared)["preview"]
    wanted = [
        recipe(
            shared,
            prompt=PROMPT.prompt,
            negative=PROMPT.negative,
            seed=PROMPT.seed,
            sampler=preview.sampler,
            steps=2,
            cfg_scale=preview.cfg_scale,
            loras=loras,
            **(preview.by_noise.levels.model_dump() if as_stories else {}),
        )
        for loras in ((), (part,))
    ]

    painted = [np.asarray(picture, dtype=int) for picture in Renderer(shared, threads=1).render(wanted)]

    samples = [np.asarray(Image.open(sample.path), dtype=int) for sample in RunStore(shared).samples(run)]
    assert len(samples) == 2 and np.abs(samples[0] - samples[1]).max() > 8
    assert np.abs(samples[0] - painted[0]).max() <= 1 and np.abs(samples[1] - painted[1]).max() <= 1


def test_samples_of_a_new_training_are_guided_as_stories_are_and_those_of_an_old_one_as_they_were(shared):
    preview = families(shared)["preview"]
    old, new = small_spec(sample_steps=0), small_spec(sample_steps=0, samples_as_stories=True)

    assert guidance_and_steps(old, preview) == (EVERYWHERE, preview.steps)
    assert guidance_and_steps(new, preview) == (preview.by_noise.levels, preview.by_noise.steps)
    assert guidance_and_steps(new.model_copy(update={"sample_steps": 7}), preview)[1] == 7
    kolors = families(shared)["kolors"]  # stories for it are guided the same everywhere unless they ask for levels
    assert guidance_and_steps(new, kolors) == (EVERYWHERE, kolors.steps)


def test_requests_are_done_while_it_runs(shared):
    run = new_run(shared, sample_prompts=(PROMPT,), save_every=8)
    store = RunStore(shared)
    store.request(run, "sample")
    store.request(run, "save")

    def stop_at_three():
        return len(store.metrics(run)) >= 3

    trained(shared, run, should_stop=stop_at_three)

    assert store.requests(run) == frozenset()
    assert {sample.step for sample in store.samples(run)} == {0} and 3 in store.checkpoints(run)


def test_a_request_to_stop_saves_and_is_forgotten_at_the_next_start(shared):
    run = new_run(shared)
    store = RunStore(shared)
    store.request(run, "stop")

    assert trained(shared, run).state == "stopped"
    assert trained(shared, run).state == "finished"


def test_a_run_may_be_stopped_while_it_encodes(layout):
    run = new_run(layout)

    assert trained(layout, run, should_stop=lambda: True).state == "stopped"
    assert RunStore(layout).run(run).can_resume


def test_the_second_run_on_the_same_pictures_encodes_nothing(layout):
    trained(layout, new_run(layout))
    times = {path: path.stat().st_mtime_ns for path in layout.latents.rglob("*.safetensors")}
    assert len(times) == 5

    trained(layout, new_run(layout, seed=9))

    assert {path: path.stat().st_mtime_ns for path in layout.latents.rglob("*.safetensors")} == times


def test_only_the_last_checkpoints_stay_and_those_at_round_steps(shared):
    run = new_run(shared, save_every=1, keep_last=2, keep_every=3)

    trained(shared, run)

    assert list(RunStore(shared).checkpoints(run)) == [3, 6, 7, 8]


def test_a_checkpoint_that_is_used_or_was_asked_for_stays(shared):
    run = new_run(shared, save_every=1, keep_last=1, steps_per_epoch=8)
    store, asked = RunStore(shared), []
    shared.stories.mkdir(parents=True, exist_ok=True)
    (shared.stories / "墨.yaml").write_text(f"scenes:\n- loras: [{{name: '{run}@2', strength: 0.5}}]\n")

    def should_stop():
        if 4 in store.checkpoints(run) and not asked:
            store.request(run, "save")
            asked.append(4)
        return False

    try:
        trained(shared, run, should_stop=should_stop)
    finally:
        (shared.stories / "墨.yaml").unlink()

    assert store.kept(run) == {4} and store.requests(run) == frozenset()
    assert list(store.checkpoints(run)) == [2, 4, 8]


def test_other_settings_are_refused_by_name_and_harmless_ones_are_not(shared):
    run = new_run(shared)
    store = RunStore(shared)
    trained(shared, run, should_stop=lambda: store.run(run).saved_step >= 4)
    path = store.folder(run) / "spec.json"
    before = store.spec(run)
    path.write_text(before.model_copy(update={"lora_rank": 8, "learning_rate": 0.01}).model_dump_json())

    with pytest.raises(FixInput) as caught:
        trained(shared, run)

    assert caught.value.code == "training.spec_changed"
    assert "lora_rank: 4 → 8" in str(caught.value) and "learning_rate: 0.001 → 0.01" in str(caught.value)
    assert store.run(run).state == "failed" and store.run(run).error_code == "training.spec_changed"
    path.write_text(before.model_copy(update={"save_every": 3}).model_dump_json())
    assert trained(shared, run).state == "finished"


def test_a_changed_dataset_is_refused_with_the_pictures_names(layout):
    run = new_run(layout)
    store = DatasetStore(layout)
    store.remove("ink", ["1.png"])
    store.change(
        "ink",
        lambda dataset: dataset.model_copy(
            update={
                "entries": tuple(
                    entry.model_copy(update={"caption": "a dog"}) if entry.file == "3.png" else entry
                    for entry in dataset.entries
                )
            }
        ),
    )

    with pytest.raises(FixInput) as caught:
        trained(layout, run)

    assert caught.value.code == "training.dataset_changed"
    assert "1.png" in str(caught.value) and "3.png" in str(caught.value) and "0.png" not in str(caught.value)


def test_a_picture_that_was_exchanged_on_disk_is_named(layout):
    run = new_run(layout)
    path = DatasetStore(layout).picture("ink", "2.png")
    path.write_bytes(DatasetStore(layout).picture("ink", "0.png").read_bytes())

    with pytest.raises(FixInput) as caught:
        trained(layout, run)

    assert caught.value.code == "training.picture_changed" and "2.png" in str(caught.value)


def test_another_base_is_refused(shared):
    run = new_run(shared)
    trained(shared, run)
    path = RunStore(shared).folder(run) / "resume" / "state.pt"
    state = torch.load(path, weights_only=True)
    torch.save(state | {"weights_hash": "f" * 64}, path)

    with pytest.raises(FixInput) as caught:
        trained(shared, run)

    assert caught.value.code == "training.base_changed"


def test_a_family_that_is_not_here_is_said_so(shared):
    run = new_run(shared, family="kolors")

    with pytest.raises(InstallOrDownload):
        trained(shared, run)


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_checkpoint(shared):
    run = new_run(shared, save_every=2, lr_warmup_steps=0)
    store = RunStore(shared)
    trained(shared, run, should_stop=lambda: store.run(run).saved_step >= 2)
    path = store.folder(run) / "resume" / "state.pt"
    state = torch.load(path, weights_only=True)
    step = state["step"]
    name = next(iter(state["adapter"]))
    state["adapter"][name] = torch.full_like(state["adapter"][name], float("nan"))
    torch.save(state, path)

    with pytest.raises(LookAtLog) as caught:
        trained(shared, run)

    assert caught.value.code == "training.no_number" and f"step {step + 1}" in str(caught.value)
    assert store.run(run).state == "failed"
    good = read_lora(store.checkpoints(run)[step])
    assert all(torch.isfinite(layer.up).all() for layer in good.layers.values())


def test_a_disk_that_fills_up_while_saving_keeps_the_last_good_state(shared, monkeypatch, capsys):
    run = new_run(shared, save_every=4, lora_rank=64, lora_alpha=64.0)
    store, real = RunStore(shared), session.save_checkpoint
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def save(*arguments, **keywords):
        if keywords["step"] == 8:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, usual[1]))
        return real(*arguments, **keywords)

    monkeypatch.setattr(session, "save_checkpoint", save)
    try:
        status = process.main([str(store.folder(run)), str(shared.stories)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        signal.signal(signal.SIGXFSZ, handler)
    monkeypatch.undo()

    assert status == 1 and '"code":"files.' in capsys.readouterr().out
    state = store.run(run)
    assert state.state == "failed" and state.error_code.startswith("files.") and state.saved_step == 4
    assert list(store.checkpoints(run)) == [4] and read_state(store.folder(run)).step == 4
    assert not list(store.folder(run).rglob("*writing*"))
    assert trained(shared, run).state == "finished"


def events_of(folder):
    """(step, tag, value) of every scalar in TensorBoard's files: length, checksum, event, checksum."""
    for path in sorted(folder.glob("events.*")):
        content = path.read_bytes()
        place = 0
        while place < len(content):
            length = int.from_bytes(content[place : place + 8], "little")
            event = event_pb2.Event.FromString(content[place + 12 : place + 12 + length])
            for value in event.summary.value:
                yield event.step, value.tag, value.simple_value
            place += 12 + length + 4


def test_words_of_other_styles_change_what_is_trained_and_are_encoded_beforehand(shared):
    runs = [new_run(shared, other_styles=words) for words in ("", "二次元")]
    for run in runs:
        trained(shared, run)

    assert not same(*(adapter_of(shared, run, 8) for run in runs))
