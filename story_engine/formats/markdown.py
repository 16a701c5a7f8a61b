"""Texts of people inside Markdown: what they wrote is read as text, and as nothing else."""

from __future__ import annotations

import re

_MARKS = re.compile(
    r"""[\\`*_\[\]<>|~&$@]"""  # emphasis, code, links, HTML, cells, strikes, entities, formulas, mentions
    r"""|^\#"""
    r"""|:(?=//|[\w+-]+:)"""  # bare addresses, :emoji:
    r"""|(?<=www)\.""",
    re.IGNORECASE,
)
"""What a Markdown reader, GitHub's and its like among them, would take for something else than text."""
_LINE_MARKS = re.compile(r"^(\s*)(?:([-+=]+)|(\d+)([.)]))(?=\s|$)")
"""What at the start of a line makes a list, a rule or a heading."""
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]\"'`|\\]{1,400}")


def cell(value: object) -> str:
    """A value in one cell of a table."""
    return "<br>".join(_escaped(line) for line in _lines(value))


def paragraphs(value: object) -> str:
    """A text of several lines, each line where it was."""
    lines = [_LINE_MARKS.sub(_without_meaning, _escaped(line.strip())) for line in _lines(str(value).strip())]
    kept: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        kept.append(f"{line}  " if line and following else line)  # two blanks: a line break
    return "\n".join(kept)


def line(value: object) -> str:
    """A text on one line, such as in a heading."""
    return _escaped(" ".join(str(value).split()))


def address(value: str) -> str:
    """A link that can be clicked, where the text is nothing but an address of the web; else the text."""
    text = value.strip()
    return f"<{text}>" if is_address(text) else line(text)


def is_address(text: str) -> bool:
    """Whether the text is an address of the web and nothing else."""
    return _ADDRESS.fullmatch(text) is not None


def code(text: str) -> str:
    """A block that is shown as it is, whatever backticks it holds."""
    longest = max((len(ticks) for ticks in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _lines(value: object) -> list[str]:
    return str(value).replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\g<0>", text)


def _without_meaning(match: re.Match[str]) -> str:
    blanks, mark, number, dot = match.groups()
    return f"{blanks}\\{mark}" if mark else f"{blanks}{number}\\{dot}"
