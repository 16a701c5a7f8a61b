"""Prompt files: one picture per line, with options as A1111's script and the sample lines of sd-scripts write them.

Source: `scripts/prompts_from_file.py` of AUTOMATIC1111/stable-diffusion-webui 1.10.1 (`--prompt … --negative_prompt …
--seed …`), `library/train_util.py` of kohya-ss/sd-scripts (`text --n … --w … --h … --d … --l … --s …`).
"""

from __future__ import annotations

import re

from story_engine.domain.imported_story import ImportedScene, ImportedStory, Note, note, scene
from story_engine.domain.sampler_names import sampler_of
from story_engine.formats.infotext_reader import lora_tags, without_lora_tags

MOST_LINES = 1_000
_LONGEST_LINE = 50_000
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
    """Field → text. Words up to the next option belong to an option, in quotes or not, as A1111 reads them."""
    found: dict[str, str] = {}
    places = list(_OPTION.finditer(line))
    before = line[: places[0].start()] if places else line
    is_long = any(match[1].lower() in _LONG for match in places)
    if before.strip():
        found["prompt"] = _unquoted(before)
    for match, following in zip(places, [*places[1:], None], strict=False):
        value = _unquoted(line[match.end() : following.start() if following else len(line)])
        option = match[1].lower()
        field = _LONG.get(option) or (None if is_long else _SHORT.get(option))
        if field is None:
            unread[option] = unread.get(option, 0) + 1
        else:
            found[field] = value
    return found


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        inner = text[1:-1]
        return inner.replace(f"\\{text[0]}", text[0]).replace("\\\\", "\\")
    return text
