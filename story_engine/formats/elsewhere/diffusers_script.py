"""Panels as a Python script for diffusers' own Kolors pipeline.

Source of the calls: diffusers' `KolorsPipeline`, `load_lora_weights`, `set_adapters` and schedulers (0.35 and later).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from story_engine.formats.elsewhere.panel import Difference, PanelElsewhere

_SCHEDULERS: dict[str, tuple[str, dict[str, object]]] = {
    "ddim": ("DDIMScheduler", {"clip_sample": False, "set_alpha_to_one": False}),
    "euler": ("EulerDiscreteScheduler", {}),
    "dpmpp_2m_karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
}
_SCRIPT = '''"""{title}

    pip install "diffusers>=0.35" transformers accelerate sentencepiece peft
    python {file} [--base Kwai-Kolors/Kolors-diffusers] [--loras lora] [--out images]

{notes}
"""

import argparse
import json
from pathlib import Path

import torch
from diffusers import {schedulers}, KolorsPipeline

PANELS = json.loads(r"""
{panels}
""")
SCHEDULERS = {{{known}}}

parser = argparse.ArgumentParser()
parser.add_argument("--base", default="Kwai-Kolors/Kolors-diffusers", help="name on the hub, or a folder")
parser.add_argument("--loras", default="lora", help="folder with the LoRA files")
parser.add_argument("--out", default="images")
options = parser.parse_args()

on_gpu = torch.cuda.is_available()
precision = torch.float16 if on_gpu else torch.float32
pipe = KolorsPipeline.from_pretrained(options.base, torch_dtype=precision, variant="fp16" if on_gpu else None)
configuration = pipe.scheduler.config
names = {{}}  # LoRA file -> adapter; peft allows no dots in an adapter's name
for panel in PANELS:
    for lora in panel["loras"]:
        if lora["name"] not in names:
            names[lora["name"]] = f"lora_{{len(names)}}"
            pipe.load_lora_weights(
                options.loras, weight_name=lora["name"] + ".safetensors", adapter_name=names[lora["name"]]
            )
if on_gpu:
    pipe.enable_model_cpu_offload()

Path(options.out).mkdir(parents=True, exist_ok=True)
for panel in PANELS:
    scheduler, changes = SCHEDULERS[panel["sampler"]]
    pipe.scheduler = scheduler.from_config(configuration, **changes)
    if panel["loras"]:
        pipe.enable_lora()
        pipe.set_adapters(
            [names[lora["name"]] for lora in panel["loras"]], [lora["strength"] for lora in panel["loras"]]
        )
    elif names:
        pipe.disable_lora()
    picture = pipe(
        prompt=panel["prompt"],
        negative_prompt=panel["negative"],
        num_inference_steps=panel["steps"],
        guidance_scale=panel["cfg_scale"],
        width=panel["width"],
        height=panel["height"],
        generator=torch.Generator("cpu").manual_seed(panel["seed"]),
    ).images[0]
    picture.save(Path(options.out) / (panel["name"] + ".png"))
    print(panel["name"], panel["title"])
'''


def as_diffusers_script(panels: Sequence[PanelElsewhere], *, title: str, file: str, notes: str) -> str:
    """The script's text.

    Args:
        panels: of one family.
        title: of the story; nothing in it can end the script's docstring.
        file: the script's own name, for its first lines.
        notes: what will come out otherwise than in the Studio.
    """
    used = sorted({panel.recipe.sampler for panel in panels})
    known = ", ".join(f'"{name}": ({_SCHEDULERS[name][0]}, {_SCHEDULERS[name][1]!r})' for name in used)
    return _SCRIPT.format(
        title=_in_docstring(title),
        file=file,
        notes=_in_docstring(notes),
        schedulers=", ".join(sorted({_SCHEDULERS[name][0] for name in used})),
        panels=json.dumps([_values(panel) for panel in panels], ensure_ascii=False, indent=1),
        known=known.replace("'", '"'),
    )


def differences() -> list[Difference]:
    """Noise is the same (drawn on the CPU), steps and half precision are diffusers' own."""
    return [Difference(code="elsewhere.diffusers_steps", values={})]


def _values(panel: PanelElsewhere) -> dict[str, object]:
    wanted = {"prompt", "negative", "seed", "sampler", "steps", "cfg_scale", "width", "height"}
    loras = [{"name": use.name, "strength": use.strength} for use in panel.loras]
    return {"name": panel.name, "title": panel.title, **panel.recipe.model_dump(include=wanted), "loras": loras}


def _in_docstring(text: str) -> str:
    return text.replace("\\", "/").replace('"""', "'''").removesuffix('"')
