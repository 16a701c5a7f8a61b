"""A table of scenes, whatever it was written in: which column is what, by its heading in Chinese or English."""

from __future__ import annotations

import re
from collections.abc import Sequence

from story_engine.domain.imported_story import ImportedScene, ImportedStory, Note, note, scene, whole
from story_engine.domain.sampler_names import sampler_of
from story_engine.formats.infotext_reader import size_of, without_lora_tags

MOST_ROWS = 500
MOST_COLUMNS = 60
_LONGEST_HEADING = 40
_HEADINGS = (
    ("negative", ("反向", "负向", "负面", "反面", "negative")),
    ("seed", ("种子", "seed")),
    ("steps", ("步数", "steps")),
    ("cfg_scale", ("cfg", "引导", "guidance")),
    ("sampler", ("采样", "sampler")),
    ("size", ("尺寸", "分辨率", "size", "resolution")),
    ("score", ("评分", "得分", "美学", "score")),
    ("width", ("width",)),
    ("height", ("height",)),
    ("prompt", ("提示词", "prompt", "正向", "正面", "咒语", "positive")),
    ("caption", ("旁白", "台词", "字幕", "对白", "文案", "caption")),
    ("title", ("标题", "场景", "描述", "情节", "剧情", "分镜内容", "title", "scene", "description")),
    ("number", ("编号", "序号", "图片", "分镜", "picture", "image", "file", "number", "no.", "panel")),
)
"""Column → what its heading contains; the first that fits decides, so that "negative prompt" is no prompt."""
_NUMBER_ONLY = re.compile(r"(?:#|no|id|图|页)")
_APOSTROPHE = re.compile(r"'(?=[=+\-@\t\r])")
"""In front of what a spreadsheet would take for a formula; our own CSV has it."""


def column_of(heading: str) -> str | None:
    """What a column holds; None for a heading that says nothing about a picture."""
    plain = heading.strip().lower()
    if not plain or len(plain) > _LONGEST_HEADING:
        return None
    for column, words in _HEADINGS:
        if any(word in plain for word in words):
            return column
    return "number" if _NUMBER_ONLY.fullmatch(plain) else None


def is_story_table(headings: Sequence[str]) -> bool:
    """Whether one of the columns holds prompts."""
    return any(column_of(heading) == "prompt" for heading in headings)


def read_rows(rows: Sequence[Sequence[str]], *, name: str, kind: str = "table") -> ImportedStory:
    """The scenes of a table whose first row has the headings; rows without a prompt are counted."""
    headings = [str(each) for each in rows[0][:MOST_COLUMNS]] if rows else []
    columns: dict[str, int] = {}
    unread: list[str] = []
    for at, heading in enumerate(headings):
        column = column_of(heading)
        if column is None or column in columns:
            unread.append(heading)
        else:
            columns[column] = at
    scenes: list[ImportedScene] = []
    notes: list[Note] = []
    numbers: list[int | None] = []
    empty = 0
    for place, row in enumerate(rows[1 : MOST_ROWS + 1], start=1):
        cells = {column: _cell(row, at) for column, at in columns.items()}
        if not cells.get("prompt", "").strip():
            empty += bool("".join(map(str, row)).strip())
            continue
        found, more = _scene(cells, place)
        scenes.append(found)
        numbers.append(_number(cells.get("number", "")))
        notes += more
    if empty:
        notes.append(note("imports.rows_empty", count=empty))
    if len(rows) - 1 > MOST_ROWS:
        notes.append(note("imports.lines_left_out", count=len(rows) - 1 - MOST_ROWS))
    unread = [heading for heading in unread if heading.strip()]
    if unread:
        notes.append(note("imports.columns_unread", count=len(unread), columns=", ".join(unread)))
    return ImportedStory(source=name, kind=kind, scenes=tuple(_in_order(scenes, numbers)), notes=tuple(notes))


def _scene(cells: dict[str, str], place: int) -> tuple[ImportedScene, list[Note]]:
    width, height = size_of(cells.get("size"))
    sampler = sampler_of(cells.get("sampler"))
    found, notes = scene(
        prompt=without_lora_tags(cells.get("prompt", "")),
        negative=cells.get("negative", ""),
        seed=cells.get("seed"),
        title=cells.get("title", ""),
        caption=cells.get("caption", ""),
        place=f"#{place}",
        sampler=sampler,
        steps=cells.get("steps"),
        cfg_scale=cells.get("cfg_scale"),
        width=cells.get("width") or width,
        height=cells.get("height") or height,
    )
    if cells.get("sampler") and sampler is None:
        notes.append(note("imports.sampler_unknown", place=f"#{place}", name=cells["sampler"]))
    return found, notes


def _cell(row: Sequence[str], at: int) -> str:
    return (
        _APOSTROPHE.sub("", str(row[at]), count=1)
        if at < len(row) and str(row[at]).startswith("'")
        else (str(row[at]) if at < len(row) else "")
    )


def _number(cell: str) -> int | None:
    digits = re.findall(r"\d{1,6}", cell)
    return whole(digits[0]) if len(digits) == 1 else None


def _in_order(scenes: list[ImportedScene], numbers: list[int | None]) -> list[ImportedScene]:
    """By the numbers of the pictures where every row has its own, else as the rows stand."""
    known = [number for number in numbers if number is not None]
    if len(known) != len(scenes) or len(set(known)) != len(known):
        return scenes
    return [each for _, each in sorted(zip(known, scenes, strict=True), key=lambda pair: pair[0])]
