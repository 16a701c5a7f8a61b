"""Lines that somebody pastes as scenes, one in each: plain, numbered, or cells of a table without headings."""

from __future__ import annotations

import re

from story_engine.domain.imported_story import ImportedScene, scene, whole
from story_engine.domain.story import LONGEST_PROMPT

LONGEST_TEXT = 2_000_000
MOST_LINES = 1_000
"""More scenes than a story takes, so that what is left over can be counted."""
_NUMBER = re.compile(
    r"^(?:(?:图片?|画面|分镜|场景|第|Scene|Panel|Picture)\s*)?\d{1,3}\s*(?:[.、:：)）](?!\d)|[张幅格][:：,，]?)\s*(?=\S)"
    r"|^[-*•]\s+(?=\S)",
    re.IGNORECASE,
)
_SEED = re.compile(
    r"\s*(?:(?:[,，;；、]|--)\s*(?:seed|种子)\s*[:：=]?|[(（\[]\s*(?:seed|种子)\s*[:：=]?|\b(?:seed|种子)\s*[:：=])"
    r"\s*(\d{1,20})\s*[)）\]]?\s*[.。]?$",
    re.IGNORECASE,
)
"""A seed at the end of a line: behind a comma, in brackets or with a sign; "birds eat seed 5" has none."""
_BAR_LINE = re.compile(r"^[|\s:+-]+$")


def read_lines(text: str) -> tuple[ImportedScene, ...]:
    """A scene for each line that says something; numbers and bullets in front of every line are none of its words.

    A seed behind the words is the scene's seed.
    """
    lines = [line.strip(" \ufeff\r\n") for line in text[:LONGEST_TEXT].splitlines()]
    lines = [line for line in lines if line.strip() and not _BAR_LINE.match(line)][:MOST_LINES]
    columns = _columns([_cells(line) for line in lines])
    if columns is not None:
        return tuple(_of_row(columns, row) for row in range(len(lines)))
    if all(_NUMBER.match(line) for line in lines):
        lines = [_NUMBER.sub("", line, count=1) for line in lines]
    return tuple(_of_line(line, place=number) for number, line in enumerate(lines, start=1))


def _of_line(line: str, *, place: int) -> ImportedScene:
    seed = _SEED.search(line)
    if seed is None or not line[: seed.start()].strip():
        return _scene(line, place=place)
    return _scene(line[: seed.start()], place=place, seed=seed[1])


def _cells(line: str) -> list[str]:
    if "\t" in line:
        return [cell.strip() for cell in line.split("\t")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def _columns(rows: list[list[str]]) -> list[list[str]] | None:
    """The columns of a table; None where the lines are none, or a single one."""
    if len({len(row) for row in rows}) != 1 or len(rows[0]) < 2:
        return None
    return [list(column) for column in zip(*rows, strict=True)]


def _of_row(columns: list[list[str]], row: int) -> ImportedScene:
    """The longest column holds the prompts, numbers beside them are seeds, unless they only count the rows."""
    words = [column for column in columns if not all(whole(cell) is not None for cell in column)]
    prompts = max(words or columns, key=lambda column: sum(len(cell) for cell in column))
    titles = next((column for column in words if column is not prompts), None)
    numbers = [column for column in columns if column not in words and not _counts_rows(column)]
    return _scene(
        prompts[row],
        place=row + 1,
        title=titles[row] if titles is not None else "",
        seed=numbers[-1][row] if numbers else None,
    )


def _counts_rows(column: list[str]) -> bool:
    return [whole(cell) for cell in column] == list(range(1, len(column) + 1))


def _scene(words: str, *, place: int, title: str = "", seed: str | None = None) -> ImportedScene:
    found, _ = scene(prompt=words[:LONGEST_PROMPT], title=title, seed=seed, place=f"L{place}")
    return found
