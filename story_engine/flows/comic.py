"""Contact sheet and comic pages: the chosen panels with their words, as they are handed in, printed or shown around."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.board import OpenStory, Panel
from story_engine.domain.comic import ComicOptions
from story_engine.domain.finding import Finding
from story_engine.errors import ChooseAnother, FixInput
from story_engine.flows.panels import open_story
from story_engine.flows.services import Services
from story_engine.formats.comic.bubbles import Said
from story_engine.formats.comic.drawing import Page
from story_engine.formats.comic.pages import Comic, ComicPanel, comic_pages
from story_engine.formats.comic.pdf import comic_pdf
from story_engine.formats.comic.png import page_image, page_png
from story_engine.formats.contact_sheet import as_jpeg, contact_sheet
from story_engine.store.atomic import write_bytes

PREVIEW_WIDTH = 1000
"""Pixels of a page on a screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOut:
    """A comic that is laid out and not drawn yet."""

    title: str
    pages: tuple[Page, ...]
    findings: tuple[Finding, ...]


def options(services: Services, slug: str) -> ComicOptions:
    """How a story is laid out."""
    return services.comics.load(slug)


def choose(services: Services, slug: str, **changes: object) -> ComicOptions:
    """Change some of the options of a story; the whole as it is now.

    Raises:
        FixInput: an option cannot have that value.
        Wait: the choice cannot be written.
    """
    changed = services.comics.load(slug).model_copy(update=changes)
    services.comics.keep(slug, changed)
    return changed


def lay_out(services: Services, opened: str | OpenStory, chosen: ComicOptions | None = None) -> LaidOut:
    """The pages of a story, laid out as was chosen for it or as `chosen` says.

    Raises:
        FixInput: no panel has a picture.
        ChooseAnother: a picture cannot be read.
    """
    opened = open_story(services, opened)
    comic = comic_of(opened, chosen or options(services, opened.slug))
    pages, findings = comic_pages(comic)
    return LaidOut(title=comic.title, pages=pages, findings=findings)


def comic_of(opened: OpenStory, chosen: ComicOptions) -> Comic:
    """The comic of a story as it was opened; panels without a picture are left out.

    Raises:
        FixInput: no panel has a picture.
    """
    panels = tuple(panel for panel in map(_panel, opened.board.panels) if panel is not None)
    if not panels:
        raise FixInput("submit.no_pictures")
    return Comic(title=opened.story.title, panels=panels, options=chosen)


def png(comic: LaidOut, page: int = 1) -> bytes:
    """One page at print size; the first is 1.

    Raises:
        ChooseAnother: there is no such page.
    """
    return page_png(_page(comic, page))


def preview(comic: LaidOut, page: int = 1) -> bytes:
    """One page for a screen, JPEG.

    Raises:
        ChooseAnother: there is no such page.
    """
    image = page_image(_page(comic, page))
    return as_jpeg(image.resize((PREVIEW_WIDTH, round(PREVIEW_WIDTH * image.height / image.width)), reducing_gap=3.0))


def pdf(comic: LaidOut) -> bytes:
    """All pages in one file, with words that can be selected."""
    return comic_pdf(comic.pages, title=comic.title)


def sheet(services: Services, opened: OpenStory, layout: str | None = None) -> bytes:
    """The contact sheet of the chosen panels, JPEG; `layout` as was chosen for the story unless given.

    Raises:
        FixInput: no panel has a picture.
    """
    pictures = [panel.chosen.picture for panel in opened.board.panels if panel.chosen is not None]
    return as_jpeg(contact_sheet(pictures, layout or options(services, opened.slug).sheet))


def bundle_entries(services: Services, opened: OpenStory) -> dict[str, bytes]:
    """Sheet and comic pages by their names in a bundle; one page is `comic.png`, several are numbered."""
    comic = lay_out(services, opened)
    return {"contact_sheet.jpg": sheet(services, opened), "comic.pdf": pdf(comic), **_pngs(comic, "comic")}


def write(
    services: Services, slug: str, out: Path, chosen: ComicOptions | None = None
) -> tuple[tuple[Path, ...], tuple[Finding, ...]]:
    """Write what the ending of `out` asks for: comic pages as .pdf or .png, the contact sheet as .jpg.

    Returns:
        The files, numbered where a page is a file and there are several; and what is to be said about the pages.

    Raises:
        FixInput: another ending, or no panel has a picture.
        Wait: a file cannot be written.
    """
    opened = open_story(services, slug)
    chosen = chosen or options(services, slug)
    ending = out.suffix.lower()
    if ending in (".jpg", ".jpeg"):
        write_bytes(out, sheet(services, opened, chosen.sheet))
        return (out,), ()
    if ending not in (".pdf", ".png"):
        raise FixInput("comics.file_kind", name=out.name)
    comic = lay_out(services, opened, chosen)
    files = {out.name: pdf(comic)} if ending == ".pdf" else _pngs(comic, out.stem)
    for name, content in files.items():
        write_bytes(out.with_name(name), content)
    return tuple(out.with_name(name) for name in files), comic.findings


def _pngs(comic: LaidOut, stem: str) -> dict[str, bytes]:
    if len(comic.pages) == 1:
        return {f"{stem}.png": png(comic)}
    return {f"{stem}-{page:02d}.png": png(comic, page) for page in range(1, len(comic.pages) + 1)}


def _page(comic: LaidOut, page: int) -> Page:
    if not 1 <= page <= len(comic.pages):
        raise ChooseAnother("comics.no_page", page=page, pages=len(comic.pages))
    return comic.pages[page - 1]


def _panel(panel: Panel) -> ComicPanel | None:
    if panel.chosen is None:
        return None
    recipe, scene = panel.chosen.take.recipe, panel.scene
    return ComicPanel(
        picture=panel.chosen.picture,
        shape=recipe.width / recipe.height,
        title=scene.title,
        caption=scene.caption,
        said=tuple(Said(each.text, each.speaker) for each in scene.speech if each.text.strip()),
    )
