"""Words of a prompt that name a style, read by the words that captions are made of. Pure."""

from __future__ import annotations

import re

from story_engine.preview_model.world.lexicon import read


def style_words(text: str) -> list[str]:
    """The words that name a style, as they are written, each once."""
    named = (reading.text for reading in read(text) if reading.attribute == "style")
    words = (word.strip() for phrase in named for word in re.split(r"[，,、]", phrase))
    return list(dict.fromkeys(word for word in words if word))
