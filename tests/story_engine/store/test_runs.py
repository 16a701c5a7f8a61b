import os
import subprocess
import sys

import pytest

from story_engine.domain.run import TrainedPicture
from story_engine.errors import ChooseAnother, FixInput, InvalidInput, LookAtLog, Wait
from story_engine.store.layout import Layout
from story_engine.store.runs import METRIC_COLUMNS, METRICS, RunStore, process_of_run
from tests.story_engine.domain.test_training import a_spec

PICTURES = (TrainedPicture(file="cat.png", sha256="0" * 64, caption="a cat", width=64, height=64),)


@pytest.fixture
def store(tmp_path) -> RunStore:
    return RunStore(Layout(tmp_path / "workspace", tmp_path / "stories"))


def test_a_run_is_found_again_with_its_pictures(store):
    run = store.create(a_spec(name="水墨 Ink"), PICTURES)

    assert store.ids() == (run,) and store.names() == ("水墨 Ink",)
    assert store.spec(run) == a_spec(name="水墨 Ink")
    assert store.pictures(run) == PICTURES
    assert (store.run(run).state, store.run(run).total, store.run(run).can_resume) == ("prepared", 500, True)


def test_the_same_name_twice_is_refused(store):
    store.create(a_spec(), PICTURES)

    with pytest.raises(InvalidInput) as caught:
        store.create(a_spec(), PICTURES)

    assert [problem.code for problem in caught.value.problems] == ["training.name_taken"]
    assert len(store.ids()) == 1


def test_what_cannot_be_trained_makes_no_folder(store):
    with pytest.raises(InvalidInput) as caught:
        store.create(a_spec(lora_rank=0, learning_rate=10.0), ())

    assert len(caught.value.problems) == 3
    assert store.ids() == ()


@pytest.mark.parametrize("run", ["../x", "", "/etc", "nul", "nothing"])
def test_what_is_no_run_is_refused(store, run):
    with pytest.raises(ChooseAnother):
        store.run(run)


def test_a_running_one_whose_process_is_gone_is_interrupted(store):
    run = store.create(a_spec(), PICTURES)
    program = (
        "import sys; from story_engine.store.runs import RunStore, process_of_run\n"
        "from story_engine.store.layout import Layout; from pathlib import Path\n"
        f"store = RunStore(Layout(Path({str(store._layout.workspace)!r}), Path('.')))\n"
        f"store.write(store.run({run!r}).model_copy(update={{'state': 'running', **process_of_run()}}))\n"
        "print('written', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()

    assert store.run(run).state == "running"
    with pytest.raises(Wait):
        store.delete(run)
    process.kill()
    process.wait()

    assert store.run(run).state == "interrupted" and store.run(run).can_resume


def test_a_run_of_another_machine_lives_as_long_as_it_says_so(store):
    run = store.create(a_spec(), PICTURES)
    store.write(store.run(run).model_copy(update={"state": "running", **process_of_run(), "host": "elsewhere"}))

    assert store.run(run).state == "running"
    path = store.folder(run) / "run.json"
    os.utime(path, (path.stat().st_mtime - 1000,) * 2)

    assert store.run(run).state == "interrupted"


def test_metrics_leave_out_the_line_that_is_being_written(store):
    run = store.create(a_spec(), PICTURES)
    assert store.metrics(run) == ()
    lines = [",".join(METRIC_COLUMNS), "1,0,0.5,0.5,0.0001,0.2,800", "2,0,0.4,0.49,0.0001,0.2,800", "3,0,0.3"]
    (store.folder(run) / METRICS).write_text("\n".join(lines))

    assert [(row.step, row.loss, row.memory_mb) for row in store.metrics(run)] == [(1, 0.5, 800), (2, 0.4, 800)]


def test_samples_and_checkpoints_come_in_order_of_their_steps(store):
    run = store.create(a_spec(), PICTURES)
    for step in (100, 0, 20):
        (store.folder(run) / "samples" / str(step)).mkdir(parents=True)
        (store.folder(run) / "samples" / str(step) / "1.png").touch()
        (store.folder(run) / "samples" / str(step) / "0.png").touch()
    (store.folder(run) / "checkpoints").mkdir()
    for name in ("100.safetensors", "20.safetensors", ".30.safetensors.x.writing"):
        (store.folder(run) / "checkpoints" / name).touch()

    assert [(s.step, s.number) for s in store.samples(run)] == [(0, 0), (0, 1), (20, 0), (20, 1), (100, 0), (100, 1)]
    assert list(store.checkpoints(run)) == [20, 100]


def test_a_request_is_taken_once(store):
    run = store.create(a_spec(), PICTURES)
    store.request(run, "sample")

    assert store.requests(run) == {"sample"}
    assert (
        store.take_request(run, "sample")
        and not store.take_request(run, "sample")
        and not store.take_request(run, "stop")
    )
    with pytest.raises(FixInput):
        store.request(run, "../run.json")


def test_a_deleted_run_comes_back(store):
    run = store.create(a_spec(), PICTURES)

    token = store.delete(run)

    assert store.ids() == ()
    assert store.restore(token) == run and store.spec(run) == a_spec()
    with pytest.raises(ChooseAnother):
        store.restore(token)


def test_a_damaged_state_is_said_so(store):
    run = store.create(a_spec(), PICTURES)
    (store.folder(run) / "run.json").write_text("{")

    with pytest.raises(LookAtLog):
        store.run(run)
