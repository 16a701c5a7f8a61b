"""The `parameters` text that A1111 writes into pictures and every other tool has learned to read.

Source of the grammar: `modules/infotext_utils.py` and `modules/processing.py` of AUTOMATIC1111/stable-diffusion-webui
1.10.1; written here from its description.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from story_engine.domain.control import ControlPart
from story_engine.domain.recipe import LoraPart, Recipe

PARAMETERS = "parameters"
"""Key of the PNG text chunk."""
OWN_CHUNK = "story_studio"
"""Key of our own JSON: the whole take record but for what is only known after writing."""
SAMPLERS = {
    "ddim": ("DDIM", "Kolors 1100"),
    "euler": ("Euler", "Kolors 1100"),
    "dpmpp_2m_karras": ("DPM++ 2M", "Karras"),
}
"""Ours → A1111's sampler and schedule."""
CAST = "Cast"
"""Our own key: character, digest of the picture that it is held to, and how strongly."""
GUIDED, NEGATIVE_BELOW = "Guidance interval", "Negative below"
"""Our own keys, in noise per signal (σ); A1111 knows no upper end and no change of prompt."""
START = "Start image"
"""SHA-256 of the picture that a recipe begins with; A1111 names none beside its strength."""
MENDED = "Mended image"
"""SHA-256 of the picture of which a spot was painted again; beside it stand the mask's and what was to be there."""
_NEGATIVE = "Negative prompt: "
_GRAMMAR = re.compile(r"^(\s*)(\\*(?:Negative prompt:|Steps:))", re.MULTILINE)
"""Lines that A1111 or another reader of its texts takes for the beginning of something else than the prompt."""
_TAG = re.compile(r"<(?=\\*\w+:[^>]+>)")
"""A tag of extra networks: `<lora:…>`, `<hypernet:…>`."""


def infotext(recipe: Recipe, *, story: str, scene: str) -> str:
    """The recipe in A1111's words: prompt lines with its LoRAs, negative line, one line of `Key: value` pairs."""
    sampler, schedule = SAMPLERS[recipe.sampler]
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
    if not recipe.guidance.is_constant:
        pairs[GUIDED] = f"{recipe.guidance_above:g} to {recipe.guidance_below:g}"
        pairs[NEGATIVE_BELOW] = f"{recipe.negative_below:g}"
    if recipe.start is not None:
        pairs["Denoising strength"] = f"{recipe.start.strength:g}"
        pairs[START] = recipe.start.reference
    for place, part in enumerate(recipe.controls):
        pairs[f"ControlNet {place}"] = _control(part)
    if recipe.cast:
        pairs[CAST] = ", ".join(f"{part.character}: {part.anchor.digest} x {part.strength:g}" for part in recipe.cast)
    if recipe.mend is not None:
        pairs["Denoising strength"] = f"{recipe.mend.strength:g}"
        pairs |= {MENDED: recipe.mend.reference, "Mask": recipe.mend.mask, "Mended prompt": recipe.mend.prompt}
        if recipe.mend.side:
            pairs["Mended square"] = recipe.mend.side
        if recipe.mend.inpainting:
            pairs["Inpainting model hash"] = recipe.mend.inpainting[:10]
    if recipe.loras:
        pairs["Lora hashes"] = ", ".join(f"{part.name}: {part.sha256[:12]}" for part in recipe.loras)
        pairs["Lora strengths"] = ", ".join(f"{part.name}: {part.strength:g}" for part in recipe.loras)
    pairs |= {"Story": story, "Scene": scene, "Version": "Story Studio"}
    lines = [_prompt(recipe.prompt) + _tags(recipe.loras)]
    if recipe.negative:
        lines.append(_NEGATIVE + _prompt(recipe.negative))
    lines.append(", ".join(f"{key}: {_quoted(value)}" for key, value in pairs.items()))
    return "\n".join(lines)


def picture_texts(recipe: Recipe, *, story: str, scene: str, made_with: Mapping[str, str]) -> dict[str, str]:
    """The text chunks of a take's PNG: A1111's, and our own JSON."""
    own = {"story": story, "scene": scene, "recipe": recipe.model_dump(mode="json"), "made_with": dict(made_with)}
    return {
        PARAMETERS: infotext(recipe, story=story, scene=scene),
        OWN_CHUNK: json.dumps(own, ensure_ascii=False, sort_keys=True),
    }


def _control(part: ControlPart) -> str:
    """In the words of A1111's extension for ControlNet, with the picture's name besides."""
    return (
        f"Module: none, Model: {part.kind} [{part.weights_hash[:8]}], Weight: {part.weight:g}, "
        f"Guidance Start: {part.begin:g}, Guidance End: {part.end:g}, Image: {part.picture}"
    )


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ',:\n"') else text


def _prompt(text: str) -> str:
    """Words that readers would take for the text's own grammar, escaped.

    A backslash before a letter is dropped where A1111 reads attention (`modules/prompt_parser.py`), so it paints from
    the same words.
    """
    return _TAG.sub(r"<\\", _GRAMMAR.sub(r"\1\\\2", text))


def _tags(loras: tuple[LoraPart, ...]) -> str:
    return "".join(f" <lora:{part.name}:{part.strength:g}>" for part in loras)
