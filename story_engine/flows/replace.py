"""One word everywhere: look at what would change, then change all of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from story_engine.domain.replace import SCOPES, Replacement, kept_references, replacements
from story_engine.domain.search import Search
from story_engine.domain.story import Story
from story_engine.domain.story_text import after
from story_engine.errors import ChooseAnother, FixInput
from story_engine.flows.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a replacement would change, with the revision that it was read from."""

    revision: int
    replacements: tuple[Replacement, ...]
    kept: int
    """How often the word stands inside of a reference such as `{girl}`, which stays."""


def preview(services: Services, slug: str, search: Search, scopes: Sequence[str] = SCOPES) -> Preview:
    """Every change, old and new; the story stays as it is.

    Raises:
        FixInput: nothing to look for.
        ChooseAnother: there is no such part of a story.
        InvalidInput: the story would not be one any more, such as by a LoRA without a name.
    """
    story = services.stories.load(slug)
    return _preview(story, search, scopes)


def replace(services: Services, slug: str, seen: Preview) -> Story:
    """Make the changes that were looked at, as one revision.

    Raises:
        EditConflict: a text has changed since; nothing was written.
    """
    return services.stories.edit(slug, [each.edit for each in seen.replacements])


def _preview(story: Story, search: Search, scopes: Sequence[str]) -> Preview:
    if not search.find:
        raise FixInput("replace.nothing_to_find")
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        raise ChooseAnother("replace.unknown_scope", scope=unknown[0], known=", ".join(SCOPES))
    found = replacements(story, search, scopes)
    after(story, tuple(each.edit for each in found))
    return Preview(revision=story.revision, replacements=found, kept=kept_references(story, search, scopes))
