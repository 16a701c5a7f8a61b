"""ComfyUI's graphs in both forms as one: nodes by id, each with its inputs by name, links as pairs.

The API form has that already; the form of its editor keeps the values of a node's fields in the order of its fields
only, so that their names have to be known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MOST_NODES = 5_000
_MUTED = (2, 4)
"""LiteGraph's modes "never" and ComfyUI's "bypass"."""
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "KSampler": ("seed", "control_after_generate", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": (
        "add_noise",
        "noise_seed",
        "control_after_generate",
        "steps",
        "cfg",
        "sampler_name",
        "scheduler",
        "start_at_step",
        "end_at_step",
        "return_with_leftover_noise",
    ),
    "KolorsSampler": (
        "width",
        "height",
        "seed",
        "control_after_generate",
        "steps",
        "cfg",
        "scheduler",
        "denoise_strength",
    ),
    "KolorsTextEncode": ("prompt", "negative_prompt", "num_images_per_prompt"),
    "LoadKolorsLoRA": ("lora_path", "lora_alpha"),
    "CLIPTextEncode": ("text",),
    "MZ_ChatGLM3": ("text",),
    "MZ_ChatGLM3_V2": ("text",),
    "MZ_ChatGLM3_Advance_V2": (
        "text",
        "width",
        "height",
        "crop_w",
        "crop_h",
        "target_width",
        "target_height",
    ),
    "EmptyLatentImage": ("width", "height", "batch_size"),
    "EmptySD3LatentImage": ("width", "height", "batch_size"),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "SaveImage": ("filename_prefix",),
    "PrimitiveNode": ("value", "control_after_generate"),
}
"""Source: the `INPUT_TYPES` of ComfyUI's nodes.py, of MinusZoneAI/ComfyUI-Kolors-MZ, of kijai/ComfyUI-KwaiKolorsWrapper
and of the LoRA node in the challenge's notebook; `control_after_generate` is put behind every seed by the editor."""
_ESCAPED = re.compile(r"\\([{}|])")
"""How the editor is told that `{a|b}` is no choice. Source: `processDynamicPrompt` in ComfyUI's frontend."""
_TEXT_FIELD = ("value", "control_after_generate")
"""Of nodes that are not known: most hold one value."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where an input comes from."""

    node: str
    output: int


@dataclass(frozen=True, slots=True)
class Node:
    """One node with what goes into it."""

    id: str
    kind: str
    inputs: Mapping[str, object]
    """Name → value or `Link`."""
    is_muted: bool = False


def nodes_of(data: object) -> dict[str, Node] | None:
    """The nodes of a graph in either form; None where the data is no graph."""
    if not isinstance(data, dict):
        return None
    if isinstance(data.get("nodes"), list):
        return _of_editor(data)
    for key in ("prompt", "workflow"):  # a file of ComfyUI's history, or of a tool that keeps both
        if isinstance(data.get(key), dict) and (found := nodes_of(data[key])):
            return found
    found = {}
    for id_, node in list(data.items())[:MOST_NODES]:
        if isinstance(node, dict) and isinstance(node.get("class_type"), str):
            given = node.get("inputs")
            inputs = {str(name): _value(value) for name, value in given.items()} if isinstance(given, dict) else {}
            found[str(id_)] = Node(str(id_), node["class_type"], inputs)
    return found or None


def _value(value: object) -> object:
    """A value of the API form, its links told from lists."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int) and _is_place(value[1]):
        return Link(str(value[0]), value[1])
    return value


def _of_editor(data: Mapping[str, object]) -> dict[str, Node] | None:
    listed = data.get("nodes")
    links = _links(data.get("links"))
    found: dict[str, Node] = {}
    for node in (listed if isinstance(listed, list) else [])[:MOST_NODES]:
        if not isinstance(node, dict) or not isinstance(node.get("type"), str):
            continue
        if not isinstance(node.get("id"), str | int):
            continue
        inputs = _fields(node) | _linked(node, links)
        id_ = str(node["id"])
        found[id_] = Node(id_, node["type"], inputs, is_muted=node.get("mode") in _MUTED)
    return found or None


def _links(data: object) -> dict[object, Link]:
    """`[id, from node, its output, to node, its input, type]`, or the same as an object."""
    found: dict[object, Link] = {}
    for each in data if isinstance(data, list) else []:
        if isinstance(each, list) and len(each) >= 5 and isinstance(each[0], int) and _is_place(each[2]):
            found[each[0]] = Link(str(each[1]), each[2])
        elif isinstance(each, dict) and isinstance(each.get("id"), int) and _is_place(each.get("origin_slot")):
            found[each["id"]] = Link(str(each.get("origin_id")), each["origin_slot"])
    return found


def _linked(node: Mapping[str, object], links: Mapping[object, Link]) -> dict[str, object]:
    inputs = node.get("inputs")
    found: dict[str, object] = {}
    for each in inputs if isinstance(inputs, list) else []:
        if isinstance(each, dict) and isinstance(each.get("name"), str):
            link = each.get("link")
            if isinstance(link, int) and link in links:
                found[each["name"]] = links[link]
    return found


def _fields(node: Mapping[str, object]) -> dict[str, object]:
    values = node.get("widgets_values")
    if isinstance(values, dict):
        return {str(name): value for name, value in values.items()}
    if not isinstance(values, list):
        return {}
    kind = str(node["type"])
    names = _FIELDS.get(kind) or _named_fields(node, values) or _TEXT_FIELD
    found = dict(zip(names, values, strict=False))
    if isinstance(words := found.get("text"), str):
        found["text"] = _ESCAPED.sub(r"\1", words)
    return found


def _named_fields(node: Mapping[str, object], values: list[object]) -> tuple[str, ...]:
    """The names that newer editors write beside the inputs, where they are as many as the values."""
    inputs = node.get("inputs")
    names = [
        str(each["name"])
        for each in (inputs if isinstance(inputs, list) else [])
        if isinstance(each, dict) and isinstance(each.get("widget"), dict) and "name" in each
    ]
    return tuple(names) if len(names) == len(values) else ()


def _is_place(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1000
