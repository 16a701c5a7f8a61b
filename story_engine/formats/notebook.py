"""Notebooks and programs, such as the challenge's own: the scenes that they would paint. Nothing is ever run.

Source: nbformat 4 (a JSON object with `cells`) and 3 (`worksheets`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from story_engine.domain.imported_story import ImportedLora, ImportedScene, ImportedStory, Note, note, scene, unlike
from story_engine.errors import FixInput
from story_engine.formats.literal_json import read_json
from story_engine.formats.python_pictures import Painted, in_story_order
from story_engine.formats.python_program import Program, TooMuch
from story_engine.formats.python_source import NotPython, Source, parse_cell, pick_statements

MOST_CELLS = 2_000
_MOST_NAMED = 5
_TRAINED = {name: re.compile(rf"--lora_{name}[\s=]+[\"']?(\d{{1,6}}(?:\.\d{{1,6}})?)") for name in ("rank", "alpha")}
_KOLORS = re.compile(r"kolors|可图", re.IGNORECASE)
_ON_GPU = re.compile(r"[\"']cuda(?::\d)?[\"']")


@dataclass(frozen=True, slots=True)
class _Cell:
    number: int
    """In the notebook, from 1; 0 for a program without cells."""
    source: str


def read_notebook(text: str, *, name: str) -> ImportedStory:
    """The scenes of a notebook, its cells in the order in which they were run; outputs are not looked at.

    Raises:
        FixInput: it is no notebook.
    """
    data = read_json(text, name=name)
    cells = _cells(data)
    if cells is None:
        raise FixInput("imports.no_notebook", name=name)
    notes: list[Note] = []
    if len(cells) > MOST_CELLS:
        notes.append(note("imports.cells_left_out", count=len(cells) - MOST_CELLS))
    numbered = [(number, cell) for number, cell in enumerate(cells[:MOST_CELLS], start=1) if _is_code(cell)]
    ordered = _in_run_order(numbered)
    if [number for number, _ in ordered] != [number for number, _ in numbered]:
        notes.append(note("imports.run_order"))
    program, sources, magics, broken = Program(), [], 0, []
    for number, cell in ordered:
        source = _source(cell)
        sources.append(source)
        try:
            parsed = parse_cell(source)
            magics += parsed.magics
            program.cell = number
            program.read(parsed.statements)
        except (NotPython, RecursionError):
            broken.append(number)
        except TooMuch:
            notes.append(note("imports.code_too_long", place=_place(number, 0)))
            break
    if magics:
        notes.append(note("imports.magics_skipped", count=magics))
    if broken:
        listed = ", ".join(map(str, broken[:_MOST_NAMED])) + ("…" if len(broken) > _MOST_NAMED else "")
        notes.append(note("imports.cells_broken", count=len(broken), cells=listed))
    return _story(program, "\n".join(sources), notes, name=name, kind="notebook")


def read_program(text: str, *, name: str) -> ImportedStory:
    """The scenes of a Python file; of one that is damaged, those of the statements that are whole."""
    notes: list[Note] = []
    try:
        parsed = parse_cell(text)
    except NotPython:
        parsed = pick_statements(text)
        notes.append(note("imports.code_among_text", count=parsed.skipped_lines))
    return _followed(parsed, text, notes, name=name, kind="python")


def read_code_among_text(text: str, *, name: str) -> ImportedStory:
    """The scenes of code that stands between prose, its indentation perhaps lost, as copied from an article."""
    parsed = pick_statements(text)
    notes = [note("imports.code_among_text", count=parsed.skipped_lines)] if parsed.skipped_lines else []
    return _followed(parsed, text, notes, name=name, kind="text")


def _followed(parsed: Source, text: str, notes: list[Note], *, name: str, kind: str) -> ImportedStory:
    program = Program()
    if parsed.magics:
        notes.append(note("imports.magics_skipped", count=parsed.magics))
    try:
        program.read(parsed.statements)
    except (TooMuch, RecursionError):
        notes.append(note("imports.code_too_long", place=name))
    return _story(program, text, notes, name=name, kind=kind)


def _story(program: Program, source: str, notes: list[Note], *, name: str, kind: str) -> ImportedStory:
    pictures, painted_over = in_story_order(program.found.pictures)
    scenes: list[ImportedScene] = []
    for painted in pictures:
        found, more = _scene(painted)
        scenes.append(found)
        notes += more
    if painted_over:
        notes.append(note("imports.painted_over", count=painted_over))
    unknown = list(dict.fromkeys(program.found.unknown_prompts))
    if unknown:
        listed = "; ".join(_place(cell, line) for cell, line in unknown[:_MOST_NAMED])
        notes.append(note("imports.prompts_unknown", count=len(unknown), places=listed))
    if scenes and _ON_GPU.search(source):
        notes.append(note("imports.noise_of_gpu"))
    return ImportedStory(
        source=name,
        kind=kind,
        scenes=tuple(scenes),
        loras=unlike(_with_training(lora, source) for lora in program.found.loras),
        family="kolors" if _KOLORS.search(source) else None,
        notes=tuple(notes),
    )


def _scene(painted: Painted) -> tuple[ImportedScene, list[Note]]:
    return scene(
        prompt=painted.prompt,
        negative=painted.negative,
        seed=painted.seed,
        place=_place(painted.cell, painted.line),
        **painted.settings,
    )


def _place(cell: int, line: int) -> str:
    return f"[{cell}] L{line}" if cell else f"L{line}"


def _with_training(lora: ImportedLora, source: str) -> ImportedLora:
    """The LoRA with the alpha of the training that the same notebook holds."""
    found = {name: pattern.findall(source) for name, pattern in _TRAINED.items()}
    alpha = float(found["alpha"][-1]) if found["alpha"] else None
    rank = lora.rank or (int(float(found["rank"][-1])) if found["rank"] else None)
    return lora.model_copy(update={"trained_alpha": alpha or None, "rank": rank or None})


def _cells(data: object) -> list[object] | None:
    if not isinstance(data, dict):
        return None
    cells = data.get("cells")
    if isinstance(cells, list):
        return cells
    sheets = data.get("worksheets")
    if not isinstance(sheets, list):
        return None
    return [cell for sheet in sheets if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]


def _is_code(cell: object) -> bool:
    return isinstance(cell, dict) and cell.get("cell_type") == "code"


def _source(cell: object) -> str:
    if not isinstance(cell, dict):
        return ""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        return "".join(each for each in source if isinstance(each, str))
    return source if isinstance(source, str) else ""


def _in_run_order(cells: Sequence[tuple[int, object]]) -> list[tuple[int, object]]:
    """Cells as their numbers in brackets say; one that was never run stays behind the one above it."""
    ordered: list[tuple[tuple[int, int], tuple[int, object]]] = []
    run = 0
    for number, cell in cells:
        count = cell.get("execution_count", cell.get("prompt_number")) if isinstance(cell, dict) else None
        run = count if isinstance(count, int) and not isinstance(count, bool) and 0 < count < 10**9 else run
        ordered.append(((run, number), (number, cell)))
    return [each for _, each in sorted(ordered, key=lambda each: each[0])]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
