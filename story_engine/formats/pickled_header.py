"""Names and shapes in a file that torch pickled: read from its table, with no tensor loaded and nothing of it run."""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TABLE = "data.pkl"
_LARGEST_TABLE_BYTES = 20_000_000
_TENSOR = ("torch._utils", "_rebuild_tensor_v2")


class PickledHeaderError(ValueError):
    """The file is none of torch's zips, or its table holds something else than tensors."""


def read_pickled_header(path: Path) -> dict[str, tuple[int, ...]]:
    """Tensor → shape; of a table within the table, both names joined by a point.

    Raises:
        PickledHeaderError: see there.
        OSError: the file cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            inside = next((each for each in archive.infolist() if each.filename.rpartition("/")[2] == _TABLE), None)
            if inside is None or inside.file_size > _LARGEST_TABLE_BYTES:
                raise PickledHeaderError(f"{path} has no table of tensors")
            with archive.open(inside) as table:
                found = _Shapes(table).load()
    except PickledHeaderError:
        raise
    except OSError:
        raise
    except Exception as error:  # whatever a broken pickle makes Python's reader raise
        raise PickledHeaderError(f"{path}: {error}") from error
    if not isinstance(found, Mapping):
        raise PickledHeaderError(f"{path} holds no table of tensors")
    return dict(_flat(found, ""))


class _Shapes(pickle.Unpickler):
    """Makes shapes where torch would make tensors, and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == _TENSOR:
            return _shape
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch" and name.endswith("Storage"):
            return None
        raise PickledHeaderError(f"{module}.{name} is no tensor")

    def persistent_load(self, pid: object) -> None:  # noqa: ARG002 (the reader's own signature)
        """Where the numbers lie is of no interest here."""
        return


def _shape(_storage: object, _offset: int, size: tuple[int, ...], *_rest: object) -> tuple[int, ...]:
    return tuple(size)


def _flat(table: Mapping[object, object], before: str) -> list[tuple[str, tuple[int, ...]]]:
    found: list[tuple[str, tuple[int, ...]]] = []
    for name, value in table.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{before}{name}.")
        elif isinstance(value, tuple) and all(isinstance(side, int) for side in value):
            found.append((f"{before}{name}", value))
    return found
