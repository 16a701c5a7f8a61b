"""Prior preservation: the base's own pictures, beside the training pictures."""

import json

import pytest
import torch
from safetensors import safe_open

from story_engine.domain.training import TrainingSpec
from story_engine.lora_files.read import read_lora
from story_engine.store.runs import RunStore
from story_engine.training.adherence import read_adherence
from story_engine.training.prior import Prior
from tests.story_engine.training.small_training import PROMPT, collected, new_run, trained, training_workspace

PRIOR = {"prior_weight": 1.0, "prior_pictures": 3, "sample_prompts": (PROMPT,)}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return training_workspace(tmp_path_factory.mktemp("shared"))


def adapter_of(layout, run, step):
    layers = read_lora(RunStore(layout).checkpoints(run)[step]).layers
    return torch.cat([half.flatten() for _, layer in sorted(layers.items()) for half in (layer.down, layer.up)])


@pytest.mark.thorough
def test_a_break_before_and_within_the_steps_changes_no_bit_and_class_pictures_are_painted_once(shared, monkeypatch):
    painted = []
    paint = Prior._paint_group
    monkeypatch.setattr(Prior, "_paint_group", lambda self, *rest: (painted.append(1), paint(self, *rest)))
    whole, parts = new_run(shared, **PRIOR), new_run(shared, **PRIOR)
    told, report = collected()

    assert trained(shared, parts, should_stop=lambda: len(painted) == 1, report=report).state == "stopped"
    assert RunStore(shared).run(parts).step == 0
    assert trained(shared, parts, should_stop=lambda: len(RunStore(shared).metrics(parts)) >= 3).state == "stopped"
    assert len(painted) == 2  # the group that was broken off, again
    assert trained(shared, parts).state == trained(shared, whole).state == "finished"

    assert torch.equal(adapter_of(shared, whole, 8), adapter_of(shared, parts, 8))
    assert len(painted) == 2
    assert "class_pictures" in {progress.stage for progress in told}


@pytest.mark.thorough
def test_the_weight_decides_how_much_the_class_pictures_count_and_the_file_says_so(shared):
    none, some, more = (new_run(shared, **PRIOR | {"prior_weight": weight}) for weight in (0.0, 0.5, 2.0))
    for run in (none, some, more):
        trained(shared, run)

    adapters = [adapter_of(shared, run, 8) for run in (none, some, more)]
    assert not torch.equal(adapters[0], adapters[1]) and not torch.equal(adapters[1], adapters[2])
    with safe_open(RunStore(shared).checkpoints(some)[8], framework="pt") as file:
        assert file.metadata()["ss_prior_loss_weight"] == "0.5"


def test_a_run_of_a_version_without_the_setting_goes_on(shared):
    run = new_run(shared)
    store = RunStore(shared)
    trained(shared, run, should_stop=lambda: store.run(run).saved_step >= 4)
    state_path = store.folder(run) / "resume" / "state.pt"
    state = torch.load(state_path, weights_only=True)
    later = {"prior_weight", "prior_pictures"}
    state["spec"] = {name: value for name, value in state["spec"].items() if name not in later}
    torch.save(state, state_path)
    spec = json.loads((store.folder(run) / "spec.json").read_text())
    assert TrainingSpec.model_validate({k: v for k, v in spec.items() if k not in later}) == store.spec(run)

    assert trained(shared, run).state == "finished"


def test_adherence_asks_for_the_content_and_not_for_the_style_that_is_replaced(shared):
    styled = PROMPT.model_copy(update={"prompt": f"{PROMPT.prompt}，二次元"})
    told = styled.model_copy(update={"content": PROMPT.prompt})
    fields = {"sample_every": 1, "steps_per_epoch": 1, "lr_warmup_steps": 0, "trigger": ""}
    runs = [
        new_run(shared, **fields, sample_prompts=(each,), other_styles=words)
        for each, words in ((styled, "二次元"), (told, ""), (styled, ""))
    ]
    for run in runs:
        trained(shared, run)

    values = [read_adherence(RunStore(shared).folder(run) / "samples" / "0")[0] for run in runs]
    assert values[0] == values[1] != values[2]
