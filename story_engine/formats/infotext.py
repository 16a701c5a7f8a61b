"""The `parameters` text that A1111 writes into pictures and every other tool has learned to read.

Source of the grammar: `modules/infotext_utils.py` and `modules/processing.py` of AUTOMATIC1111/stable-diffusion-webui
1.10.1; written here from its description.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from story_engine.domain.recipe import Recipe

PARAMETERS = "parameters"
"""Key of the PNG text chunk."""
OWN_CHUNK = "story_studio"
"""Key of our own JSON: the whole take record but for what is only known after writing."""
_SAMPLERS = {
    "ddim": ("DDIM", "Kolors 1100"),
    "euler": ("Euler", "Kolors 1100"),
    "dpmpp_2m_karras": ("DPM++ 2M", "Karras"),
}
_NEGATIVE = "Negative prompt: "
_PAIR = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
_FEWEST_PAIRS = 3
"""With fewer, readers take the last line for prompt text."""


def infotext(recipe: Recipe, *, story: str, scene: str) -> str:
    """The recipe in A1111's words: prompt lines, negative line, one line of `Key: value` pairs."""
    sampler, schedule = _SAMPLERS[recipe.sampler]
    pairs: dict[str, object] = {
        "Steps": recipe.steps,
        "Sampler": sampler,
        "Schedule type": schedule,
        "CFG scale": f"{recipe.cfg_scale:g}",
        "Seed": recipe.seed,
        "Size": f"{recipe.width}x{recipe.height}",
        "Model hash": recipe.weights_hash[:10],
        "Model": recipe.family,
        "RNG": "CPU" if recipe.noise == "cpu" else "GPU",
    }
    if recipe.loras:
        pairs["Lora hashes"] = ", ".join(f"{part.name}: {part.sha256[:12]}" for part in recipe.loras)
        pairs["Lora strengths"] = ", ".join(f"{part.name}: {part.strength:g}" for part in recipe.loras)
    pairs |= {"Story": story, "Scene": scene, "Version": "Story Studio"}
    lines = [recipe.prompt]
    if recipe.negative:
        lines.append(_NEGATIVE + recipe.negative)
    lines.append(", ".join(f"{key}: {_quoted(value)}" for key, value in pairs.items()))
    return "\n".join(lines)


def read_infotext(text: str) -> tuple[str, str, dict[str, str]]:
    """Prompt, negative and the pairs of a `parameters` text (pairs empty when its last line holds none)."""
    *lines, last = text.strip().split("\n")
    found = _PAIR.findall(last)
    if len(found) < _FEWEST_PAIRS:
        lines, found = [*lines, last], []
    prompt: list[str] = []
    negative: list[str] = []
    target = prompt
    for line in lines:
        if line.startswith(_NEGATIVE.rstrip()):
            target = negative
            line = line[len(_NEGATIVE.rstrip()) :].lstrip()
        target.append(line)
    return "\n".join(prompt), "\n".join(negative), {key: _unquoted(value) for key, value in found}


def picture_texts(recipe: Recipe, *, story: str, scene: str, made_with: Mapping[str, str]) -> dict[str, str]:
    """The text chunks of a take's PNG: A1111's, and our own JSON."""
    own = {"story": story, "scene": scene, "recipe": recipe.model_dump(mode="json"), "made_with": dict(made_with)}
    return {
        PARAMETERS: infotext(recipe, story=story, scene=scene),
        OWN_CHUNK: json.dumps(own, ensure_ascii=False, sort_keys=True),
    }


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ',:\n"') else text


def _unquoted(value: str) -> str:
    if value.startswith('"') and value.endswith('"'):
        try:
            return str(json.loads(value))
        except json.JSONDecodeError:
            return value
    return value.strip()
