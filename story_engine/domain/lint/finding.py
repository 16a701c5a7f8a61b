"""What the linter found: where, why, and the edits that put it right."""

from __future__ import annotations

from story_engine.domain.edit import Edit
from story_engine.domain.finding import Finding
from story_engine.domain.story_text import Place, StoryText


class PromptFinding(Finding):
    """A finding about words of a story."""

    places: tuple[Place, ...]
    """Where it is to be seen; the first is where it is shown."""
    edits: tuple[Edit, ...] = ()
    """What puts it right, with the values that were seen; nothing where only the author can know."""
    is_matter_of_taste: bool = False
    """A repair that is made when it is asked for, and not along with all the others."""


def in_text(
    code: str, text: StoryText, span: tuple[int, int], new: str | None = None, **values: object
) -> PromptFinding:
    """A warning about some characters of one text; `new` is the whole text once it is put right."""
    start, end = span
    values = {"found": text.words[start:end].strip(" ,，\n"), **values}
    edits = () if new is None else (text.place.edit(text.words, new),)
    return PromptFinding(code=code, state="warning", values=values, places=(text.place.at(start, end),), edits=edits)
