"""A story file's text: read with every check, written so that the author's comments, order and quoting stay."""

from __future__ import annotations

import io
import logging
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    FoldedScalarString,
    LiteralScalarString,
    SingleQuotedScalarString,
)

from story_engine.domain.migration import schema_of
from story_engine.domain.story import LARGEST_REVISION, SCHEMA, Scene, Story
from story_engine.domain.story_data import story_data, written_data
from story_engine.domain.validation import story_from
from story_engine.errors import FixInput, InvalidInput, Problem
from story_engine.store.comments import COMMENT, empty, keep_comment, reorder
from story_engine.store.safe_yaml import Document, decode, parse

logger = logging.getLogger(__name__)

_READ_OTHERWISE = re.compile(
    r"(y|n|yes|no|on|off|true|false|null|~|=|<<|[-+]?\.(inf|nan))|[-+.]?[0-9][0-9_:.,a-fox+\- TZ]*", re.IGNORECASE
)
"""Words that readers of YAML 1.1, most of those there are, take for something else than text."""
_NEEDS_ESCAPES = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_LEFT_OUT = {**story_data(Story()), **Scene(id="").model_dump(mode="json")}
"""What a field means when it is left out; not pressed on authors who left it out."""
_IDENTITY = ("id", "name", "character", "text")


def read_document(content: bytes, *, file: str) -> Document:
    """What the bytes of a file say, before anybody asks whether it is a story.

    Raises:
        InvalidInput: damaged or dangerous YAML; one problem, with its line.
    """
    try:
        return parse(decode(content))
    except FixInput as error:
        raise InvalidInput((Problem(error.code, file, error.values),)) from error


def read_story(content: bytes, *, file: str) -> Story:
    """The story in the bytes of a file.

    Raises:
        InvalidInput: damaged YAML, or a list of all that is wrong with the story.
    """
    document = read_document(content, file=file)
    return story_from(_with_sound_revision(document.data), file=file, lines=document.lines)


def _with_sound_revision(data: object) -> object:
    """The number is the Studio's own bookkeeping: an odd one is no reason to refuse what an author wrote."""
    if not isinstance(data, dict) or "revision" not in data:
        return data
    revision = data["revision"]
    is_sound = isinstance(revision, int) and not isinstance(revision, bool) and 0 <= revision <= LARGEST_REVISION
    return data if is_sound else {**data, "revision": 0}


def write_story(story: Story, *, before: bytes | None = None) -> bytes:
    """The file of a story.

    Args:
        story: what to write.
        before: the file as it was; what has not changed keeps its comments, order, quoting and line breaks.
    """
    if before is not None:
        for quoted in (False, True):
            text = _rewritten(decode(before), story, quoted=quoted)
            if text is not None and _says(text, story):
                return text.encode()
        logger.warning("The comments of %r could not be kept: they stay in the history", story.title)
    written = written_data(story)
    text = _dump(_yaml(None), _commented(written, quoted=False))
    if not _says(text, story):
        text = _dump(_yaml(None), _commented(written, quoted=True))
    return text.encode()


def _rewritten(before: str, story: Story, *, quoted: bool) -> str | None:
    yaml = _yaml(before)
    try:
        document = yaml.load(before)
    except (YAMLError, ValueError):
        return None
    if not isinstance(document, CommentedMap):
        return None
    if schema_of(dict(document)) != SCHEMA:
        document.insert(0, "schema", SCHEMA) if "schema" not in document else None
    _update(document, story_data(story), written_data(story), quoted=quoted)
    return _dump(yaml, document)


def _says(text: str, story: Story) -> bool:
    try:
        return read_story(text.encode(), file="-") == story
    except InvalidInput:
        return False


def _update(node: CommentedMap, every: Any, written: Any, *, quoted: bool) -> None:
    """Make `node` say `every`, touching only what differs; keys that it lacks are added when they are in `written`."""
    for key in list(node):
        if key not in every or (every[key] is None and node[key] is not None):
            keep_comment(node, key)
            del node[key]
    order = list(every)
    for key, value in every.items():
        if key in node and value == [] and (node[key] or (node[key] is None and key in written)):
            # A scene's `loras:` with nothing behind it means the story's; only `[]` means none.
            empty(node, key)
        elif key in node:
            node[key] = _updated(node[key], value, written.get(key, value), quoted=quoted)
        elif key in written and (key in ("schema", "revision") or value != _LEFT_OUT.get(key)):
            following = [at for at, present in enumerate(node) if order.index(present) > order.index(key)]
            fresh = _commented(written[key], quoted=quoted)
            node.insert(min(following, default=len(node)), key, fresh)


def _updated(old: Any, value: Any, written: Any, *, quoted: bool) -> Any:
    if isinstance(value, dict) and isinstance(old, CommentedMap):
        _update(old, value, written, quoted=quoted)
        return old
    if isinstance(value, list) and isinstance(old, CommentedSeq):
        return _updated_list(old, value, written, quoted=quoted)
    if isinstance(value, str):
        same = isinstance(old, str) and _unified(str(old)) == value
        return old if same else _text(value, old, quoted=quoted)
    if old is None and not value:
        return old
    # `True == 1` and `4 == 4.0`: the first pair is a change, the second is not.
    same = old == value and isinstance(old, bool) == isinstance(value, bool)
    return old if same else _commented(written, quoted=quoted)


def _updated_list(old: CommentedSeq, values: list[Any], written: list[Any], *, quoted: bool) -> CommentedSeq:
    sources: list[int | None] = []
    entries: list[Any] = []
    for place, value in enumerate(values):
        source = _source(old, value, place, len(values))
        sources.append(source if source not in sources else None)
        brief = written[place] if place < len(written) else value
        if sources[-1] is None:
            entries.append(_commented(brief, quoted=quoted))
        elif isinstance(old[source], str) and isinstance(value, dict):
            # The short form of an appearance or of a speech: one text alone, as long as it says everything.
            brief_says_all = list(brief.values()) == [str(old[source])]
            entries.append(old[source] if brief_says_all else _commented(brief, quoted=quoted))
        else:
            entries.append(_updated(old[source], value, brief, quoted=quoted))
    return reorder(old, sources, entries)


def _source(old: CommentedSeq, value: Any, place: int, count: int) -> int | None:
    """Where the entry stood before: entries are known by their id, or by their place where they have none."""
    identity = next((value[key] for key in _IDENTITY if isinstance(value, dict) and key in value), None)
    known = [_identity(entry) for entry in old]
    if identity is not None and identity in known:
        return known.index(identity)
    same_shape = len(old) == count and place < len(old) and known[place] is None
    return place if same_shape else None


def _identity(entry: Any) -> Any:
    if isinstance(entry, str):
        return entry
    return next((entry[key] for key in _IDENTITY if isinstance(entry, dict) and key in entry), None)


def _commented(value: Any, *, quoted: bool) -> Any:
    if isinstance(value, dict):
        return CommentedMap({key: _commented(part, quoted=quoted) for key, part in value.items()})
    if isinstance(value, list | tuple):
        return CommentedSeq(_commented(part, quoted=quoted) for part in value)
    return _text(value, None, quoted=quoted) if isinstance(value, str) else value


def _text(value: str, old: Any, *, quoted: bool) -> Any:
    """`value` in the way in which the author wrote `old`, where that can hold it."""
    if quoted or _NEEDS_ESCAPES.search(value):
        return DoubleQuotedScalarString(value)
    is_block = "\n" in value.strip() and not value[0].isspace()
    if isinstance(old, FoldedScalarString | LiteralScalarString) and value.strip() and not value[0].isspace():
        fresh = type(old)(value)
        setattr(fresh, COMMENT, getattr(old, COMMENT, None))
        return fresh
    if is_block:
        return LiteralScalarString(value)
    if "\n" in value or _READ_OTHERWISE.fullmatch(value):
        return DoubleQuotedScalarString(value)
    if old and isinstance(old, DoubleQuotedScalarString | SingleQuotedScalarString):
        return type(old)(value)
    return value


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _yaml(before: str | None) -> YAML:
    """A writer in the author's indentation: block style, one key per line, no folding of long lines."""
    yaml = YAML(typ="rt", pure=True)
    yaml.allow_unicode = True
    yaml.preserve_quotes = True
    yaml.width = 2**31
    flush = before is not None and re.search(r"^(scenes|characters|loras): *(#.*)?\n(#.*\n)*- ", before, re.MULTILINE)
    yaml.indent(mapping=2, sequence=2 if flush else 4, offset=0 if flush else 2)
    return yaml


def _dump(yaml: YAML, document: Any) -> str:
    stream = io.StringIO()
    yaml.dump(document, stream)
    text = stream.getvalue()
    return text if text.endswith("\n") else f"{text}\n"
