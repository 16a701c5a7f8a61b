"""Python source of unknown origin as statements: notebook magics taken out, and code picked from between prose.

Nothing is run, and nothing is compiled further than to a syntax tree.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

LONGEST_SOURCE = 1_000_000
"""Characters of one cell, program or pasted text."""
MOST_PICKED_LINES = 20_000
_LONGEST_STATEMENT = 60
"""Lines of one statement among prose."""
_MAGIC = re.compile(r"^\s*(?:[!?]|%%?[A-Za-z]|[A-Za-z_][\w.]*\s*=\s*[!%](?!=))|^\s*[\w.]+\?{1,2}\s*$")
_TIMED = re.compile(r"^(\s*)%(?:time|timeit|prun)\s+(?=\S)")
_CELL_MAGIC = re.compile(r"^\s*%%(\w+)")
_KEPT_CELLS = frozenset({"time", "timeit", "capture", "prun"})
"""Magics over a whole cell that is Python all the same."""
_CODE_START = re.compile(r"^[ \t]*[A-Za-z_@(\[{]")
_OPENING, _CLOSING = "([{", ")]}"


class NotPython(Exception):
    """Source that cannot be parsed; says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """Statements, and how many lines were magics."""

    statements: tuple[ast.stmt, ...]
    magics: int = 0
    skipped_lines: int = 0
    """Of prose around the code."""


def parse(source: str) -> tuple[ast.stmt, ...]:
    """The statements of a program.

    Raises:
        NotPython: it is none, or so deep or long that reading it would end the process.
    """
    if len(source) > LONGEST_SOURCE:
        raise NotPython(f"{len(source)} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes such as "\d"
            return tuple(ast.parse(source).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise NotPython(str(error)[:120] or type(error).__name__) from error


def parse_cell(source: str) -> Source:
    """The statements of a notebook's cell, without its magics and commands of the shell.

    Raises:
        NotPython: what is left is no Python.
    """
    first = _CELL_MAGIC.match(source.lstrip("\n"))
    if first is not None and first[1] not in _KEPT_CELLS:
        return Source((), magics=len(source.strip().splitlines()))
    try:
        return Source(parse(source))
    except NotPython:
        lines, magics = _without_magics(source)
        if not magics:
            raise
        return Source(parse("\n".join(lines)), magics=magics)


def pick_statements(text: str) -> Source:
    """The statements that stand whole between lines of prose, as in an article that somebody has copied."""
    lines = text.replace("\xa0", " ").replace("\r\n", "\n").split("\n")[:MOST_PICKED_LINES]
    found: list[ast.stmt] = []
    place = skipped = 0
    while place < len(lines):
        if not _CODE_START.match(lines[place]):
            skipped += bool(lines[place].strip())
            place += 1
            continue
        statements, length = _longest(lines, place)
        skipped += 0 if statements else 1
        for statement in statements:
            found.append(ast.increment_lineno(statement, place))
        place += length
    return Source(tuple(found), skipped_lines=skipped)


def _longest(lines: list[str], start: int) -> tuple[tuple[ast.stmt, ...], int]:
    """The statement that begins in line `start`, and its number of lines; nothing and 1 where there is none."""
    block: list[str] = []
    depth = 0
    for line in lines[start : start + _LONGEST_STATEMENT]:
        block.append(line)
        bare = _bare(line)
        depth += sum(bare.count(mark) for mark in _OPENING) - sum(bare.count(mark) for mark in _CLOSING)
        if depth <= 0:
            break
    if depth > 0:
        return (), 1
    if _bare(block[-1]).rstrip().endswith(":"):  # a loop, a function: what is indented under it
        deeper = lines[start + len(block) : start + len(block) + _LONGEST_STATEMENT]
        margin = len(lines[start]) - len(lines[start].lstrip())
        for line in deeper:
            if line.strip() and len(line) - len(line.lstrip()) <= margin:
                break
            block.append(line)
    try:
        return parse(_dedented(block)), len(block)
    except NotPython:
        return (), 1


def _dedented(block: list[str]) -> str:
    margin = len(block[0]) - len(block[0].lstrip())
    return "\n".join(line[margin:] if not line[:margin].strip() else line for line in block)


def _bare(line: str) -> str:
    """A line without its strings and comment: only its brackets count."""
    return re.sub(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|#.*", "", line)


def _without_magics(source: str) -> tuple[list[str], int]:
    lines, magics = [], 0
    continues = False
    for line in source.split("\n"):
        timed = _TIMED.sub(r"\1", line)
        is_magic = continues or (timed == line and _MAGIC.match(line) is not None)
        continues = is_magic and line.rstrip().endswith("\\")
        magics += is_magic
        lines.append("" if is_magic else timed)
    return lines, magics
