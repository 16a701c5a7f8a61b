"""What a story's words show before anything is painted, and putting it right as ordinary edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from story_engine.domain.edit import Edit
from story_engine.domain.lint.finding import PromptFinding
from story_engine.domain.lint.length import Reader
from story_engine.domain.lint.linter import lint as findings_of
from story_engine.domain.lint.linter import repairs
from story_engine.domain.story import Story
from story_engine.flows.resolved_text import reading_family
from story_engine.flows.services import Services

_STORIES_REMEMBERED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """A story after its repairs."""

    story: Story
    edits: tuple[Edit, ...]


def lint(services: Services, story: Story) -> tuple[PromptFinding, ...]:
    """All findings, measured with the tokenizer and the limit of the family that paints the story."""
    limit = reading_family(services, story).token_limit
    reader = Reader(limit, services.count_tokens, services.cut_position)
    words = story.model_copy(update={"revision": 0, "settings": {}}).model_dump_json(by_alias=True)
    return _remembered(words, reader)


def repair(services: Services, slug: str, finding: PromptFinding) -> Story:
    """Put one finding right.

    Raises:
        EditConflict: the words have changed since it was found; nothing was written.
    """
    return services.stories.edit(slug, finding.edits)


def repair_all(services: Services, slug: str) -> Repaired:
    """Put right all that has a repair and is no matter of taste, as one revision: one step to undo.

    Raises:
        EditConflict: somebody changed the same words in this moment; nothing was written.
    """
    story = services.stories.load(slug)
    edits = repairs(story)
    return Repaired(story=services.stories.edit(slug, edits) if edits else story, edits=edits)


def can_repair(findings: Sequence[PromptFinding]) -> int:
    """How many of them go away when all is repaired."""
    return sum(bool(finding.edits) and not finding.is_matter_of_taste for finding in findings)


@lru_cache(maxsize=_STORIES_REMEMBERED)
def _remembered(words: str, reader: Reader) -> tuple[PromptFinding, ...]:
    """A page is drawn at every click, and the words are the same at most of them."""
    return findings_of(Story.model_validate_json(words), reader)
