from __future__ import annotations

import time

import pytest

from story_engine.errors import FixInput
from story_engine.lora_files.read import read_lora
from story_engine.store.datasets import DatasetStore
from story_engine.store.runs import RunStore
from story_engine.training.measure import Measured, measure
from tests.story_engine.training.small_training import (
    collected,
    new_run,
    small_spec,
    trained,
    training_workspace,
)


@pytest.mark.thorough
def test_two_processes_have_the_losses_of_one_with_the_same_global_batch(tmp_path):
    layout = training_workspace(tmp_path)
    one = new_run(layout, batch_size=2)
    two = new_run(layout, batch_size=1, processes=2)
    trained(layout, one)
    told, report = collected()

    outcome = trained(layout, two, report=report)

    store = RunStore(layout)
    assert outcome.state == "finished" and any(progress.stage == "training" for progress in told)
    losses = {run: [row.loss for row in store.metrics(run)] for run in (one, two)}
    assert losses[two] == pytest.approx(losses[one], rel=1e-4) and len(losses[two]) == 8
    moved, apart = (sum(part.square().sum() for part in parts).sqrt() for parts in _ups(store, one, two))
    assert 0 < apart < 0.05 * moved, (apart, moved)  # Adam makes rounding of tiny gradients visible


def _ups(store, one, two):
    """What training moved, layer by layer, and how far the second run's layers are from the first's."""
    first, second = (read_lora(store.checkpoints(run)[8]).layers for run in (one, two))
    return [layer.up for layer in first.values()], [layer.up - second[name].up for name, layer in first.items()]


@pytest.mark.thorough
def test_a_stop_while_the_first_process_encodes_ends_the_others_too(tmp_path):
    layout = training_workspace(tmp_path)
    run = new_run(layout, batch_size=1, processes=2)
    store, started = RunStore(layout), time.monotonic()
    store.request(run, "stop")

    outcome = trained(layout, run)

    assert (outcome.state, store.run(run).state, store.requests(run)) == ("stopped", "stopped", frozenset())
    assert time.monotonic() - started < 200  # not the half hour that processes wait for each other


@pytest.mark.thorough
def test_what_is_wrong_in_another_process_is_said_here(tmp_path):
    layout = training_workspace(tmp_path)
    run = new_run(layout, batch_size=1, processes=2)
    DatasetStore(layout).remove("ink", ["1.png"])

    with pytest.raises(FixInput) as caught:
        trained(layout, run)

    assert caught.value.code == "training.dataset_changed" and "1.png" in str(caught.value)


def test_a_few_steps_tell_the_time_that_all_of_them_take(tmp_path):
    layout = training_workspace(tmp_path)

    measured = measure(layout, small_spec())

    assert measured.seconds_per_step > 0 and measured.seconds_per_picture > 0 and measured.seconds_per_sample > 0
    assert not layout.runs.exists()


def test_the_time_counts_steps_pictures_and_samples():
    measured = Measured(seconds_per_step=2.0, seconds_per_picture=0.5, seconds_per_sample=10.0)
    spec = small_spec(steps_per_epoch=10, sample_every=5)

    assert measured.seconds(spec, variants=4) == 22
    assert measured.seconds(spec, variants=0, steps_left=3) == 6
