"""Take a board, or one panel, to another tool."""

from __future__ import annotations

import json
from dataclasses import dataclass

from story_engine.domain.board import OpenStory, Panel
from story_engine.domain.hand_in import HandIn
from story_engine.domain.recipe import LoraPart, Recipe
from story_engine.domain.resolve import resolve
from story_engine.errors import ChooseAnother
from story_engine.flows.bundle_loras import BundleLora, Painted, loras_of
from story_engine.flows.panels import lora_hashes, open_story
from story_engine.flows.services import Services
from story_engine.formats.elsewhere import comfyui, diffsynth_notebook, diffusers_script, prompt_lines
from story_engine.formats.elsewhere.graph import as_api, as_workflow
from story_engine.formats.elsewhere.panel import Difference, PanelElsewhere, UsedLora
from story_engine.messages import message

TOOLS = ("comfyui-mz", "comfyui-mz-api", "comfyui-kijai", "comfyui-kijai-api", "a1111", "diffusers", "notebook")
_KOLORS = "kolors"


@dataclass(frozen=True, slots=True, kw_only=True)
class ElsewhereFile:
    """A file for another tool, and what will come out otherwise there."""

    name: str
    content: bytes
    differences: tuple[Difference, ...]


def take_elsewhere(
    services: Services, opened: str | OpenStory, *, tool: str, scene: str | None = None, language: str = "en"
) -> ElsewhereFile:
    """The chosen panels as `tool` takes them; a panel without a picture goes as it would be painted.

    Args:
        services: the engine.
        opened: slug, or a story as it was opened.
        tool: one of `TOOLS`.
        scene: id of one scene; None takes all.
        language: of the notes in the file.

    Raises:
        ChooseAnother: there is no such tool or scene, or a LoRA of a panel without a picture is not in the library.
        FixInput: a scene cannot be resolved.
    """
    if tool not in TOOLS:
        raise ChooseAnother("elsewhere.unknown_tool", tool=tool, listed=", ".join(TOOLS))
    opened = open_story(services, opened)
    panels, found = _panels(services, opened, scene)
    found += _differences(panels, tool)
    notes = "\n".join(f"- {message(each.code, language, **each.values)}" for each in found)
    stem = opened.slug if scene is None else f"{opened.slug}-{panels[0].name}"
    name, text = _written(panels, tool, stem=stem, title=opened.story.title or opened.slug, notes=notes)
    return ElsewhereFile(name=name, content=text.encode(), differences=tuple(found))


def _panels(services: Services, opened: OpenStory, scene: str | None) -> tuple[list[PanelElsewhere], list[Difference]]:
    wanted = {
        panel.scene.id: (f"{number:02}", panel)
        for number, panel in enumerate(opened.board.panels, start=1)
        if scene in (None, panel.scene.id)
    }
    if not wanted:
        listed = ", ".join(panel.scene.id for panel in opened.board.panels)
        raise ChooseAnother("render.no_scene", scene=scene, listed=listed)
    hashes = lora_hashes(services, opened.story, missing_ok=True)
    recipes = {name: _recipe(services, opened, panel, hashes) for name, panel in wanted.values()}
    painted = [Painted(picture=name, loras=recipe.loras) for name, recipe in recipes.items()]
    # Called as in the bundle, whose LoRA files are what the other tool is given.
    known = {lora.sha256: lora for lora in loras_of(services, painted, opened.story, HandIn())}
    panels = [
        PanelElsewhere(
            name=name,
            title=panel.scene.title,
            recipe=recipes[name],
            loras=tuple(_used(part, known[part.sha256]) for part in recipes[name].loras if part.strength),
        )
        for name, panel in wanted.values()
    ]
    others = sum(recipe.family != _KOLORS for recipe in recipes.values())
    return panels, [Difference(code="elsewhere.other_family", values={"count": others})] if others else []


def _used(part: LoraPart, lora: BundleLora) -> UsedLora:
    alpha = lora.report.alpha if lora.report is not None else None
    return UsedLora(name=lora.stem, strength=part.strength, alpha=alpha)


def _recipe(services: Services, opened: OpenStory, panel: Panel, hashes: dict[str, str]) -> Recipe:
    """As the chosen picture was painted; where a stand-in or nothing painted it, as the story's own family would."""
    if panel.chosen is not None and panel.stand_in_for is None:
        return panel.chosen.take.recipe
    families = services.families()
    family = families[opened.story.settings.family]
    recipe = resolve(opened.story, panel.scene, 0, family=family, loras=hashes, device=services.device)
    return recipe if panel.chosen is None else recipe.model_copy(update={"seed": panel.chosen.take.recipe.seed})


def _differences(panels: list[PanelElsewhere], tool: str) -> list[Difference]:
    recipes = [panel.recipe for panel in panels]
    counts = {
        "elsewhere.guided_everywhere": sum(not each.guidance.is_constant for each in recipes),
        "elsewhere.cast_left_out": sum(bool(each.cast) for each in recipes),
        "elsewhere.controls_left_out": sum(bool(each.controls) for each in recipes),
        "elsewhere.start_left_out": sum(each.start is not None for each in recipes),
        "elsewhere.mend_left_out": sum(each.mend is not None for each in recipes),
    }
    left_out = [Difference(code=code, values={"count": count}) for code, count in counts.items() if count]
    return _differences_of(panels, tool) + left_out


def _differences_of(panels: list[PanelElsewhere], tool: str) -> list[Difference]:
    if tool == "a1111":
        return prompt_lines.differences()
    if tool == "diffusers":
        return diffusers_script.differences()
    if tool == "notebook":
        return diffsynth_notebook.differences()
    return comfyui.differences(panels, pack=_pack(tool))


def _written(panels: list[PanelElsewhere], tool: str, *, stem: str, title: str, notes: str) -> tuple[str, str]:
    if tool == "a1111":
        return f"{stem}-a1111.txt", prompt_lines.as_prompt_lines(panels)
    if tool == "diffusers":
        name = f"{stem}-diffusers.py"
        return name, diffusers_script.as_diffusers_script(panels, title=title, file=name, notes=notes)
    if tool == "notebook":
        return f"{stem}.ipynb", diffsynth_notebook.as_notebook(panels, title=title, notes=notes)
    nodes = comfyui.nodes_of(panels, pack=_pack(tool), note=notes)
    graph = as_api(nodes) if tool.endswith("-api") else as_workflow(nodes)
    return f"{stem}-{tool}.json", json.dumps(graph, ensure_ascii=False, indent=1) + "\n"


def _pack(tool: str) -> str:
    return tool.split("-")[1]
