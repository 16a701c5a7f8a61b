"""What a call in a Python program is: one that paints, one that sets the seed, one that loads a LoRA."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from story_engine.domain.imported_story import ImportedLora

SEED_CALLS = frozenset({"manual_seed", "manual_seed_all", "seed_everything", "set_seed", "fix_seed"})
_PIPELINE = re.compile(r"(?:^|_)pipe(?:line)?(?:_|\d|$)", re.IGNORECASE)
_NO_PAINTING = frozenset({"to", "save", "print", "display"})
_PICTURE_WORDS = frozenset(
    {"negative_prompt", "cfg_scale", "guidance_scale", "num_inference_steps", "height", "width", "generator", "seed"}
)
_LORA_WORDS = {
    "lora_path": "path",
    "weight_name": "path",
    "lora_file": "path",
    "lora_rank": "rank",
    "rank": "rank",
    "lora_alpha": "alpha",
}
_LORA_LOADERS = frozenset({"load_lora", "load_loras", "load_lora_weights"})
_LARGEST_RANK = 10_000


@dataclass(slots=True)
class Painted:
    """One call of a pipeline."""

    prompt: str
    negative: str = ""
    seed: int | None = None
    settings: dict[str, object] = field(default_factory=dict)
    saved_as: str = ""
    cell: int = 0
    line: int = 0


@dataclass(slots=True)
class Reading:
    """What was found so far, over all cells."""

    pictures: list[Painted] = field(default_factory=list)
    loras: list[ImportedLora] = field(default_factory=list)
    unknown_prompts: list[tuple[int, int]] = field(default_factory=list)
    """Cell and line of calls whose prompt only running would tell."""


def called(function: ast.expr) -> str:
    """The last name of what is called."""
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def bound(
    function: ast.FunctionDef | None, arguments: Sequence[object], named: Mapping[str, object]
) -> dict[str, object]:
    """The arguments by the names that the function gives them, as far as it is known."""
    names = [each.arg for each in function.args.args] if function is not None else []
    return dict(zip(names, arguments, strict=False)) | dict(named)


def is_painting(node: ast.Call, named: Mapping[str, object]) -> bool:
    """Whether the call is one of a pipeline: `pipe(…)`, or anything that is given a prompt and a picture's settings."""
    name = called(node.func)
    if name in _NO_PAINTING or name.startswith(("enable_", "load_", "set_", "from_", "Lora")):
        return False
    if isinstance(node.func, ast.Name) and _PIPELINE.search(name):
        return bool(node.args or named)
    return "prompt" in named and any(word in _PICTURE_WORDS for word in named)


def is_about_lora(name: str, named: Mapping[str, object]) -> bool:
    """Whether the call may load a LoRA."""
    return "lora" in name.lower() or any(word.startswith("lora_") for word in named)


def lora_of(
    node: ast.Call, given: Mapping[str, object], arguments: Sequence[object], *, is_own: bool
) -> ImportedLora | None:
    """The LoRA that a call loads.

    Args:
        node: the call.
        given: its arguments by name.
        arguments: those without a name.
        is_own: whether the program defines the function itself, as the challenge's notebook does.
    """
    known = {_LORA_WORDS[word]: value for word, value in given.items() if word in _LORA_WORDS}
    path = known.get("path")
    if not isinstance(path, str) and called(node.func).lower() in _LORA_LOADERS:
        path = next((each for each in arguments if isinstance(each, str)), None)
    if not isinstance(path, str) or not path.strip():
        return None
    rank, alpha = _number(known.get("rank")), _number(known.get("alpha"))
    found = ImportedLora(path=path.strip()[:500], rank=int(rank) if rank is not None and rank >= 1 else None)
    # DiffSynth's own `model_manager.load_lora(path, lora_alpha=s)` adds s · B @ A, without a division by the rank.
    is_direct = isinstance(node.func, ast.Attribute) and not is_own and found.rank is None
    return found.model_copy(update={"scale" if is_direct else "alpha": alpha})


def in_story_order(pictures: Sequence[Painted]) -> tuple[list[Painted], int]:
    """The pictures as the author numbered their files, and how many were painted over by a later one.

    A file that is saved twice holds the later picture; where all files have numbers (1.jpg … 8.jpg), these are the
    order, otherwise it is the order of painting.
    """
    last = {painted.saved_as: painted for painted in pictures if painted.saved_as}
    kept = [painted for painted in pictures if not painted.saved_as or last[painted.saved_as] is painted]
    numbers = [_number_in(painted.saved_as) for painted in kept]
    if all(number is not None for number in numbers) and len(set(numbers)) == len(numbers):
        kept.sort(key=lambda painted: _number_in(painted.saved_as) or 0)
    return [replace(painted) for painted in kept], len(pictures) - len(kept)


def _number_in(path: str) -> int | None:
    found = re.findall(r"\d{1,6}", path.replace("\\", "/").rpartition("/")[2].rpartition(".")[0])
    return int(found[-1]) if found else None


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LARGEST_RANK
    return float(value) if is_number and isinstance(value, int | float) else None
