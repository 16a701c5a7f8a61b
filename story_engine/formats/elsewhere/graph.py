"""A ComfyUI graph, written in both of its forms.

Sources: the API form is what ComfyUI's `POST /prompt` takes, `{id: {class_type, inputs}}` with `[id, output]` for a
link; the form of its editor (version 0.4) lists nodes with places, typed slots and widget values by position, and links
as `[link, from, output, to, input, type]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_COLUMN, _ROW = 380, 190
"""Pixels between nodes on the editor's canvas."""
_WIDTH, _HEIGHT = 320, 130
SEED_CONTROL = "fixed"
"""What the editor does with a seed after a run; its value stands behind the seed's among the widgets."""


@dataclass(frozen=True, slots=True)
class Link:
    """An output of another node."""

    node: Node
    output: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeKind:
    """A class of nodes: the types of its sockets and the order of its widgets."""

    name: str
    sockets: Mapping[str, str] = field(default_factory=dict)
    """Input → type, for what comes through a link."""
    widgets: tuple[str, ...] = ()
    """In the order in which the class lists them."""
    outputs: tuple[tuple[str, str], ...] = ()
    """(name, type) each."""
    takes_dynamic_prompts: bool = False
    """Its texts go through the editor's processing of `{a|b}` and comments before they are sent."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Node:
    """One node: its kind, what it is called, and a value or link for every input of the kind."""

    kind: NodeKind
    title: str = ""
    inputs: Mapping[str, object] = field(default_factory=dict)


def as_api(nodes: list[Node]) -> dict[str, object]:
    """The form that ComfyUI's queue takes; notes are no part of it."""
    ids = _ids(nodes)
    return {
        str(ids[node]): {
            "class_type": node.kind.name,
            "inputs": {
                name: [str(ids[value.node]), value.output] if isinstance(value, Link) else value
                for name, value in node.inputs.items()
            },
            **({"_meta": {"title": node.title}} if node.title else {}),
        }
        for node in nodes
        if node.kind is not NOTE
    }


def as_workflow(nodes: list[Node]) -> dict[str, object]:
    """The form that ComfyUI's editor opens."""
    ids = _ids(nodes)
    links: list[list[object]] = []
    leaving: dict[tuple[int, int], list[int]] = {}
    arriving: dict[tuple[int, str], int] = {}
    for node in nodes:
        for socket, (name, kind) in enumerate(node.kind.sockets.items()):
            value = node.inputs.get(name)
            if isinstance(value, Link):
                links.append([len(links) + 1, ids[value.node], value.output, ids[node], socket, kind])
                leaving.setdefault((ids[value.node], value.output), []).append(len(links))
                arriving[(ids[node], name)] = len(links)
    return {
        "last_node_id": len(nodes),
        "last_link_id": len(links),
        "nodes": [
            {
                "id": ids[node],
                "type": node.kind.name,
                "pos": _place(node, nodes),
                "size": [_WIDTH, _HEIGHT],
                "flags": {},
                "order": order,
                "mode": 0,
                "inputs": [
                    {"name": name, "type": kind, "link": arriving.get((ids[node], name))}
                    for name, kind in node.kind.sockets.items()
                ],
                "outputs": [
                    {"name": name, "type": kind, "links": leaving.get((ids[node], slot), []), "slot_index": slot}
                    for slot, (name, kind) in enumerate(node.kind.outputs)
                ],
                "properties": {"Node name for S&R": node.kind.name},
                "widgets_values": _widgets(node),
                **({"title": node.title} if node.title else {}),
            }
            for order, node in enumerate(nodes)
        ],
        "links": links,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


def _ids(nodes: list[Node]) -> dict[Node, int]:
    return {node: number for number, node in enumerate(nodes, start=1)}


def _widgets(node: Node) -> list[object]:
    values: list[object] = []
    for name in node.kind.widgets:
        value = node.inputs[name]
        values.append(as_dynamic_prompt(value) if node.kind.takes_dynamic_prompts and isinstance(value, str) else value)
        if name == "seed":
            values.append(SEED_CONTROL)
    return values


def _place(node: Node, nodes: list[Node]) -> list[int]:
    """A column for each step away from the loaders, so that links run from left to right."""
    depths = {id(each): _depth(each) for each in nodes}
    column = depths[id(node)]
    above = sum(1 for each in nodes[: nodes.index(node)] if depths[id(each)] == column)
    return [column * _COLUMN, above * _ROW]


def _depth(node: Node) -> int:
    return max((1 + _depth(value.node) for value in node.inputs.values() if isinstance(value, Link)), default=0)


def as_dynamic_prompt(text: str) -> str:
    """Text that the editor's processing of dynamic prompts gives back as it was.

    The editor first drops `//…` and `/*…*/`, then replaces each `{a|b}` by one of its parts, where a backslash before
    `{`, `}` or `|` keeps them. A comment's beginning cannot be escaped, so a space is put into it; a backslash in front
    of one of the three, or at the end, gets one behind it.
    Source: `processDynamicPrompt` in ComfyUI's frontend.
    """
    parts = []
    for place, mark in enumerate(text):
        following = text[place + 1 : place + 2]
        if mark in "{}|":
            parts.append("\\" + mark)
        elif (mark == "/" and following in ("/", "*")) or (mark == "\\" and following in ("", "{", "}", "|")):
            parts.append(mark + " ")
        else:
            parts.append(mark)
    return "".join(parts)


NOTE = NodeKind(name="Note", widgets=("text",))
"""Text on the editor's canvas."""
