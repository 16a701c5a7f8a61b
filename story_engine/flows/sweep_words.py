"""A sweep in words: names of axes and values, and what all its cells have in common."""

from __future__ import annotations

from story_engine.domain.family import SAMPLER_TITLES
from story_engine.domain.guidance import BOUNDS, BY_NOISE, CONSTANT, Guidance
from story_engine.domain.recipe import Recipe
from story_engine.domain.story import Story
from story_engine.domain.sweep import BEFORE_TRAINING, WITHOUT, Axis, AxisValue, Sweep, lora_of_strength
from story_engine.domain.sweep_text import number
from story_engine.messages import message

_AXIS_TITLES = {
    "strength": "sweep.axis_strength",
    "seed": "sweep.axis_seed",
    "lora": "sweep.axis_lora",
    "checkpoint": "sweep.axis_checkpoint",
    "sampler": "sweep.axis_sampler",
    "steps": "sweep.axis_steps",
    "cfg_scale": "sweep.axis_cfg_scale",
    "guidance": "sweep.axis_guidance",
}

_GUIDANCE_TITLES = {CONSTANT: "sweep.guidance_constant", BY_NOISE: "sweep.guidance_by_noise"}


def axis_title(kind: str, language: str) -> str:
    """What an axis is called; a kind that there is not is called as it is written."""
    return message(_AXIS_TITLES[kind], language) if kind in _AXIS_TITLES else kind


def axis_name(sweep: Sweep, axis: Axis, story: Story, language: str) -> str:
    """Its name, such as "Seed"; of a strength or a checkpoint also whose: "LoRA strength · ink"."""
    name = axis_title(axis.kind, language)
    if axis.kind == "checkpoint":
        return f"{name} · {sweep.run}"
    if axis.kind == "strength" and not sweep.kinds() & {"lora", "checkpoint"}:
        return f"{name} · {lora_of_strength(sweep, story)}"
    return name


def value_name(kind: str, value: AxisValue, language: str) -> str:
    """A value for people: "DPM++ 2M Karras", "without LoRA", "0.25"."""
    if kind == "lora":
        return message("sweep.without", language) if value == WITHOUT else str(value)
    if kind == "checkpoint" and value == BEFORE_TRAINING:
        return message("sweep.before_training", language)
    if kind == "guidance":
        return message(_GUIDANCE_TITLES[str(value)], language)
    if kind == "sampler":
        return SAMPLER_TITLES.get(str(value), str(value))
    return number(value)


def guidance_text(guidance: Guidance, language: str) -> str:
    """The levels at which a picture is guided."""
    levels = {name: number(getattr(guidance, name)) for name in BOUNDS}
    return message("sweep.fixed_guidance", language, **levels)


def settings_text(recipe: Recipe, language: str, *, without: frozenset[str] = frozenset()) -> str:
    """Seed, sampler, steps, cfg, size and LoRAs of a picture on one line, but for the axes in `without`."""
    settings = [
        ("seed", message("sweep.fixed_seed", language, seed=recipe.seed)),
        ("sampler", value_name("sampler", recipe.sampler, language)),
        ("steps", message("sweep.fixed_steps", language, steps=recipe.steps)),
        ("cfg_scale", message("sweep.fixed_cfg", language, cfg_scale=number(recipe.cfg_scale))),
        *([] if recipe.guidance.is_constant else [("guidance", guidance_text(recipe.guidance, language))]),
        ("size", f"{recipe.width} × {recipe.height}"),
    ]
    shown = [text for kind, text in settings if kind not in without]
    if not without & {"lora", "checkpoint", "strength"}:
        shown += [
            message("sweep.fixed_lora", language, name=part.name, strength=number(part.strength))
            for part in recipe.loras
        ]
    return " · ".join(shown)
