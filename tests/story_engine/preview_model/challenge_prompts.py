"""The sixteen prompts of the challenge's two stories, word for word, and their negative prompts."""

import json
from pathlib import Path

_STORIES = json.loads((Path(__file__).parents[2] / "challenge" / "prompts.json").read_text(encoding="utf-8"))

SINGER_PROMPTS: tuple[str, ...] = tuple(scene["prompt"] for scene in _STORIES["singer"])
CAT_PROMPTS: tuple[str, ...] = tuple(scene["prompt"] for scene in _STORIES["orange-cat"])
SHIPPED_PROMPTS = SINGER_PROMPTS + CAT_PROMPTS
NEGATIVE_PROMPTS: tuple[str, ...] = tuple(
    dict.fromkeys(scene["negative"] for scenes in _STORIES.values() for scene in scenes)
)
