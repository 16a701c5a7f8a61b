"""Panels as a notebook in the challenge's own manner: DiffSynth, one cell per picture.

Source of the calls: DiffSynth-Studio 1.1.9 (`ModelManager`, `SDXLImagePipeline`, `EnhancedDDIMScheduler`); of the
samplers: `inference/samplers.py`. The layout of the file is Jupyter's notebook format 4.5.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from story_engine.formats.elsewhere.panel import Difference, PanelElsewhere

_INSTALL = "%pip install diffsynth==1.1.9 safetensors"
_LOAD = """import math

import numpy
import torch
from diffsynth import ModelManager, SDXLImagePipeline
from diffsynth.models.sdxl_unet import SDXLUNet
from diffsynth.schedulers import EnhancedDDIMScheduler
from safetensors import safe_open
from safetensors.torch import load_file

UNET = "models/kolors/Kolors/unet/diffusion_pytorch_model.fp16.safetensors"
LORAS = "models/lora"  # the LoRA files of the bundle
on_gpu = torch.cuda.is_available()
models = ModelManager(
    torch_dtype=torch.float16 if on_gpu else torch.float32,
    device="cuda" if on_gpu else "cpu",
    file_path_list=[
        "models/kolors/Kolors/text_encoder",
        UNET,
        "models/kolors/Kolors/vae/diffusion_pytorch_model.safetensors",
    ],
)
pipe = SDXLImagePipeline.from_model_manager(models)"""
_SAMPLERS = '''class Steps(EnhancedDDIMScheduler):
    """DDIM as DiffSynth has it; Euler on Kolors' published timesteps; DPM++ 2M on Karras' noise levels."""

    def __init__(self):
        self.sampler = "ddim"
        super().__init__(beta_end=0.014, num_train_timesteps=1100)

    def set_timesteps(self, steps, *rest, **options):
        super().set_timesteps(steps, *rest, **options)
        self.index, self.before = 0, None
        if self.sampler == "euler":
            self.timesteps = torch.tensor([1100 // steps * (steps - 1 - index) + 1 for index in range(steps)]).float()
            shares = [self.alphas_cumprod[int(time)] for time in self.timesteps]
        elif self.sampler == "dpmpp_2m_karras":
            levels = ((1 - numpy.array(self.alphas_cumprod)) / self.alphas_cumprod) ** 0.5
            wanted = numpy.linspace(levels[-1] ** (1 / 7), levels[0] ** (1 / 7), steps) ** 7
            self.timesteps = torch.tensor(numpy.interp(numpy.log(wanted), numpy.log(levels), range(1100))).float()
            shares = (1 / (1 + wanted**2)).tolist()
        else:
            return
        self.points = [(math.sqrt(share), math.sqrt(1 - share)) for share in shares] + [(1.0, 0.0)]

    def step(self, predicted, timestep, latents, **options):
        if self.sampler == "ddim":
            return super().step(predicted, timestep, latents, **options)
        (signal, noise), (signal2, noise2) = self.points[self.index : self.index + 2]
        self.index += 1
        if self.sampler == "euler":
            return signal2 / signal * latents + signal2 * (noise2 / signal2 - noise / signal) * predicted
        clean = (latents - noise * predicted) / signal
        before, self.before = self.before, clean
        if not noise2:
            return clean
        width, target = math.log(signal2 / noise2) - math.log(signal / noise), clean
        if before is not None:
            earlier = self.points[self.index - 2]
            half = width / (2 * (math.log(signal / noise) - math.log(earlier[0] / earlier[1])))
            target = (1 + half) * clean - half * before
        return noise2 / noise * latents - signal2 * math.expm1(-width) * target


pipe.scheduler = Steps()'''
_NOISE = """# Noise from the CPU in float32, as the Studio draws it: a seed is one picture on every device.
pipe.generate_noise = lambda shape, seed=None, device=None, dtype=None: torch.randn(
    shape, generator=torch.Generator("cpu").manual_seed(seed)
).to(device, dtype)"""
_LORA = '''with safe_open(UNET, "pt") as file:
    published = list(file.keys())
known = SDXLUNet.state_dict_converter().from_diffusers({name: torch.tensor(n) for n, name in enumerate(published)})[0]
layers = {  # LoRA files call a layer as the published U-Net does, DiffSynth knows both names
    "lora_unet_" + published[int(place)].removesuffix(".weight").replace(".", "_"): name.removesuffix(".weight")
    for name, place in known.items()
    if name.endswith(".weight")
}
hooks = []


def use_loras(**strengths):
    """Exactly these LoRAs from now on; 1.0 is as trained."""
    while hooks:
        hooks.pop().remove()
    for file, strength in strengths.items():
        tensors = load_file(f"{LORAS}/{file}.safetensors")
        for key in [name.removesuffix(".lora_down.weight") for name in tensors if name.endswith(".lora_down.weight")]:
            module = pipe.unet.get_submodule(layers[key])
            down, up = (tensors[f"{key}.lora_{side}.weight"].to(module.weight) for side in ("down", "up"))
            scale = strength * float(tensors[f"{key}.alpha"]) / len(down)

            def add(_, inputs, output, down=down, up=up, scale=scale):
                return output + torch.nn.functional.linear(torch.nn.functional.linear(inputs[0], down), up) * scale

            hooks.append(module.register_forward_hook(add))'''


def as_notebook(panels: Sequence[PanelElsewhere], *, title: str, notes: str) -> str:
    """The notebook file.

    Args:
        panels: of one family.
        title: of the story.
        notes: what will come out otherwise than in the Studio.
    """
    has_loras = any(panel.loras for panel in panels)
    setup = [_INSTALL, _LOAD, _SAMPLERS]
    if any(panel.recipe.noise == "cpu" for panel in panels):
        setup.append(_NOISE)
    if has_loras:
        setup.append(_LORA)
    cells = [_cell("markdown", f"# {title}\n\n{notes}")]
    cells += [_cell("code", text) for text in setup]
    for number, panel in enumerate(panels, start=1):
        heading = panel.title or panel.name
        cells += [_cell("markdown", f"## {number}. {heading}"), _cell("code", _panel(panel, has_loras=has_loras))]
    notebook = {
        "cells": [{**cell, "id": f"cell-{place}"} for place, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def differences() -> list[Difference]:
    """In half precision DiffSynth keeps latents and decoder in half precision too; the Studio does not."""
    return [Difference(code="elsewhere.notebook_precision", values={})]


def _panel(panel: PanelElsewhere, *, has_loras: bool) -> str:
    recipe = panel.recipe
    lines = []
    if has_loras:
        strengths = json.dumps({use.name: use.strength for use in panel.loras}, ensure_ascii=False)
        lines.append(f"use_loras(**{strengths})")
    lines += [
        f'pipe.scheduler.sampler = "{recipe.sampler}"',
        "image = pipe(",
        f"    prompt={_text(recipe.prompt)},",
        f"    negative_prompt={_text(recipe.negative)},",
        f"    cfg_scale={recipe.cfg_scale!r},",
        f"    num_inference_steps={recipe.steps},",
        f"    height={recipe.height},",
        f"    width={recipe.width},",
        f"    seed={recipe.seed},",
        ")",
        f'image.save("{panel.name}.png")',
        "image",
    ]
    return "\n".join(lines)


def _text(text: str) -> str:
    """A Python literal that people can read."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f")


def _cell(kind: str, text: str) -> dict[str, object]:
    lines = text.split("\n")
    source = [f"{line}\n" for line in lines[:-1]] + lines[-1:]
    more: dict[str, object] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source, **more}
