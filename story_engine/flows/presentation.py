"""The board as a presentation: its slides, each a picture that is shown and saved as it is."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from story_engine.domain.board import OpenStory, Panel
from story_engine.domain.presentation import WHOLE_BOARD, Look
from story_engine.errors import ChooseAnother, FixInput
from story_engine.flows.panels import open_story
from story_engine.flows.services import Services
from story_engine.formats.comic.drawing import Page
from story_engine.formats.slides import SlidePanel, board_slide, panel_slide, slide_png
from story_engine.store.atomic import write_bytes


def slide(services: Services, opened: str | OpenStory, number: int = WHOLE_BOARD, look: Look | None = None) -> bytes:
    """One slide, PNG.

    Args:
        services: of the Studio.
        opened: the story.
        number: of a panel, 1 = first; `WHOLE_BOARD` for all of them.
        look: for which screen.

    Raises:
        FixInput: no panel has a picture.
        ChooseAnother: there is no such panel, or a picture cannot be read.
    """
    return _painted(_laid_out(open_story(services, opened), number, look or Look()))


def write(services: Services, slug: str, out: Path, number: int = WHOLE_BOARD, look: Look | None = None) -> Path:
    """Write one slide as a file that ends in .png. Raises as `slide`.

    Raises:
        FixInput: the file's name ends otherwise.
        Wait: the file cannot be written.
    """
    if out.suffix.lower() != ".png":
        raise FixInput("story.board_file_kind", name=out.name)
    write_bytes(out, slide(services, slug, number, look))
    return out


@lru_cache(maxsize=12)
def _painted(page: Page) -> bytes:
    """A take never changes under its name; twelve slides are about 30 MB."""
    return slide_png(page)


def _laid_out(opened: OpenStory, number: int, look: Look) -> Page:
    panels = opened.board.panels
    if all(panel.chosen is None for panel in panels):
        raise FixInput("submit.no_pictures")
    if number == WHOLE_BOARD:
        shown = [_panel(panel, place) for place, panel in enumerate(panels, start=1)]
        return board_slide(opened.story.title, shown, look)
    if not 0 < number <= len(panels):
        raise ChooseAnother("story.no_slide", number=number, count=len(panels))
    return panel_slide(_panel(panels[number - 1], number), look)


def _panel(panel: Panel, number: int) -> SlidePanel:
    chosen, scene = panel.chosen, panel.scene
    shape = chosen.take.recipe.width / chosen.take.recipe.height if chosen is not None else 1.0
    return SlidePanel(
        number=number,
        title=scene.title,
        caption=scene.caption,
        picture=chosen.picture if chosen is not None else None,
        shape=shape,
    )
