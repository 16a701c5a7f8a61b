"""Checks of single values that a person wrote: each returns the clean value and writes down what is wrong with it."""

from __future__ import annotations

import difflib
import math
import unicodedata
from collections.abc import Callable, Collection, Mapping

from story_engine.domain.safe_name import name_fault
from story_engine.errors import InvalidInput, Problem

LONGEST_SHOWN = 60
"""Characters of a wrong value that a message repeats."""

Check = Callable[["Findings", str, object], object]
"""(findings, path, value) → clean value; what it returns after a finding is never used."""


class Findings:
    """The problems of one file, in the order in which they were found."""

    def __init__(self, file: str, lines: Mapping[str, int] | None = None) -> None:
        self.file = file
        self.lines = lines or {}
        self.problems: list[Problem] = []

    def add(self, path: str, code: str, **values: object) -> None:
        """Write down one problem at the field `path`."""
        line = f":{self.lines[path]}" if path in self.lines else ""
        where = f"{self.file}{line}"
        self.problems.append(Problem(code, f"{where}: {path}" if path else where, values))

    def raise_all(self) -> None:
        """Raise when there is anything to raise.

        Raises:
            InvalidInput: all of the problems together.
        """
        if self.problems:
            raise InvalidInput(tuple(self.problems))


def fields(found: Findings, path: str, value: object, checks: Mapping[str, Check]) -> dict[str, object]:
    """A mapping whose keys are all in `checks`; keys without a value (YAML `style:`) count as left out."""
    if not isinstance(value, dict):
        found.add(path, "story.not_a_mapping", value=shown(value), known=", ".join(checks))
        return {}
    clean: dict[str, object] = {}
    for key, part in value.items():
        inner = f"{path}.{key}" if path else str(key)
        check = checks.get(key) if isinstance(key, str) else None
        if check is None:
            _unknown(found, inner, "story.unknown_key", str(key), tuple(checks))
        elif part is not None:
            clean[str(key)] = check(found, inner, part)
    return clean


def items(found: Findings, path: str, value: object, check: Check) -> tuple[object, ...]:
    """A list, each item checked."""
    if not isinstance(value, list | tuple):
        found.add(path, "story.not_a_list", value=shown(value))
        return ()
    return tuple(check(found, f"{path}[{position}]", part) for position, part in enumerate(value))


def text(most: int) -> Check:
    """Text of at most `most` characters, without control characters other than line breaks and tabs."""

    def check(found: Findings, path: str, value: object) -> object:
        if isinstance(value, bool):
            found.add(path, "story.text_not_bool", value="true" if value else "false")
        elif not isinstance(value, str):
            found.add(path, "story.text_not_other", value=shown(value), quoted=f'"{shown(value)}"')
        elif len(value) > most:
            found.add(path, "story.too_long", length=_grouped(len(value)), limit=_grouped(most))
        else:
            clean = value.replace("\r\n", "\n").replace("\r", "\n")
            for position, character in enumerate(clean):
                if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t":
                    code = f"U+{ord(character):04X}"
                    found.add(path, "story.control_character", character=code, position=position + 1)
                    break
            return clean
        return ""

    return check


def name(found: Findings, path: str, value: object) -> object:
    """Text that is safe as a file name."""
    if not isinstance(value, str):
        return text(0)(found, path, value)
    fault = name_fault(value)
    if fault is not None:
        code, values = fault
        found.add(path, code, **values)
    return value


def choice(known: Collection[str]) -> Check:
    """One of `known`."""

    def check(found: Findings, path: str, value: object) -> object:
        if not isinstance(value, str) or value not in known:
            _unknown(found, path, "story.unknown_choice", shown(value), known)
        return value

    return check


def whole_number(least: int, most: int, code: str, *, multiple: int = 1) -> Check:
    """A whole number from `least` to `most`; `code` is the message when it is outside."""

    def check(found: Findings, path: str, value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int):
            found.add(path, "story.not_a_whole_number", value=shown(value), least=least, most=most)
        elif not least <= value <= most:
            found.add(path, code, value=shown(value), least=least, most=most)
        elif value % multiple:
            near = f"{value // multiple * multiple}, {(value // multiple + 1) * multiple}"
            found.add(path, "story.not_a_multiple", value=value, multiple=multiple, near=near)
        return value

    return check


def number(least: float, most: float, code: str) -> Check:
    """A finite number from `least` to `most`; `code` is the message when it is outside."""

    def check(found: Findings, path: str, value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            found.add(path, "story.not_a_number", value=shown(value), least=least, most=most)
            return least
        if not least <= value <= most:
            found.add(path, code, value=shown(value), least=least, most=most)
            return least
        return float(value)

    return check


def yes_no(found: Findings, path: str, value: object) -> object:
    """True or false."""
    if not isinstance(value, bool):
        found.add(path, "story.not_yes_no", value=shown(value))
    return value


def shown(value: object) -> str:
    """A value as a message repeats it: short, on one line, nothing invisible."""
    if isinstance(value, int) and value.bit_length() > 200:
        return f"{'-' if value < 0 else ''}10^{int(value.bit_length() * math.log10(2))}…"
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list | tuple):
        return "[…]"
    line = "".join("�" if unicodedata.category(character)[0] == "C" else character for character in str(value))
    return line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}…"


def _unknown(found: Findings, path: str, code: str, given: str, known: Collection[str]) -> None:
    near = difflib.get_close_matches(given.lower(), known, n=1, cutoff=0.5)
    values = {"value": shown(given), "known": ", ".join(known)}
    if near:
        found.add(path, f"{code}_nearest", nearest=near[0], **values)
    else:
        found.add(path, code, **values)


def _grouped(count: int) -> str:
    return f"{count:,}".replace(",", " ")
