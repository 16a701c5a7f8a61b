"""What data-juicer reads: `metadata.jsonl` and `data_juicer_config.yaml`, in the challenge's form.

The two filters themselves are values of `domain/dataset.py`; here are their names and options in data-juicer's files.
What it writes is read by `caption_json.py`.
Source: py-data-juicer 1.6.1 and the challenge's baseline notebook.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import yaml
from pydantic import ValidationError

from story_engine.domain.dataset import Filters, RatioFilter, ShapeFilter
from story_engine.errors import FixInput

METADATA = "metadata.jsonl"
CONFIG = "data_juicer_config.yaml"
SHAPE = "image_shape_filter"
RATIO = "image_aspect_ratio_filter"


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of `metadata.jsonl`."""

    text: str
    images: tuple[str, ...]
    """Paths, relative to the file or absolute."""


def as_metadata_jsonl(samples: Iterable[Sample]) -> bytes:
    """One JSON object per line: `{"text": …, "image": [path, …]}`."""
    lines = [json.dumps({"text": sample.text, "image": list(sample.images)}, ensure_ascii=False) for sample in samples]
    return "".join(f"{line}\n" for line in lines).encode()


def as_config(filters: Filters, *, project: str, dataset_path: str, export_path: str) -> str:
    """The YAML for `dj-process`, with the filters that are on.

    Args:
        filters: of the dataset; near-duplicates and scores have no place in this file.
        project: a name for people.
        dataset_path: of `metadata.jsonl`.
        export_path: where data-juicer writes `result.jsonl`.
    """
    process: list[dict[str, object]] = []
    if filters.shape.is_on:
        process.append({SHAPE: _options(filters.shape)})
    if filters.ratio.is_on:
        process.append({RATIO: _options(filters.ratio)})
    config: dict[str, object] = {
        "project_name": project,
        "dataset_path": dataset_path,
        "np": 4,
        "text_keys": "text",
        "image_key": "image",
        "image_special_token": "<__dj__image>",
        "export_path": export_path,
        "process": process,
    }
    text: str = yaml.safe_dump(config, allow_unicode=True, sort_keys=False)
    return text


def filters_from(data: object, *, name: str = CONFIG) -> Filters:
    """The filters that a configuration asks for; what it does not name is off.

    Args:
        data: the parsed YAML.
        name: of the file, for messages.

    Raises:
        FixInput: no list of processes, an unknown one, or an option that cannot be accepted.
    """
    process = data.get("process") if isinstance(data, Mapping) else None
    if not isinstance(process, list):
        raise FixInput("dataset.config_process", name=name)
    filters = Filters()
    for step in process:
        operator, options = _operator(step, name)
        try:
            if operator == SHAPE:
                filters = filters.model_copy(update={"shape": ShapeFilter(is_on=True, **options)})
            elif operator == RATIO:
                filters = filters.model_copy(update={"ratio": RatioFilter(is_on=True, **options)})
            else:
                raise FixInput("dataset.config_operator", name=name, operator=operator[:60], known=f"{SHAPE}, {RATIO}")
        except (ValidationError, TypeError) as error:
            raise FixInput("dataset.config_option", name=name, operator=operator, reason=_first(error)) from error
    return filters


def _operator(step: object, name: str) -> tuple[str, dict[str, object]]:
    if isinstance(step, str):
        return step, {}
    if isinstance(step, Mapping) and len(step) == 1:
        operator, options = next(iter(step.items()))
        if isinstance(options, Mapping):
            return str(operator), {str(key): value for key, value in options.items()}
        if options is None:
            return str(operator), {}
    raise FixInput("dataset.config_process", name=name)


def _options(values: ShapeFilter | RatioFilter) -> dict[str, object]:
    """Bounds and rule always; the three switches that data-juicer has beside them only where they are set."""
    options = values.model_dump(exclude={"is_on"})
    for switch, usual in (("min_closed_interval", True), ("max_closed_interval", True), ("reversed_range", False)):
        if options[switch] == usual:
            del options[switch]
    return options


def _first(error: ValidationError | TypeError) -> str:
    if isinstance(error, ValidationError):
        fault = error.errors()[0]
        return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"[:160]
    return str(error)[:160]
