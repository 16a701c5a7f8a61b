"""The challenge's notebook, run by DiffSynth word for word, and imported here and painted: the same pictures.

Of the notebook's text only sizes, steps and the device's name are changed, for both alike: in a test nobody can paint
eight times 1024 × 1024 in fifty steps on a CPU. The weights are small, and DiffSynth's own ModelManager reads them.
"""

from __future__ import annotations

import json
from pathlib import Path

import diffsynth
import numpy as np
import pytest
import torch
from diffsynth.models import model_manager
from diffsynth.models.sdxl_unet import SDXLUNet
from diffsynth.models.sdxl_vae_decoder import SDXLVAEDecoder
from diffsynth.models.sdxl_vae_encoder import SDXLVAEEncoder
from diffsynth.models.utils import hash_state_dict_keys
from PIL import Image
from safetensors.torch import load_file
from torch import nn

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, Config
from story_engine.domain.recipe import Recipe
from story_engine.flows.panels import family_for, lora_hashes
from story_engine.flows.render import plan_render, with_settings
from story_engine.inference.fit_widths import fit_widths
from story_engine.inference.render import Renderer
from story_engine.kolors.family import KOLORS
from story_engine.lora_files.read import LoraLayer, LoraWeights
from story_engine.lora_files.write import write_lora
from story_engine.store.layout import Layout
from tests.story_engine.inference.small_kolors import publish_small_kolors
from tests.story_engine.inference.small_loras import save_checkpoint

NOTEBOOK = PROJECT_FOLDER / "tests" / "challenge" / "baseline.ipynb"
CHECKPOINT = "models/lightning_logs/version_0/checkpoints/epoch=0-step=500.ckpt"
RANK, TRAINED_ALPHA = 16, 4.0


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Layout:
    """A workspace that is the notebook's folder too: what it downloads and trains lies there already."""
    folder = tmp_path_factory.mktemp("challenge")
    layout = Layout(folder, folder / "stories")
    networks = publish_small_kolors(layout)
    unet = layout.models / KOLORS.home / "unet" / "diffusion_pytorch_model.fp16.safetensors"
    unet.rename(unet.with_name("diffusion_pytorch_model.safetensors"))
    generator = torch.Generator().manual_seed(5)
    halves = {
        name: (
            torch.randn(RANK, module.in_features, generator=generator) * 0.3,
            torch.randn(module.out_features, RANK, generator=generator) * 0.3,
        )
        for name, module in networks["unet"].named_modules()
        if name.rpartition(".")[2] in ("to_q", "to_k", "to_v", "to_out")
    }
    checkpoint = folder / CHECKPOINT
    checkpoint.parent.mkdir(parents=True)
    save_checkpoint(halves, checkpoint)
    layers = {name: LoraLayer(down, up) for name, (down, up) in halves.items()}
    entry = layout.loras / checkpoint.stem
    entry.mkdir(parents=True)
    weights = LoraWeights(layers=layers, rank=RANK, alpha=TRAINED_ALPHA, tensors=2 * len(layers))
    write_lora(entry / "adapter.safetensors", weights)
    return layout


def adapted(text: str, *, steps: int) -> str:
    """Smaller pictures, fewer steps, another device."""
    replaced = {
        "height=1024": "height=256",
        "width=1024": "width=256",
        "num_inference_steps=50": f"num_inference_steps={steps}",
        'device=\\"cuda\\"': 'device=\\"cpu\\"',
    }
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    return text


def run_by_diffsynth(text: str, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> list[Image.Image]:
    """Execute every cell; the pictures that it painted, before it saved them as JPEG."""
    said: list[object] = []
    monkeypatch.chdir(layout.workspace)
    monkeypatch.setattr(diffsynth, "download_models", said.append)
    monkeypatch.setattr("os.system", said.append)
    let_small_kolors_in(layout, monkeypatch)
    names: dict[str, object] = {}
    painted: list[Image.Image] = []
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "code":
            lines = [line for line in "".join(cell["source"]).splitlines() if not line.startswith("!")]
            exec(compile("\n".join(lines), "notebook", "exec"), names)
            painted += [names["image"]] if "pipe(" in "".join(lines) else []
    assert said[0] == ["Kolors", "SDXL-vae-fp16-fix"] and "--lora_alpha 4.0" in str(said[1])
    assert names["pipe"].torch_dtype == torch.float16
    return painted


def let_small_kolors_in(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    """DiffSynth knows files by their names and shapes, and its classes have Kolors' widths written into them."""
    load = nn.Module.load_state_dict

    def fitting(self, tensors, *given, **named):
        if isinstance(self, SDXLUNet | SDXLVAEDecoder | SDXLVAEEncoder) and named.get("assign"):
            fit_widths(self, tensors)
        return load(self, tensors, *given, **named)

    known = {
        "unet": (["sdxl_unet"], [SDXLUNet]),
        "vae": (["sdxl_vae_encoder", "sdxl_vae_decoder"], [SDXLVAEEncoder, SDXLVAEDecoder]),
    }
    folder = layout.models / KOLORS.home
    small = [
        (
            None,
            hash_state_dict_keys(load_file(folder / part / "diffusion_pytorch_model.safetensors")),
            *rest,
            "diffusers",
        )
        for part, rest in known.items()
    ]
    monkeypatch.setattr(nn.Module, "load_state_dict", fitting)
    monkeypatch.setattr(model_manager, "model_loader_configs", [*model_manager.model_loader_configs, *small])


def imported(text: str, layout: Layout) -> list[Recipe]:
    """What the Studio makes of the notebook, with the device's own noise, as on a GPU that paints in half precision."""
    services = open_services(Config(workspace=layout.workspace, stories=layout.stories))
    proposal = flows.story_import.inspect(services, [(NOTEBOOK.name, text.encode())])
    slug = flows.story_import.create(services, proposal)
    story = with_settings(services.stories.load(slug), {"noise": "device"})
    assert [(use.name, use.strength) for use in story.loras] == [(Path(CHECKPOINT).stem, 2.0 / TRAINED_ALPHA)]
    plan = plan_render(
        story,
        [scene.id for scene in story.scenes],
        takes=1,
        family=family_for(services, story),
        lora_hashes=lora_hashes(services, story),
        existing={},
        device="cpu",
    )
    return [item.recipe.model_copy(update={"precision": "float16"}) for item in plan.items]


@pytest.mark.parametrize("steps", [1, pytest.param(50, marks=pytest.mark.thorough)])
def test_the_eight_pictures_are_those_of_the_notebook_byte_for_byte(layout, monkeypatch, tmp_path, steps):
    text = adapted(NOTEBOOK.read_text(encoding="utf-8"), steps=steps)
    recipes = imported(text, layout)
    assert len(recipes) == 8 and len({recipe.prompt for recipe in recipes}) == 8

    ours = Renderer(layout, threads=1).render(recipes)

    theirs = run_by_diffsynth(text, layout, monkeypatch)
    assert [picture.tobytes() for picture in ours] == [picture.tobytes() for picture in theirs]
    for number, picture in enumerate(ours, start=1):
        picture.save(tmp_path / f"{number}.jpg")
        assert (tmp_path / f"{number}.jpg").read_bytes() == (layout.workspace / f"{number}.jpg").read_bytes()
    assert len({picture.tobytes() for picture in ours}) == 8 and min(np.asarray(each).std() for each in ours) > 2
