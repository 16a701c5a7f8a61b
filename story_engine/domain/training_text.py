"""A training as a person writes it down: a YAML file with the fields of `TrainingSpec`, on top of a preset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args, get_origin

from story_engine.domain.findings import Check, Findings, choice, fields, items, shown, text, yes_no
from story_engine.domain.training import SamplePrompt, TrainingSpec, with_present_names
from story_engine.domain.training_presets import PRESETS

PRESET = "preset"
"""A key beside the fields: what the file does not say is as this preset has it."""
_LONGEST = 20_000


def spec_from_preset(preset: str, **fields: object) -> TrainingSpec:
    """A spec with a preset's values, and `fields` on top of them."""
    return TrainingSpec.model_validate(dict(PRESETS[preset]) | fields)


def read_spec(data: object, *, file: str, lines: Mapping[str, int] | None = None) -> TrainingSpec:
    """The spec that a parsed file holds.

    Args:
        data: plain mappings, lists and scalars.
        file: named in the problems.
        lines: field path → line.

    Raises:
        InvalidInput: unknown keys, values of the wrong kind; all at once. Ranges are the business of `problems`.
    """
    found = Findings(file, lines)
    given = fields(found, "", with_present_names(data) if isinstance(data, Mapping) else data, _CHECKS)
    for required in ("name", "dataset"):
        if required not in given:
            found.add(required, "training.field_missing", field=required)
    found.raise_all()
    preset = given.pop(PRESET, None)
    return spec_from_preset(str(preset), **given) if preset is not None else TrainingSpec.model_validate(given)


def _whole(found: Findings, path: str, value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        found.add(path, "training.not_whole", value=shown(value))
    return value


def _number(found: Findings, path: str, value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        found.add(path, "training.not_a_number", value=shown(value))
        return 0.0
    try:
        return float(value)
    except OverflowError:
        found.add(path, "training.not_a_number", value=shown(value))
        return 0.0


def _prompt(found: Findings, path: str, value: object) -> object:
    if isinstance(value, str):
        return SamplePrompt(prompt=str(text(_LONGEST)(found, path, value)))
    before = len(found.problems)
    clean = fields(found, path, value, _PROMPT_CHECKS)
    return SamplePrompt.model_validate({"prompt": ""} | (clean if len(found.problems) == before else {}))


def _check(annotation: object) -> Check:
    if annotation is bool:
        return yes_no
    if annotation is int:
        return _whole
    if annotation is float:
        return _number
    if get_origin(annotation) is tuple:
        inner = _prompt if get_args(annotation)[0] is SamplePrompt else text(_LONGEST)
        return lambda found, path, value: items(found, path, value, inner)
    return text(_LONGEST)


_PROMPT_CHECKS: Mapping[str, Check] = {
    name: _check(field.annotation) for name, field in SamplePrompt.model_fields.items()
}
_CHECKS: Mapping[str, Check] = {PRESET: choice(tuple(PRESETS))} | {
    name: _check(field.annotation) for name, field in TrainingSpec.model_fields.items()
}
