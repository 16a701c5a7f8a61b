"""Reading YAML that anyone may have written: checked while it is parsed, before anything is built.

A hundred kilobytes of "[" end a process that builds first, and aliases grow a small file into gigabytes. So nothing is
built but mappings with text keys, lists, and scalars, at bounded depth and number; and every value knows its line.
Words are read as YAML 1.2 reads them: `no` and `12:30` are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from story_engine.errors import FixInput

LARGEST_BYTES = 2_000_000
DEEPEST = 20
MOST_EVENTS = 50_000
"""A story of 24 scenes has about two thousand."""
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says."""

    data: object
    lines: dict[str, int] = field(default_factory=dict)
    """Field path such as `scenes[2].seed` → line, counted from 1."""


def decode(content: bytes) -> str:
    """The text of a file: UTF-8, with or without a byte order mark, any kind of line ends.

    Raises:
        FixInput: too large, or not UTF-8, or characters that YAML does not have.
    """
    if len(content) > LARGEST_BYTES:
        raise FixInput("story.yaml_too_large", size=len(content), limit=LARGEST_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FixInput("story.yaml_encoding", position=error.start + 1) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    bad = _NOT_YAML.search(text)
    if bad is not None:
        line = text.count("\n", 0, bad.start()) + 1
        raise FixInput("story.yaml_character", line=line, character=f"U+{ord(bad.group()):04X}")
    return text


def parse(text: str) -> Document:
    """What `text` (as `decode` returns it) says.

    Raises:
        FixInput: broken YAML, named with its line; or more than plain mappings, lists and scalars.
    """
    reader = _Reader(YAML(typ="safe", pure=True).parse(text))
    try:
        return reader.document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        if re.match(r" *\t", [*text.split("\n"), ""][min(line, text.count("\n") + 1) - 1]):
            raise FixInput("story.yaml_tab", line=line) from error
        reason = error.problem or error.context or type(error).__name__
        raise FixInput("story.yaml_broken", line=line, reason=reason) from error
    except YAMLError as error:
        raise FixInput("story.yaml_broken", line=1, reason=type(error).__name__) from error


def first_text(text: str, key: str) -> str | None:
    """What `text` says under `key` of its outermost mapping, read no further than that.

    None where that cannot be told so cheaply: it is no text, comes behind something broken, or is not there.
    """
    reader = _Reader(YAML(typ="safe", pure=True).parse(text))
    try:
        while not isinstance(reader.next(), MappingStartEvent):
            pass
        while isinstance(event := reader.next(), ScalarEvent):
            value = reader.value(reader.next(), "", 1)
            if event.value == key:
                return value if isinstance(value, str) else None
    except (YAMLError, FixInput, StopIteration):
        pass
    return None


class _Reader:
    """One pass over the events of a document."""

    def __init__(self, events: Iterator[Event]) -> None:
        self.events = events
        self.count = 0
        self.lines: dict[str, int] = {}

    def document(self) -> Document:
        event = self.next()
        while not isinstance(event, DocumentStartEvent):
            if isinstance(event, StreamEndEvent):
                raise FixInput("story.yaml_empty")
            event = self.next()
        data = self.value(self.next(), "", 1)
        event = self.next()
        while not isinstance(event, StreamEndEvent):
            if isinstance(event, DocumentStartEvent):
                raise FixInput("story.yaml_documents", line=_line(event))
            event = self.next()
        if data is None:
            raise FixInput("story.yaml_empty")
        return Document(data, self.lines)

    def next(self) -> Event:
        event = next(self.events)
        self.count += 1
        if self.count > MOST_EVENTS:
            raise FixInput("story.yaml_too_many", limit=MOST_EVENTS)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
            raise FixInput("story.yaml_alias", line=_line(event))
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise FixInput("story.yaml_tag", line=_line(event), tag=str(tag)[:60])
        return event

    def value(self, event: Event, path: str, depth: int) -> object:
        self.lines[path] = _line(event)
        if isinstance(event, ScalarEvent):
            return _scalar(event)
        if depth > DEEPEST:
            raise FixInput("story.yaml_too_deep", line=_line(event), limit=DEEPEST)
        if isinstance(event, MappingStartEvent):
            return self.mapping(path, depth)
        if isinstance(event, SequenceStartEvent):
            return self.sequence(path, depth)
        raise FixInput("story.yaml_broken", line=_line(event), reason=type(event).__name__)

    def mapping(self, path: str, depth: int) -> dict[object, object]:
        built: dict[object, object] = {}
        while not isinstance(event := self.next(), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise FixInput("story.yaml_key", line=_line(event))
            key = event.value
            inner = f"{path}.{key}" if path else str(key)
            if key in built:
                raise FixInput("story.yaml_twice", key=str(key)[:60], line=_line(event), first=self.lines[inner])
            line = _line(event)
            built[key] = self.value(self.next(), inner, depth + 1)
            self.lines[inner] = line
        return built

    def sequence(self, path: str, depth: int) -> list[object]:
        built: list[object] = []
        while not isinstance(event := self.next(), SequenceEndEvent):
            built.append(self.value(event, f"{path}[{len(built)}]", depth + 1))
        return built


def _scalar(event: ScalarEvent) -> object:
    text = str(event.value)
    if event.style:
        return text
    if text in _SPECIAL:
        return _SPECIAL[text]
    # Python refuses to read integers of more than 4300 digits; such a text is no number anybody means.
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) < 1000 else text
    return float(text) if _FLOAT.fullmatch(text) else text


def _line(event: Event) -> int:
    mark = event.start_mark
    return int(mark.line) + 1 if mark is not None else 1
