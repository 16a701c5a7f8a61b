"""What the command line writes: reports on standard output, all else on standard error. Nothing else prints.

Names and captions come from files of other people. What a terminal would obey instead of showing (escape sequences,
text that runs backwards) is written as its code.
"""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Mapping

import typer

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but for tab and line feed, changes of direction, other line ends, halves of characters."""


def printable(text: str) -> str:
    r"""`text` with what a terminal would obey written as its code, such as `\u001b`; valid within JSON too."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def write_in_any_encoding() -> None:
    """A terminal that knows no Chinese, or nothing but ASCII, is shown codes where it lacks the character.

    Whoever chose another way (`PYTHONIOENCODING=latin-1:replace`) keeps it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors="backslashreplace")


def answer(context: typer.Context, report: Mapping[str, object], text: str) -> None:
    """The answer to a command: the report as one JSON object where that was asked for, else the text."""
    print(printable(_as_json(report) if context.obj.as_json else text))


def _as_json(report: Mapping[str, object]) -> str:
    """As JSON that its reader can read whatever the encoding: what the encoding lacks is escaped JSON's own way."""
    text = json.dumps(report, ensure_ascii=False, default=str)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(report, default=str)
    return text


def remark(text: object = "", *, end: str = "\n") -> None:
    """Anything beside the answer, on standard error."""
    print(printable(str(text)), end=end, file=sys.stderr, flush=True)


def show_progress(line: str) -> None:
    """Replace the line of a terminal on standard error."""
    print(f"\r\x1b[K{printable(line)}", end="", file=sys.stderr, flush=True)


class PrintableFormatter(logging.Formatter):
    """Log records for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """One record, printable."""
        return printable(super().format(record))
