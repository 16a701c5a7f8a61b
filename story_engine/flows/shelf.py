"""The shelf: cards of all stories, and new stories."""

from __future__ import annotations

from contextlib import suppress

from story_engine.domain.guidance import CONSTANT, USUAL
from story_engine.domain.story import Scene, Settings, Story, first_seed
from story_engine.domain.views import ShelfPage, StoryCard
from story_engine.errors import StudioError
from story_engine.flows.panels import Present, read_board
from story_engine.flows.services import Services
from story_engine.store.misnamed import Misnamed

TEMPLATES = ("singer", "orange-cat", "orange-cat-en")
"""The shipped stories, the challenge's own."""
NEW_STORY_SCENES = 8
"""The challenge's number."""


def cards(services: Services) -> tuple[StoryCard, ...]:
    """All stories, last changed first; one that cannot be read is a card with its problem."""
    return page(services, start=0, count=None).cards


def page(services: Services, *, start: int, count: int | None) -> ShelfPage:
    """`count` of the stories (None: all of them), last changed first, from `start` on: only their boards are read."""
    readable = [(services.stories.updated_at(slug), slug) for slug in services.stories.slugs()]
    places: list[tuple[float, str | Misnamed]] = [*readable]
    places += [(file.updated_at, file) for file in services.stories.misnamed()]
    places.sort(key=lambda place: -place[0])
    present = Present.of(services)
    wanted = places[start:] if count is None else places[start : start + count]
    return ShelfPage(
        cards=tuple(
            _card(services, what, updated_at, present)
            if isinstance(what, str)
            else _broken(what.free_slug, what.name, updated_at, what.problem, is_misnamed=True)
            for updated_at, what in wanted
        ),
        stories=len(places),
    )


def titles(services: Services) -> dict[str, str]:
    """Slug → title of every story, last changed first: to choose from. No board is read, and of a file its title alone.

    A file without a readable title is left out.
    """
    found: dict[str, str] = {}
    for slug in sorted(services.stories.slugs(), key=lambda slug: -services.stories.updated_at(slug)):
        with suppress(StudioError):
            found[slug] = services.stories.title(slug) or slug
    return found


def templates(services: Services) -> tuple[StoryCard, ...]:
    """The shipped stories that are there and can be read, last changed first."""
    present = Present.of(services)
    there = [slug for slug in services.stories.slugs() if slug in TEMPLATES]
    found = [_card(services, slug, services.stories.updated_at(slug), present) for slug in there]
    return tuple(sorted((card for card in found if card.problem is None), key=lambda card: -card.updated_at))


def create(services: Services, title: str, *, template: str | None = None, family: str = "preview") -> str:
    """A new story, empty or a copy of `template`; its slug.

    A copy whose model family is not on this machine is painted by one that is: it is there to be begun with.
    """
    if template is not None:
        story = _paintable(services, services.stories.load(template))
    else:
        numbers = range(1, NEW_STORY_SCENES + 1)
        scenes = tuple(Scene(id=f"s{number}", seed=first_seed(number)) for number in numbers)
        story = Story(title=title, settings=Settings(family=family, guidance=USUAL), scenes=scenes)
    return services.stories.create(title, story)


def stand_in_for(services: Services, story: Story) -> str | None:
    """A family that can paint in place of the story's own, which is not on this machine; None where it is, or none can.

    The story may name one already.
    """
    states = {state.name: state for state in services.family_states()}
    own = states.get(story.settings.family)
    if own is None or own.ready:
        return None
    named = states.get(story.settings.stand_in or "")
    if named is not None and named.ready:
        return named.name
    return next((state.name for state in states.values() if state.ready), None)


def _paintable(services: Services, story: Story) -> Story:
    """With a stand-in where it needs one.

    A story with settings of its own, as the challenge has them, is guided as they were meant; its stand-in need not be.
    """
    settings = story.settings
    is_set = any(each is not None for each in (settings.sampler, settings.steps, settings.cfg_scale))
    changed: dict[str, object] = {"guidance": settings.guidance or (CONSTANT if is_set else USUAL)}
    stand_in = stand_in_for(services, story)
    if stand_in is not None:
        changed["stand_in"] = stand_in
    return story.model_copy(update={"settings": settings.model_copy(update=changed)})


def _card(services: Services, slug: str, updated_at: float, present: Present) -> StoryCard:
    try:
        story = services.stories.load(slug)
        board = read_board(services, slug, story, present)
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


def numbered_page(services: Services, page_number: int, *, per_page: int) -> ShelfPage:
    """The stories of one page (1 is the first), last changed first; the others cost next to nothing."""
    return page(services, start=(page_number - 1) * per_page, count=per_page)
