"""The pictures that a ComfyUI graph paints: every sampler with its texts, size, seed and LoRAs.

Knows the nodes of both Kolors packs, with and without LoRA, as the organisers handed them out, and ComfyUI's own.
"""

from __future__ import annotations

from collections.abc import Mapping

from story_engine.domain.imported_story import (
    ImportedLora,
    ImportedScene,
    ImportedStory,
    Note,
    note,
    number,
    scene,
    unlike,
    whole,
)
from story_engine.domain.sampler_names import sampler_of
from story_engine.formats.comfy_graph import Link, Node, nodes_of

MOST_WALKED = 200
"""Nodes on one way back through a graph."""
_KOLORS_SAMPLER = "KolorsSampler"
_SAMPLERS = frozenset({"KSampler", "KSamplerAdvanced", _KOLORS_SAMPLER})
_TEXTS = ("text", "prompt", "string", "value", "STRING", "positive")
_KOLORS = ("kolors", "chatglm")


def read_workflow(data: object, *, name: str) -> ImportedStory | None:
    """The scenes of a graph, in the order of its samplers; None where the data is no graph."""
    nodes = nodes_of(data)
    if nodes is None:
        return None
    samplers = [node for node in nodes.values() if node.kind in _SAMPLERS and not node.is_muted]
    scenes: list[ImportedScene] = []
    loras: list[ImportedLora] = []
    notes: list[Note] = []
    for sampler in sorted(samplers, key=_order):
        if _is_second_pass(sampler, nodes):
            notes.append(note("imports.second_pass", node=sampler.id))
            continue
        found, more = _scene(sampler, nodes)
        notes += more
        if found.prompt or found.negative:
            scenes.append(found)
        else:
            notes.append(note("imports.node_without_prompt", node=sampler.id, kind=sampler.kind))
        loras += _loras(sampler, nodes)
    muted = sum(node.is_muted and node.kind in _SAMPLERS for node in nodes.values())
    if muted:
        notes.append(note("imports.nodes_muted", count=muted))
    if not samplers:
        notes.append(note("imports.no_sampler", count=len(nodes)))
    is_kolors = any(word in node.kind.lower() for node in nodes.values() for word in _KOLORS)
    return ImportedStory(
        source=name,
        kind="comfyui",
        scenes=tuple(scenes),
        loras=unlike(loras),
        family="kolors" if is_kolors else None,
        notes=tuple(notes),
    )


def _scene(sampler: Node, nodes: Mapping[str, Node]) -> tuple[ImportedScene, list[Note]]:
    inputs = sampler.inputs
    place = f"#{sampler.id}"
    sampler_name = _followed(inputs.get("sampler_name"), nodes)
    if sampler.kind == _KOLORS_SAMPLER:
        encode = _before(inputs.get("kolors_embeds"), nodes, "KolorsTextEncode")
        given = encode.inputs if encode is not None else {}
        prompt, negative = _text(given.get("prompt"), nodes), _text(given.get("negative_prompt"), nodes)
        width, height = _followed(inputs.get("width"), nodes), _followed(inputs.get("height"), nodes)
        sampler_name = _followed(inputs.get("scheduler"), nodes)
    else:
        prompt, negative = _conditioning(inputs.get("positive"), nodes), _conditioning(inputs.get("negative"), nodes)
        latent = _size_node(inputs.get("latent_image"), nodes)
        width, height = (_followed(latent.inputs.get(side), nodes) if latent else None for side in ("width", "height"))
    own = sampler_of(sampler_name)
    found, notes = scene(
        prompt=prompt,
        negative=negative,
        seed=_followed(inputs.get("seed", inputs.get("noise_seed")), nodes),
        place=place,
        sampler=own,
        steps=_followed(inputs.get("steps"), nodes),
        cfg_scale=_followed(inputs.get("cfg"), nodes),
        width=width,
        height=height,
    )
    if isinstance(sampler_name, str) and sampler_name and own is None:
        notes.append(note("imports.sampler_unknown", place=place, name=sampler_name))
    if sampler.kind == _KOLORS_SAMPLER and any(mark in prompt for mark in "{|"):
        notes.append(note("imports.node_syntax", place=place))
    return found, notes


def _is_second_pass(sampler: Node, nodes: Mapping[str, Node]) -> bool:
    """Whether it paints over what another sampler has painted."""
    return any(node.kind in _SAMPLERS for node in _way_back(sampler.inputs.get("latent_image"), nodes))


def _loras(sampler: Node, nodes: Mapping[str, Node]) -> list[ImportedLora]:
    found = []
    for node in _way_back(sampler.inputs.get("model", sampler.inputs.get("kolors_model")), nodes):
        if node.is_muted:
            continue
        name, path = node.inputs.get("lora_name"), node.inputs.get("lora_path")
        if isinstance(name, str) and name:
            strength = number(node.inputs.get("strength_model"))
            found.append(ImportedLora(path=name[:500], strength=strength))
        elif isinstance(path, str) and path:
            alpha = number(node.inputs.get("lora_alpha"))
            found.append(ImportedLora(path=path[:500], alpha=alpha if alpha is None or alpha >= 0 else None))
    return found[::-1]


def _conditioning(value: object, nodes: Mapping[str, Node]) -> str:
    """The words of the first node on the way back that holds any."""
    for node in _way_back(value, nodes):
        if any(node.inputs.get(name) for name in _TEXTS) and not node.is_muted:
            return _text(next(node.inputs[name] for name in _TEXTS if node.inputs.get(name)), nodes)
    return ""


def _text(value: object, nodes: Mapping[str, Node]) -> str:
    found = _followed(value, nodes)
    return found if isinstance(found, str) else ""


def _followed(value: object, nodes: Mapping[str, Node]) -> object:
    """A value, also where it comes out of a node that holds nothing else."""
    for _ in range(MOST_WALKED):
        if not isinstance(value, Link):
            return value
        node = nodes.get(value.node)
        if node is None:
            return None
        value = next((node.inputs[name] for name in (*_TEXTS, "seed", "number", "int") if name in node.inputs), None)
    return None


def _before(value: object, nodes: Mapping[str, Node], kind: str) -> Node | None:
    return next((node for node in _way_back(value, nodes) if node.kind == kind), None)


def _size_node(value: object, nodes: Mapping[str, Node]) -> Node | None:
    return next((node for node in _way_back(value, nodes) if {"width", "height"} <= node.inputs.keys()), None)


def _way_back(value: object, nodes: Mapping[str, Node]) -> list[Node]:
    """Every node that a value comes through, nearest first; a graph may run in circles."""
    found: dict[str, Node] = {}
    waiting = [value]
    while waiting and len(found) < MOST_WALKED:
        link = waiting.pop(0)
        node = nodes.get(link.node) if isinstance(link, Link) else None
        if node is not None and node.id not in found:
            found[node.id] = node
            waiting += [each for each in node.inputs.values() if isinstance(each, Link)]
    return list(found.values())


def _order(node: Node) -> tuple[int, str]:
    """Samplers in the order of their numbers, in which they were put into the graph."""
    return (whole(node.id) or 0, node.id)
