"""Where ruamel keeps the comments of a file, and how they stay with what they speak of when entries move or leave.

ruamel hangs a comment on the value in front of it; people write it above the thing that it is about.
"""

from __future__ import annotations

from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import CommentMark
from ruamel.yaml.scalarstring import FoldedScalarString, LiteralScalarString
from ruamel.yaml.tokens import CommentToken

COMMENT = "comment"
"""Attribute of a block text that holds the comment lines below it."""


def keep_comment(node: CommentedMap, key: Any) -> None:
    """Hand the comment lines below `key` on to the key after it, or before it at the end, before `key` is deleted."""
    lines = _take_below(node, key)
    keys = list(node)
    place = keys.index(key)
    if not lines.strip():
        return
    if place + 1 < len(keys):
        _put_above(node, keys[place + 1], lines)
    elif place:
        _put_below(node, keys[place - 1], lines)


def empty(node: CommentedMap, key: Any) -> None:
    """`[]` where a list was, with the comment lines that stood below it."""
    lines = _take_below(node, key)
    node[key] = CommentedSeq()
    if lines.strip():
        _put_below(node, key, lines)


def reorder(old: CommentedSeq, sources: list[int | None], entries: list[Any]) -> CommentedSeq:
    """`old` with `entries` in it, each with the comment lines above it that its source had.

    Args:
        old: the list as the author wrote it.
        sources: for each entry the place where it stood in `old`; None for a new one.
        entries: the new content, of the same length.
    """
    if sources == list(range(len(old))):
        for place, entry in enumerate(entries):
            old[place] = entry
        return old
    below = [_take_below(old, place) for place in range(len(old))]
    above = ["", *below[:-1]]
    last = below[-1] if below else ""
    first_tokens = old.ca.comment
    eol = {place: old.ca.items.get(place) for place in range(len(old))}
    fresh = CommentedSeq(entries)
    fresh.ca.comment = first_tokens
    for place, source in enumerate(sources):
        if source is None:
            continue
        if eol[source] is not None:
            fresh.ca.items[place] = eol[source]
        if above[source].strip():
            _put_above(fresh, place, above[source])
    if last.strip() and entries:
        _put_below(fresh, len(entries) - 1, last)
    return fresh


def _take_below(node: CommentedMap | CommentedSeq, key: Any) -> str:
    """The comment lines after the last line of `node[key]`, taken out; a comment on that line itself stays."""
    while isinstance(value := node[key], CommentedMap | CommentedSeq) and len(value) and not value.fa.flow_style():
        node, key = value, (list(value)[-1] if isinstance(value, CommentedMap) else len(value) - 1)
    if isinstance(value, LiteralScalarString | FoldedScalarString):
        tokens = getattr(value, COMMENT, None)
        found = _lines(tokens)
        if found:
            setattr(value, COMMENT, None)
        return found
    place = 2 if isinstance(node, CommentedMap) else 0
    tokens = node.ca.items.get(key)
    token = tokens[place] if tokens and len(tokens) > place else None
    if not isinstance(token, CommentToken):
        return ""
    own, _, rest = token.value.partition("\n")
    if own.strip():
        token.value = own + "\n"
    else:
        tokens[place] = None
    return rest


def _lines(tokens: Any) -> str:
    if isinstance(tokens, CommentToken):
        return str(tokens.value)
    if isinstance(tokens, list | tuple):
        return "".join(_lines(token) for token in tokens)
    return ""


def _put_above(node: CommentedMap | CommentedSeq, key: Any, lines: str) -> None:
    tokens = node.ca.items.setdefault(key, [None, None, None, None])
    while len(tokens) < 2:
        tokens.append(None)
    column = next((len(line) - len(line.lstrip()) for line in lines.split("\n") if line.strip()), 0)
    tokens[1] = [CommentToken(lines, CommentMark(column)), *(tokens[1] or [])]


def _put_below(node: CommentedMap | CommentedSeq, key: Any, lines: str) -> None:
    """Hang `lines` on the last line of `node[key]`."""
    holder: CommentedMap | CommentedSeq = node
    while isinstance(value := holder[key], CommentedMap | CommentedSeq) and len(value) and not value.fa.flow_style():
        holder, key = value, (list(value)[-1] if isinstance(value, CommentedMap) else len(value) - 1)
    if isinstance(value, LiteralScalarString | FoldedScalarString):
        setattr(value, COMMENT, [CommentToken(lines, CommentMark(0))])
        return
    place = 2 if isinstance(holder, CommentedMap) else 0
    tokens = holder.ca.items.setdefault(key, [None, None, None, None] if place else [None, None])
    own = tokens[place].value if isinstance(tokens[place], CommentToken) else "\n"
    tokens[place] = CommentToken(own + lines, CommentMark(0))
