"""Prompt files: one picture per line, with options as A1111's script and the sample lines of sd-scripts write them.

Source: `scripts/prompts_from_file.py` of AUTOMATIC1111/stable-diffusion-webui 1.10.1 (`--prompt … --negative_prompt …
--seed …`), `library/train_util.py` of kohya-ss/sd-scripts (`text --n … --w … --h … --d … --l … --s …`).
"""

from __future__ import annotations

import re
import shlex

from story_engine.domain.imported_story import ImportedScene, ImportedStory, Note, note, scene
from story_engine.domain.sampler_names import sampler_of
from story_engine.formats.infotext_reader import lora_tags, plain_brackets, without_lora_tags

MOST_LINES = 1_000
_LONGEST_LINE = 50_000
_LONGEST_QUOTED = 20_000
_LONG = {
    "prompt": "prompt",
    "negative_prompt": "negative",
    "seed": "seed",
    "steps": "steps",
    "cfg_scale": "cfg_scale",
    "width": "width",
    "height": "height",
    "sampler_name": "sampler",
}
_SHORT = {
    "n": "negative",
    "w": "width",
    "h": "height",
    "d": "seed",
    "l": "cfg_scale",
    "s": "steps",
    "ss": "sampler",
}
_OPTION = re.compile(r"(?:^|\s)--([a-z_]{1,40})(?=\s|$)", re.IGNORECASE)
_IS_OPTION_LINE = re.compile(
    rf"^\s*--(?:{'|'.join(_LONG)})\s|\s--(?:{'|'.join([*list(_LONG)[1:], *_SHORT])})\s", re.IGNORECASE
)


def is_prompt_file(text: str) -> bool:
    """Whether most lines have options."""
    lines = [line for line in text.splitlines()[:MOST_LINES] if line.strip() and not line.lstrip().startswith("#")]
    return bool(lines) and sum(_IS_OPTION_LINE.search(line[:_LONGEST_LINE]) is not None for line in lines) * 2 > len(
        lines
    )


def read_prompt_file(text: str, *, name: str) -> ImportedStory:
    """One scene per line; lines without any words are counted."""
    scenes: list[ImportedScene] = []
    notes: list[Note] = []
    loras = []
    empty = 0
    unread: dict[str, int] = {}
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        notes.append(note("imports.lines_left_out", count=len(lines) - MOST_LINES))
    for number, line in enumerate(lines[:MOST_LINES], start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        given = _options(line[:_LONGEST_LINE], unread)
        words = given.pop("prompt", "")
        if not words:
            empty += 1
            continue
        sampler = given.pop("sampler", None)
        own = sampler_of(sampler)
        if sampler and own is None:
            notes.append(note("imports.sampler_unknown", place=f"L{number}", name=sampler))
        found, more = scene(
            prompt=without_lora_tags(words),
            negative=given.pop("negative", ""),
            seed=given.pop("seed", None),
            place=f"L{number}",
            sampler=own,
            **given,
        )
        scenes.append(found)
        loras += lora_tags(words)
        notes += more
    if empty:
        notes.append(note("imports.rows_empty", count=empty))
    if unread:
        listed = ", ".join(f"--{option}" for option in list(unread)[:8])
        notes.append(note("imports.options_unread", count=sum(unread.values()), options=listed))
    return ImportedStory(
        source=name, kind="prompts", scenes=tuple(scenes), loras=tuple(dict.fromkeys(loras)), notes=tuple(notes)
    )


def _options(line: str, unread: dict[str, int]) -> dict[str, str]:
    """Field → text."""
    first, given = _words(line)
    found = {"prompt": plain_brackets(first)} if first else {}
    is_long = any(option in _LONG for option, _ in given)
    for option, value in given:
        field = _LONG.get(option) or (None if is_long else _SHORT.get(option))
        if field is None:
            unread[option] = unread.get(option, 0) + 1
        else:
            found[field] = plain_brackets(value) if field in ("prompt", "negative") else value
    return found


def _words(line: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands before the first option, and the options with their values.

    Quotes are read as A1111 reads them; in a line whose quotes do not close, such as `a cat's tail`, they are text.
    """
    try:
        words = shlex.split(line) if len(line) <= _LONGEST_QUOTED else None
    except ValueError:
        words = None
    if words is None:
        places = list(_OPTION.finditer(line))
        ends = [*(match.start() for match in places[1:]), len(line)]
        before = line[: places[0].start()] if places else line
        pairs = zip(places, ends, strict=False)
        return before.strip(), [(match[1].lower(), _unquoted(line[match.end() : end])) for match, end in pairs]
    first: list[str] = []
    given: list[tuple[str, list[str]]] = []
    for word in words:
        is_value = bool(given) and not given[-1][1] and any(each.isspace() for each in word)
        if word.startswith("--") and len(word) > 2 and not is_value:
            given.append((word[2:].lower()[:40], []))
        else:
            (given[-1][1] if given else first).append(word)
    return " ".join(first), [(option, " ".join(values)) for option, values in given]


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'" else text
