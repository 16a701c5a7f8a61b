"""Values of Python source that are plain to see: constants, lists, f-strings and the like. Nothing is ever run."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from itertools import islice

from story_engine.errors import FixInput
from story_engine.formats.literal_json import read_json

LONGEST_TEXT = 200_000
MOST_ITEMS = 5_000
DEEPEST_JSON = 8
_FORMAT = re.compile(r"(?:0?\d{1,2})?(?:\.\d{1,2})?[dfgs]?")
"""Format specifications that are followed; a width of a billion would be a billion blanks."""
_PLAIN_FIELD = re.compile(r"\{(\w*)\}")
_LARGEST_NUMBER = 2**63


class Unknown:
    """What only running the program would tell."""


UNKNOWN = Unknown()


def constant(value: object) -> object:
    """The value of a literal, as far as it is kept."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if abs(value) < _LARGEST_NUMBER else UNKNOWN
    return value if isinstance(value, str) and len(value) <= LONGEST_TEXT else UNKNOWN


def combined(operator: ast.operator, left: object, right: object) -> object:
    """`left operator right`, for text, numbers and lists, within bounds."""
    if isinstance(operator, ast.Add):
        if isinstance(left, str) and isinstance(right, str):
            return bounded(left + right)
        if isinstance(left, list) and isinstance(right, list):
            return bounded(left + right)
    if isinstance(operator, ast.Mult):
        for many, times in ((left, right), (right, left)):
            if isinstance(many, str | list) and _is_whole(times):
                count = max(int(str(times)), 0)
                is_small = len(many) * count <= (LONGEST_TEXT if isinstance(many, str) else MOST_ITEMS)
                return many * count if is_small else UNKNOWN
    if isinstance(operator, ast.Mod) and isinstance(left, str):
        return _percent(left, right)
    if _is_number(left) and _is_number(right):
        return _calculated(operator, left, right)
    return UNKNOWN


def formatted(value: object, conversion: int, specification: str) -> object:
    """One field of an f-string."""
    if not isinstance(value, str | int | float) or not _FORMAT.fullmatch(specification):
        return UNKNOWN
    shown = repr(value) if conversion == ord("r") else value
    try:
        return format(shown, specification)
    except (ValueError, OverflowError):
        return UNKNOWN


def picked(value: object, index: object) -> object:
    """`value[index]`."""
    if isinstance(value, dict):
        return value.get(index, UNKNOWN) if isinstance(index, str | int) else UNKNOWN
    if isinstance(value, list | str) and _is_whole(index):
        place = int(str(index))
        return value[place] if -len(value) <= place < len(value) else UNKNOWN
    return UNKNOWN


def sliced(value: object, ends: list[object]) -> object:
    """`value[first:last:step]`."""
    if not isinstance(value, list | str) or not all(end is None or _is_whole(end) for end in ends):
        return UNKNOWN
    first, last, step = (None if end is None else int(str(end)) for end in ends)
    return value[first:last:step] if step != 0 else UNKNOWN


def compared(operator: ast.cmpop, left: object, right: object) -> object:
    """`left == right`, and its opposite."""
    if not (isinstance(left, str | int | float) and isinstance(right, str | int | float)):
        return UNKNOWN
    return (left == right) == isinstance(operator, ast.Eq) if isinstance(operator, ast.Eq | ast.NotEq) else UNKNOWN


def from_json(text: str) -> object:
    """`json.loads(text)`, as an exported script holds its panels."""
    try:
        return _plain(read_json(text, name=""), DEEPEST_JSON)
    except FixInput:
        return UNKNOWN


def bounded(value: object) -> object:
    """The value, unless it has grown too large."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else UNKNOWN
    if isinstance(value, list | dict):
        return value if len(value) <= MOST_ITEMS else UNKNOWN
    return value


def listed(value: object) -> list[object] | None:
    """What a loop over `value` would see; None where that is not known."""
    if isinstance(value, list):
        return value[:MOST_ITEMS]
    if isinstance(value, dict):
        return list(islice(value, MOST_ITEMS))
    return None


def built_in(name: str, arguments: list[object]) -> object:
    """The result of a built-in function that only puts values together."""
    work = _BUILT_IN.get(name)
    try:
        return bounded(work(*arguments)) if work is not None else UNKNOWN
    except (TypeError, ValueError, OverflowError, IndexError, RecursionError):
        return UNKNOWN


def method(value: object, name: str, arguments: list[object], named: Mapping[str, object]) -> object:
    """The result of a method of text, list or dictionary that changes nothing outside."""
    if isinstance(value, dict) and not arguments:
        views = {"items": lambda: [[key, each] for key, each in value.items()]}
        views |= {"keys": lambda: list(value), "values": lambda: list(value.values())}
        return views[name]() if name in views else UNKNOWN
    if isinstance(value, dict) and name == "get" and isinstance(arguments[0], str | int):
        return value.get(arguments[0], arguments[1] if len(arguments) > 1 else None)
    if not isinstance(value, str):
        return UNKNOWN
    if name == "format":
        return _filled(value, arguments, named)
    if name == "join" and len(arguments) == 1:
        parts = listed(arguments[0])
        return bounded(value.join(map(str, parts))) if parts is not None and _are_short(value, parts) else UNKNOWN
    if name in ("strip", "lstrip", "rstrip", "lower", "upper", "title") and not arguments:
        return str(getattr(value, name)())
    if name == "split" and len(arguments) <= 1:
        separator = str(arguments[0]) if arguments and isinstance(arguments[0], str) and arguments[0] else None
        return bounded(list[object](value.split(separator))) if separator or not arguments else UNKNOWN
    if name in ("splitlines",) and not arguments:
        return bounded(list[object](value.splitlines()))
    if name == "replace" and len(arguments) == 2 and all(isinstance(each, str) for each in arguments):
        old, new = str(arguments[0]), str(arguments[1])
        grows = value.count(old) * max(len(new) - len(old), 0)
        return value.replace(old, new) if old and len(value) + grows <= LONGEST_TEXT else UNKNOWN
    return UNKNOWN


def _plain(value: object, deepest: int) -> object:
    if isinstance(value, dict | list) and (deepest == 0 or len(value) > MOST_ITEMS):
        return UNKNOWN
    if isinstance(value, dict):
        return {str(key): _plain(each, deepest - 1) for key, each in value.items()}
    return [_plain(each, deepest - 1) for each in value] if isinstance(value, list) else constant(value)


def _calculated(operator: ast.operator, left: object, right: object) -> object:
    first, second = float(str(left)), float(str(right))
    if isinstance(left, int) and isinstance(right, int):
        first, second = left, right
    try:
        match operator:
            case ast.Add():
                return constant(first + second)
            case ast.Sub():
                return constant(first - second)
            case ast.Mult():
                return constant(first * second)
            case ast.FloorDiv():
                return constant(first // second)
            case ast.Mod():
                return constant(first % second)
            case ast.Div():
                return constant(first / second)
    except (ArithmeticError, ValueError):
        pass
    return UNKNOWN


def _percent(text: str, values: object) -> object:
    fields = re.findall(r"%(?:\d{0,2})(?:\.\d{1,2})?[sdfg]", text)
    given = values if isinstance(values, list) else [values]
    if text.count("%") != len(fields) or len(fields) != len(given) or not _are_short("", given):
        return UNKNOWN
    try:
        return bounded(text % tuple(given))
    except (TypeError, ValueError, OverflowError):
        return UNKNOWN


def _filled(text: str, arguments: list[object], named: Mapping[str, object]) -> object:
    """`text.format(…)`, for fields without a format of their own."""
    if re.search("[{}]", re.sub(r"\{\{|\}\}|" + _PLAIN_FIELD.pattern, "", text)):
        return UNKNOWN
    waiting = iter(arguments)
    missing = False

    def value_of(match: re.Match[str]) -> str:
        nonlocal missing
        if match[0] in ("{{", "}}"):
            return match[0][0]
        key = match[1] or ""
        value: object = UNKNOWN
        if not key:
            value = next(waiting, UNKNOWN)
        elif key.isdecimal():
            value = arguments[int(key)] if len(key) < 4 and int(key) < len(arguments) else UNKNOWN
        else:
            value = named.get(key, UNKNOWN)
        if not isinstance(value, str | int | float):
            missing = True
            return ""
        return str(value)

    if len(text) + text.count("{") * max([len(str(each)) for each in arguments[:MOST_ITEMS]], default=0) > LONGEST_TEXT:
        return UNKNOWN
    whole = re.sub(r"\{\{|\}\}|" + _PLAIN_FIELD.pattern, value_of, text)
    return UNKNOWN if missing else bounded(whole)


def _are_short(separator: str, parts: list[object]) -> bool:
    """Whether all are text or numbers that together stay within bounds."""
    if not all(isinstance(part, str | int | float) for part in parts):
        return False
    return sum(len(str(part)) + len(separator) for part in parts) <= LONGEST_TEXT


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _range(*bounds: object) -> object:
    numbers = [int(str(each)) for each in bounds if _is_whole(each)]
    if len(numbers) != len(bounds) or not numbers:
        return UNKNOWN
    found = range(*numbers)
    return list(found) if len(found) <= MOST_ITEMS else UNKNOWN


def _enumerate(many: object, start: object = 0) -> object:
    items = listed(many)
    return UNKNOWN if items is None else [[int(str(start)) + place, each] for place, each in enumerate(items)]


def _zip(*many: object) -> object:
    rows = [row for row in map(listed, many) if row is not None]
    return [list(row) for row in zip(*rows, strict=False)] if len(rows) == len(many) else UNKNOWN


def _whole_of(value: object) -> object:
    return int(value) if isinstance(value, str | int | float) and len(str(value)) < 30 else UNKNOWN


def _number_of(value: object) -> object:
    return float(value) if isinstance(value, str | int | float) and len(str(value)) < 30 else UNKNOWN


def _text_of(value: object) -> object:
    return str(value) if isinstance(value, str | int | float) else UNKNOWN


def _length_of(value: object) -> object:
    return len(value) if isinstance(value, str | list | dict) else UNKNOWN


def _list_of(value: object = ()) -> object:
    if isinstance(value, tuple):
        return []
    items = listed(value)
    return UNKNOWN if items is None else list(items)


def _reversed(value: object) -> object:
    items = listed(value)
    return UNKNOWN if items is None else items[::-1]


_BUILT_IN: Mapping[str, Callable[..., object]] = {
    "range": _range,
    "enumerate": _enumerate,
    "zip": _zip,
    "int": _whole_of,
    "float": _number_of,
    "str": _text_of,
    "len": _length_of,
    "list": _list_of,
    "tuple": _list_of,
    "reversed": _reversed,
}
