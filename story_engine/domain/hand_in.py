"""What a person types to hand a story in: what no record of the Studio can know."""

from __future__ import annotations

import re

from pydantic import Field

from story_engine.domain.findings import Findings, text
from story_engine.domain.value import Value

LONGEST = {
    "team": 60,
    "work": 60,
    "contact": 200,
    "link": 300,
    "words": 4_000,
    "introduction_zh": 4_000,
    "introduction_en": 4_000,
    "pictures": 2_000,
    "training": 2_000,
}
"""Characters, by field."""
LORA_MARK = "lora"
_SHA256 = re.compile(r"[0-9a-f]{64}")


class LoraWords(Value):
    """The introduction of one LoRA: the parts that nothing on disk can tell."""

    introduction_zh: str = ""
    """What it draws and what it is for, in Chinese."""
    introduction_en: str = ""
    pictures: str = ""
    """What it was trained on, and by which right; needed where there is no record of the training."""
    training: str = ""
    """How it was trained; needed where there is no record of it."""

    @property
    def is_introduced(self) -> bool:
        """Whether somebody has said what it draws."""
        return bool(self.introduction_zh.strip() or self.introduction_en.strip())


class HandIn(Value):
    """The details of one story's submission."""

    team: str = ""
    """As registered at Tianchi."""
    work: str = ""
    """Ends the name of bundle and LoRA page; empty: the story's title."""
    contact: str = ""
    link: str = ""
    """Of the LoRA's page at ModelScope."""
    words: str = ""
    """The author's own words above the pictures of the post."""
    loras: dict[str, LoraWords] = Field(default_factory=dict)
    """Content hash → its introduction: it outlives another name."""

    def lora(self, sha256: str) -> LoraWords:
        """The introduction of the LoRA with this content."""
        return self.loras.get(sha256, LoraWords())

    def value(self, field: str) -> str | None:
        """What stands in a field; None where there is no such field."""
        sha256, _, part = _parts(field)
        known = self.lora(sha256) if sha256 else self
        found = getattr(known, part, None) if part in LONGEST else None
        return found if isinstance(found, str) else None

    def changed(self, field: str, value: str) -> HandIn:
        """With another text in a field that `value` knows."""
        sha256, _, part = _parts(field)
        if not sha256:
            return self.model_copy(update={part: value})
        words = self.lora(sha256).model_copy(update={part: value})
        return self.model_copy(update={"loras": {**self.loras, sha256: words}})


def lora_field(sha256: str, part: str) -> str:
    """The field of one part of a LoRA's introduction."""
    return f"{LORA_MARK}.{sha256}.{part}"


def checked(field: str, value: object) -> str:
    """The text as it is kept.

    Raises:
        InvalidInput: it is no text, too long, or holds control characters.
    """
    part = _parts(field)[2]
    found = Findings("")
    clean = text(LONGEST[part])(found, part, value)
    found.raise_all()
    return str(clean)


def _parts(field: str) -> tuple[str, str, str]:
    """Content hash or nothing, the separator, the name of the part."""
    mark, _, rest = field.partition(".")
    sha256, separator, part = rest.partition(".")
    if mark == LORA_MARK and _SHA256.fullmatch(sha256):
        return sha256, separator, part
    return "", "", field
