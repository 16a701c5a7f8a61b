"""Panels as A1111's script "Prompts from file or textbox" takes them: one line of options per picture.

Sources: `scripts/prompts_from_file.py` of AUTOMATIC1111/stable-diffusion-webui 1.10.1 (options, read with `shlex`), and
its `modules/prompt_parser.py` (brackets that mean attention, and their escape).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from story_engine.formats.elsewhere.panel import Difference, PanelElsewhere
from story_engine.formats.infotext import SAMPLERS

_BRACKETS = re.compile(r"(?<!\\)([()\[\]])")


def as_prompt_lines(panels: Sequence[PanelElsewhere]) -> str:
    """One line per panel, in order."""
    return "".join(f"{_line(panel)}\n" for panel in panels)


def differences() -> list[Difference]:
    """A1111 runs no Kolors: prompts, seeds and settings arrive, the pictures will be another model's."""
    return [Difference(code="elsewhere.a1111_other_model", values={})]


def _line(panel: PanelElsewhere) -> str:
    recipe = panel.recipe
    loras = "".join(f" <lora:{use.name}:{use.strength:g}>" for use in panel.loras)
    options: dict[str, object] = {
        "prompt": _plain(recipe.prompt) + loras,
        "negative_prompt": _plain(recipe.negative),
        "seed": recipe.seed,
        "steps": recipe.steps,
        "cfg_scale": f"{recipe.cfg_scale:g}",
        "width": recipe.width,
        "height": recipe.height,
        "sampler_name": SAMPLERS[recipe.sampler][0],
    }
    return " ".join(f"--{name} {shlex.quote(str(value))}" for name, value in options.items())


def _plain(text: str) -> str:
    """The text on one line, its brackets as brackets."""
    return _BRACKETS.sub(r"\\\1", " ".join(text.split()))
