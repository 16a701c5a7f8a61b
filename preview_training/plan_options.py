"""A training's plan as its command's options: each field by its name and with its default."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

FOLDER = Path("workspace/preview_training")
_Plan = TypeVar("_Plan")


def read_plan(kind: type[_Plan], arguments: Sequence[str] | None, *, about: str | None) -> _Plan:
    """The plan that a command line asks for.

    Args:
        kind: a dataclass with `drawings` and `folder`; whose other defaults are plain values, or None for a path.
        arguments: None for those of the process.
        about: what the command says of itself.

    Raises:
        SystemExit: an option is not known, or its value not of its kind; argparse has said which.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("drawings", type=Path)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if field.name in ("drawings", "folder"):
            continue
        value: Any = Path if field.default is None else type(field.default)
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=value, default=field.default)
    return kind(**vars(parser.parse_args(arguments)))
