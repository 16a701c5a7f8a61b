"""Pictures of a ModelScope dataset by its name, through `MsDataset.load`. Imported only where one is asked for.

Needs the extra `modelscope[datasets]`; modelscope alone has no reader for datasets.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from story_engine.domain.picture_import import Refused
from story_engine.errors import ChooseAnother, InstallOrDownload, StudioError
from story_engine.formats.outside_picture import LARGEST_BYTES
from story_engine.store.atomic import read_bytes

NEEDED = ("modelscope", "datasets", "addict")
"""What `MsDataset` imports at once; the extra brings all of them."""
_PICTURE_COLUMNS = ("image", "picture", "img", "jpg", "png")
_TEXT_COLUMNS = ("text", "caption", "prompt", "description")


def pictures(
    name: str, *, subset: str, split: str, cache: Path, on_total: Callable[[int], None]
) -> Iterator[tuple[str, bytes, str] | Refused]:
    """(name, content as stored, caption) of each row; the content is not decoded here.

    Args:
        name: `owner/name` on ModelScope, or a folder on this machine in the same form.
        subset: "default" where a dataset has only one.
        split: such as "train".
        cache: where downloads are kept.
        on_total: gets the number of rows once it is known.

    Raises:
        InstallOrDownload: the extra is not installed.
        ChooseAnother: there is no such dataset, it has no pictures, or the hub cannot be reached.
    """
    missing = [module for module in NEEDED if importlib.util.find_spec(module) is None]
    if missing:
        raise InstallOrDownload("dataset.modelscope_missing", missing=", ".join(missing))
    table, column = _table(name, subset, split, cache)
    on_total(len(table))
    texts = [each for each in _TEXT_COLUMNS if each in table.column_names]
    inside = (cache, Path(name), *_hub_caches())
    for place, row in enumerate(table):
        shown = f"{name}, {place + 1}"
        content, stored_as = stored_picture(row[column], inside=inside)
        if content is None:
            yield Refused(shown, "dataset.modelscope_row", {"name": shown})
            continue
        yield stored_as or f"{place + 1:05d}.png", content, _caption(row[each] for each in texts)


def _caption(values: Iterable[object]) -> str:
    """The first text of a row; of several captions of one picture the first."""
    for value in values:
        text = value[0] if isinstance(value, list) and value else value
        if isinstance(text, str) and text.strip():
            return text
    return ""


def _hub_caches() -> tuple[Path, ...]:
    """Where the two libraries put files that a dataset names, beside the folder that they are given."""
    from datasets import config
    from modelscope.utils.config_ds import MS_DATASETS_CACHE

    return Path(MS_DATASETS_CACHE), Path(config.HF_DATASETS_CACHE)


def _table(name: str, subset: str, split: str, cache: Path) -> tuple[Any, str]:
    from datasets import Image as ImageColumn
    from modelscope.msdatasets import MsDataset

    try:
        loaded = MsDataset.load(name, subset_name=subset, split=split, cache_dir=str(cache))
        table = loaded if hasattr(loaded, "column_names") else loaded.to_hf_dataset()
        column = next((each for each in _PICTURE_COLUMNS if each in table.column_names), None)
        if column is None:
            columns = ", ".join(table.column_names)
            raise ChooseAnother("dataset.modelscope_columns", name=name, columns=columns)
        # As stored: decoding is left to the process that may die of it.
        if isinstance(table.features[column], ImageColumn):
            table = table.cast_column(column, ImageColumn(decode=False))
    except ChooseAnother:
        raise
    except Exception as error:  # the hub, its client and its cache raise whatever they like
        reason = f"{type(error).__name__}: {error}"[:200]
        raise ChooseAnother("dataset.modelscope_failed", name=name, split=split, reason=reason) from error
    return table, column


def stored_picture(value: object, *, inside: Sequence[Path]) -> tuple[bytes | None, str]:
    """The bytes of a picture in a row, and the name that it was stored under; None where there is none.

    Args:
        value: of the row, not decoded.
        inside: the folders that a row may name files of. A table from outside names any file of this machine, and what
            it names would become a picture of the dataset.
    """
    if isinstance(value, Mapping):
        path = str(value.get("path") or "")
        content = value.get("bytes")
        if content is None and path:
            content = _file_of(path, inside)
        return (content if isinstance(content, bytes) else None), PurePosixPath(path.replace("\\", "/")).name
    if isinstance(value, bytes):
        return value, ""
    if hasattr(value, "save"):
        stored = io.BytesIO()
        value.save(stored, "PNG")
        return stored.getvalue(), ""
    return None, ""


def _file_of(path: str, inside: Sequence[Path]) -> bytes | None:
    try:
        real = Path(path).resolve()
        if not any(real.is_relative_to(folder.resolve()) for folder in inside if folder.is_absolute()):
            return None
        return read_bytes(real, limit=LARGEST_BYTES)
    except (OSError, ValueError, RuntimeError, StudioError):  # a name that no file has, or a file that is none
        return None
