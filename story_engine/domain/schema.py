"""What may stand in a field, said once beside its type, and read off there by whoever checks what a person wrote.

A field is `Annotated[type, …]` with a `Check` for its value, `AtMost(…)` for the length of a list, and `ALWAYS_WRITTEN`
where a new file shows it even if it has its default. What a field does not say is derived from its type.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from story_engine.domain.findings import Check, Findings, fields, items, yes_no
from story_engine.domain.value import Value

ALWAYS_WRITTEN = "always written"
"""Marks a field that authors look for first."""


@dataclass(frozen=True, slots=True)
class AtMost:
    """How many entries a list may have."""

    entries: int


def checks_of(model: type[Value]) -> dict[str, Check]:
    """Key of a file → the check of its value, for every field of the model."""
    return {name: _check(field) for name, field in _keys(model)}


def always_written(model: type[Value]) -> tuple[str, ...]:
    """The keys that a new file always shows."""
    return tuple(name for name, field in _keys(model) if ALWAYS_WRITTEN in field.metadata)


def value_check(model: type[Value]) -> Check:
    """A mapping that spells a value of `model`: no other keys, none of the required ones missing."""
    checks = checks_of(model)
    required = [name for name, field in _keys(model) if field.is_required()]
    alone: str | None = getattr(model, "alone", None)

    def check(found: Findings, path: str, value: object) -> object:
        if alone is not None and isinstance(value, str):
            value = {alone: value}
        clean = fields(found, path, value, checks)
        if isinstance(value, dict):
            for name in required:
                if value.get(name) is None:
                    found.add(path, "story.missing_key", key=name)
        return clean

    return check


def list_check(check: Check, limit: int | None = None) -> Check:
    """A list of at most `limit` entries, each checked."""

    def check_list(found: Findings, path: str, value: object) -> object:
        if limit is not None and isinstance(value, list) and len(value) > limit:
            found.add(path, "story.too_many_entries", count=len(value), limit=limit)
            return ()
        return items(found, path, value, check)

    return check_list


def _keys(model: type[Value]) -> Iterable[tuple[str, FieldInfo]]:
    return ((field.alias or name, field) for name, field in model.model_fields.items())


def _check(field: FieldInfo) -> Check:
    declared = next((each for each in field.metadata if callable(each) and not isinstance(each, type)), None)
    if declared is not None:
        check: Check = declared
        return check
    limit = next((each.entries for each in field.metadata if isinstance(each, AtMost)), None)
    return _check_of_type(_bare(field.annotation), limit)


def _check_of_type(kind: Any, limit: int | None) -> Check:
    if kind is bool:
        return yes_no
    if get_origin(kind) is tuple:
        return list_check(_check_of_type(get_args(kind)[0], None), limit)
    if isinstance(kind, type) and issubclass(kind, Value):
        return value_check(kind)
    raise TypeError(f"{kind!r} says nothing about what may stand in it")


def _bare(annotation: Any) -> Any:
    """The type of a field that may be left blank."""
    if get_origin(annotation) in (Union, UnionType):
        return next(each for each in get_args(annotation) if each is not type(None))
    return annotation
