"""Reads the `parameters` text of A1111, Forge and everything that writes like them, our own pictures included.

Source of the grammar: `modules/infotext_utils.py` of AUTOMATIC1111/stable-diffusion-webui 1.10.1; written here from its
description.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from story_engine.domain.guidance import BOUNDS, Guidance, guidance_in
from story_engine.domain.imported_story import ImportedLora, ImportedScene, Note, note, number, scene
from story_engine.domain.sampler_names import sampler_of
from story_engine.formats.control_texts import controls_in_pairs
from story_engine.formats.infotext import GUIDED, NEGATIVE_BELOW

LONGEST_TEXT = 400_000
MOST_TEXTS = 200
_PAIR = re.compile(r"\s*(\w[\w \-/]{0,60}):\s*(\"(?:\\.|[^\\\"])+\"|[^,]*)(?:,|$)")
_NEGATIVE = "Negative prompt:"
_LORA = re.compile(r"<(?:lora|lyco):([^:<>]{1,200})(?::([-+]?[\d.]{1,12}))?(?::[^<>]{0,60})?>")
_ESCAPED_LINE = re.compile(r"^(\s*)\\(\\*(?:Negative prompt:|Steps:))", re.MULTILINE)
_ESCAPED_BRACKET = re.compile(r"\\([()\[\]])")
_FEWEST_PAIRS = 3
_OWN_VERSION = "Story Studio"
_SIZE = re.compile(r"(\d{2,5})\s*[x×*]\s*(\d{2,5})")


def is_infotext(text: str) -> bool:
    """Whether a line of the text is one of `Key: value` pairs."""
    return any("Steps:" in line and _pairs(line) for line in text[:LONGEST_TEXT].splitlines())


def read_infotext(text: str, *, place: str) -> tuple[ImportedScene, list[ImportedLora], list[Note]]:
    """The one picture that the text describes."""
    lines = text[:LONGEST_TEXT].replace("\r\n", "\n").strip("\n").split("\n")
    pairs = _pairs(lines[-1]) if lines else {}
    if pairs:
        lines = lines[:-1]
    start = next((at for at, line in enumerate(lines) if line.strip().startswith(_NEGATIVE)), len(lines))
    prompt = "\n".join(lines[:start])
    negative = "\n".join([lines[start].strip().removeprefix(_NEGATIVE), *lines[start + 1 :]]) if lines[start:] else ""
    if pairs.get("Version") == _OWN_VERSION:
        prompt, negative = (_ESCAPED_LINE.sub(r"\1\2", each).replace("<\\", "<") for each in (prompt, negative))
    else:
        prompt, negative = plain_brackets(prompt), plain_brackets(negative)
    width, height = size_of(pairs.get("Size"))
    sampler = sampler_of(pairs.get("Sampler"))
    found, notes = scene(
        prompt=without_lora_tags(prompt),
        negative=negative,
        seed=pairs.get("Seed"),
        title=pairs.get("Scene title", ""),
        place=place,
        sampler=sampler,
        steps=pairs.get("Steps"),
        cfg_scale=pairs.get("CFG scale"),
        width=width,
        height=height,
        guidance=_guidance(pairs),
    )
    if pairs.get("Version") == _OWN_VERSION:
        found = found.model_copy(update={"controls": controls_in_pairs(pairs)})
    if pairs.get("Sampler") and sampler is None:
        notes.append(note("imports.sampler_unknown", place=place, name=pairs["Sampler"]))
    return found, lora_tags(prompt), notes


def split_infotexts(text: str) -> list[str]:
    """The texts of several pictures, pasted one under the other: each ends with its line of pairs."""
    found: list[str] = []
    block: list[str] = []
    for line in text[:LONGEST_TEXT].splitlines():
        if not block and not line.strip():
            continue
        block.append(line)
        if "Steps:" in line and _pairs(line):
            found.append("\n".join(block))
            block = []
    return found[:MOST_TEXTS]


def lora_tags(prompt: str) -> list[ImportedLora]:
    """The LoRAs that tags of a prompt name; their weight is the strength, since A1111 divides alpha by rank."""
    loras = []
    for match in _LORA.finditer(prompt):
        weight = number(match[2]) if match[2] else 1.0
        loras.append(ImportedLora(path=match[1].strip(), strength=weight if weight is not None else 1.0))
    return loras


def without_lora_tags(prompt: str) -> str:
    """The prompt without its LoRA tags, which mean nothing to Kolors."""
    return re.sub(r"[ \t]{2,}", " ", _LORA.sub(" ", prompt)).strip(" \t\n,") if _LORA.search(prompt) else prompt


def plain_brackets(text: str) -> str:
    """Brackets that A1111 is told to read as brackets; Kolors reads all of them so."""
    return _ESCAPED_BRACKET.sub(r"\1", text)


def size_of(text: object) -> tuple[int | None, int | None]:
    """Width and height of `1024x768`."""
    match = _SIZE.search(text) if isinstance(text, str) and len(text) < 60 else None
    return (int(match[1]), int(match[2])) if match else (None, None)


def _guidance(pairs: Mapping[str, str]) -> Guidance | None:
    """That of our own pictures; None where another tool's say nothing of it."""
    if pairs.get("Version") != _OWN_VERSION:
        return None
    above, _, below = pairs.get(GUIDED, "").partition(" to ")
    levels = dict(zip(BOUNDS, (above, below, pairs.get(NEGATIVE_BELOW, "")), strict=True))
    return guidance_in({name: number(text) for name, text in levels.items() if text})


def _pairs(line: str) -> dict[str, str]:
    """The pairs of the last line; nothing where it is a line of the prompt."""
    if len(line) > LONGEST_TEXT or ":" not in line:
        return {}
    found = {key.strip(): _unquoted(value.strip()) for key, value in _PAIR.findall(line)}
    return found if len(found) >= _FEWEST_PAIRS and "Steps" in found else {}


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        read = json.loads(value)
    except ValueError:
        return value
    return read if isinstance(read, str) else value
