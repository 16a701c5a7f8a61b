"""Tables in text: Markdown, HTML, CSV and its like, and tables that lost their lines when they were copied."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from story_engine.formats.story_table import MOST_COLUMNS, MOST_ROWS, column_of, is_story_table

Rows = list[list[str]]
LONGEST_TEXT = 2_000_000
_LONGEST_CELL = 100_000
_MOST_TABLES = 50
_SEPARATORS = (",", "\t", ";", "，")
_ROW_LABEL = re.compile(
    r"(?:^|(?<=\s))(?:(?:图片|图|画面|分镜|场景|第|Picture|Image|Scene|Panel|Figure)\s?\d{1,3}(?:张|幅|格|页)?)(?=\s)",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


def markdown_tables(text: str) -> Iterator[Rows]:
    """The tables of Markdown that hold prompts."""
    from markdown_it import MarkdownIt  # comes when a table is read, not with every start

    parser = MarkdownIt("commonmark", {"maxNesting": 20}).enable("table")
    for block in _blocks_with_bars(text[:LONGEST_TEXT]):
        rows: Rows = []
        for token in parser.parse(block):
            if token.type == "tr_open" and len(rows) <= MOST_ROWS + 1:
                rows.append([])
            elif token.type == "inline" and rows and token.level >= 4 and len(rows[-1]) < MOST_COLUMNS:
                parts = [
                    "\n" if _BREAK.fullmatch(each.content) or each.type.endswith("break") else each.content
                    for each in token.children or []
                ]
                rows[-1].append("".join(parts)[:_LONGEST_CELL])
        if rows and is_story_table(rows[0]):
            yield rows


def html_tables(text: str) -> Iterator[Rows]:
    """The tables of an HTML page that hold prompts, rows of headings on top or not at all named as such."""
    reader = _Tables()
    reader.feed(text[:LONGEST_TEXT])
    reader.close()
    for rows in reader.tables:
        for start in range(min(3, len(rows))):  # a title may stand over the headings
            if is_story_table(rows[start]):
                yield rows[start:]
                break


def separated_table(text: str) -> Rows | None:
    """CSV, TSV and the like; None where no separator makes a table with prompts of it."""
    text = text.removeprefix("\ufeff").lstrip("\r\n")[:LONGEST_TEXT]
    head = text.split("\n", 1)[0]
    for separator in _SEPARATORS:
        if separator not in head:
            continue
        try:
            rows = [row[:MOST_COLUMNS] for _, row in zip(range(MOST_ROWS + 2), _csv(text, separator), strict=False)]
        except csv.Error:
            continue
        if rows and is_story_table(rows[0]):
            return [row for row in rows if row]
    return None


def flat_table(text: str) -> tuple[Rows, int] | None:
    """A table whose cells stand behind each other, as they do when a web page is copied; and how many rows are unclear.

    Its headings stand before the first row, and each row begins with a label such as 图片1; between them, cells are
    parted by white space, so that a row is clear where it has as many words as there are headings.
    """
    text = text[:LONGEST_TEXT]
    labels = list(_ROW_LABEL.finditer(text))
    if not labels:
        return None
    headings: list[str] = []
    for word in reversed(text[max(0, labels[0].start() - 400) : labels[0].start()].split()):
        if column_of(word) is None or len(headings) >= MOST_COLUMNS:
            break
        headings.insert(0, word)
    if len(headings) < 2 or not is_story_table(headings):
        return None
    rows: Rows = [headings]
    unclear = 0
    for place, label in enumerate(labels[:MOST_ROWS]):
        is_last = place + 1 == len(labels)
        cells = _cells(text[label.end() : None if is_last else labels[place + 1].start()], len(headings) - 1, is_last)
        if cells is None:
            unclear += 1
        else:
            rows.append([label[0].strip(), *cells])
    return (rows, unclear) if len(rows) > 1 else None


def _cells(text: str, count: int, is_last: bool) -> list[str] | None:
    """The cells of one row; behind the last one an article may go on."""
    words = text.split(maxsplit=count) if is_last else text.split()
    if len(words) == count or (is_last and len(words) > count):
        return words[:count]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines if len(lines) == count else None


def _blocks_with_bars(text: str) -> Iterator[str]:
    """Runs of lines that a table may consist of: the rest of a text is none of a table reader's business."""
    block: list[str] = []
    found = 0
    for line in [*text.splitlines(), ""]:
        if "|" in line and len(block) <= MOST_ROWS + 2:
            block.append(line.strip()[:_LONGEST_CELL])
        elif block:
            if len(block) > 2 and found < _MOST_TABLES:
                found += 1
                yield "\n".join(block)
            block = []


def _csv(text: str, separator: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)


class _Tables(HTMLParser):
    """Collects cells; knows nothing of scripts and styles but that they are no text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Rows] = []
        self._cell: list[str] | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """A table, a row or a cell begins."""
        if tag in ("script", "style"):
            self._silent += 1
        elif tag == "table" and len(self.tables) < _MOST_TABLES:
            self._end_cell()
            self.tables.append([])
        elif tag == "tr" and self.tables and len(self.tables[-1]) < MOST_ROWS + 2:
            self._end_cell()
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._end_cell()
            self._cell = []
        elif tag in ("br", "p", "div", "li") and self._cell:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """A cell ends."""
        if tag in ("script", "style"):
            self._silent = max(0, self._silent - 1)
        elif tag in ("td", "th", "tr", "table"):
            self._end_cell()

    def handle_data(self, data: str) -> None:
        """Text; outside of cells it is none of a table's."""
        if self._cell is not None and not self._silent:
            self._cell.append(data)

    def close(self) -> None:
        """The text is over."""
        super().close()
        self._end_cell()

    def _end_cell(self) -> None:
        if self._cell is not None and self.tables and self.tables[-1] and len(self.tables[-1][-1]) < MOST_COLUMNS:
            lines = [" ".join(line.split()) for line in "".join(self._cell).split("\n")]
            self.tables[-1][-1].append("\n".join(line for line in lines if line)[:_LONGEST_CELL])
        self._cell = None
