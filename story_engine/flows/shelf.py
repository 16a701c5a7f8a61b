"""The shelf: cards of all stories, and new stories."""

from __future__ import annotations

from story_engine.domain.story import Scene, Settings, Story
from story_engine.domain.views import StoryCard
from story_engine.errors import StudioError
from story_engine.flows.panels import read_board
from story_engine.flows.services import Services

TEMPLATES = ("singer", "orange-cat", "orange-cat-en")
"""The shipped stories, the challenge's own."""
NEW_STORY_SCENES = 8
"""The challenge's number."""


def cards(services: Services) -> tuple[StoryCard, ...]:
    """All stories, last changed first; one that cannot be read is a card with its problem."""
    found = [_card(services, slug) for slug in services.stories.slugs()]
    found += [
        _broken(file.free_slug, file.name, file.updated_at, file.problem, is_misnamed=True)
        for file in services.stories.misnamed()
    ]
    return tuple(sorted(found, key=lambda card: -card.updated_at))


def create(services: Services, title: str, *, template: str | None, family: str) -> str:
    """A new story; its slug."""
    if template is not None:
        story = services.stories.load(template).model_copy(update={"title": title, "revision": 0})
    else:
        scenes = tuple(Scene(id=f"s{number}") for number in range(1, NEW_STORY_SCENES + 1))
        story = Story(title=title, settings=Settings(family=family), scenes=scenes)
    return services.stories.create(title, story)


def _card(services: Services, slug: str) -> StoryCard:
    updated_at = services.stories.updated_at(slug)
    try:
        story = services.stories.load(slug)
        board = read_board(services, slug, story)
    except StudioError as error:
        return _broken(slug, slug, updated_at, error)
    chosen = [panel.chosen for panel in board.panels if panel.chosen is not None]
    return StoryCard(
        slug=slug,
        title=story.title or slug,
        scenes=len(story.scenes),
        rendered=len(chosen),
        cover=chosen[0].thumbnail if chosen else None,
        family=story.settings.family,
        updated_at=updated_at,
        problem=None,
    )


def _broken(slug: str, title: str, updated_at: float, problem: StudioError, *, is_misnamed: bool = False) -> StoryCard:
    return StoryCard(
        slug=slug,
        title=title,
        scenes=0,
        rendered=0,
        cover=None,
        family="",
        updated_at=updated_at,
        problem=problem,
        is_misnamed=is_misnamed,
    )
