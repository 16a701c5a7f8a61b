"""What a picture is taken up again for: its settings for a scene, or a new story that begins with it.

The picture is a take of the gallery or a file that was dropped on whatever page; the question is asked over that page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.parts.shared import fields, notices, opened
from pages.parts.shared.services import services
from pages.parts.shared.travel import go
from pages.parts.shared.wording import language, plain, say
from pages.parts.story import recall
from story_engine import flows
from story_engine.domain.gallery import PictureKey
from story_engine.domain.imported_story import ImportedStory
from story_engine.errors import StudioError
from story_engine.flows.recall import Recalled

_ASKED, _TURN = "use-picture", "use-picture-turn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the question is about."""

    pictures: tuple[ImportedStory, ...]
    """What each of them says; of several, only a story can be made."""
    name: str
    """For people."""
    title: str
    """For a story that begins with it."""
    take: PictureKey | None = None
    """Of this workspace, where it is one."""
    refused: tuple[tuple[str, StudioError], ...] = ()
    """Files that say nothing, with the reason."""


def ask_for_take(key: PictureKey) -> None:
    """Ask about a take of this workspace, in the next run."""
    shown = flows.gallery.picture(services(), key)
    title = " · ".join(part for part in (shown.story_title, shown.scene_title) if part)
    found = flows.picture_use.of_take(services(), key)
    _ask(Asked(pictures=(found,), name=title, title=title, take=key))


def ask_for_files(files: Sequence[tuple[str, bytes]]) -> None:
    """Ask about files (name, content), in the next run; where none of them says anything, the reason is told.

    Raises:
        StudioError: why the first of them cannot be used.
    """
    found, refused = flows.picture_use.read(files)
    if not found:
        if refused:
            raise refused[0][1]
        return
    title = "" if len(found) > 1 else found[0].source.rpartition(".")[0]
    _ask(Asked(pictures=tuple(found), name=found[0].source, title=title, refused=tuple(refused)))


def is_open() -> bool:
    """Whether something is being asked."""
    return _ASKED in st.session_state


def draw() -> None:
    """The question, while it is open."""
    asked: Asked | None = st.session_state.get(_ASKED)
    if asked is None:
        return

    @st.dialog(say("use.title"), width="large", on_dismiss=_close)
    def over() -> None:
        with notices.shown_here():
            _draw(asked, f"use-{st.session_state[_TURN]}")

    over()


def _ask(asked: Asked) -> None:
    st.session_state[_ASKED] = asked
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def _close() -> None:
    st.session_state.pop(_ASKED, None)


def _draw(asked: Asked, key: str) -> None:
    count = len(asked.pictures)
    st.markdown(f"**{plain(asked.name)}**" if count == 1 else say("use.many", n=count))
    for name, error in asked.refused:
        st.caption(f":material/error: {plain(name)}: {plain(error.text(language()))}")
    if count == 1:
        _draw_scene(asked, key)
    _draw_story(asked, key)


def _draw_scene(asked: Asked, key: str) -> None:
    titles = {slug: title or say("home.untitled") for slug, title in flows.shelf.titles(services()).items()}
    if not titles:
        return
    st.subheader(say("use.scene"), anchor=False)
    left, right = st.columns(2, gap="small")
    first = opened.slug() if opened.slug() in titles else next(iter(titles))
    slug = left.selectbox(
        say("use.which_story"),
        list(titles),
        index=list(titles).index(first or ""),
        format_func=titles.__getitem__,
        key=f"{key}-story",
    )
    if slug is None:
        return
    scenes = services().stories.load(slug).scenes
    names = {
        scene.id: f"{place} · {scene.title}" if scene.title else say("scene.number", n=place)
        for place, scene in enumerate(scenes, start=1)
    }
    blank = next((scene.id for scene in scenes if not scene.prompt), scenes[0].id)
    scene = right.selectbox(
        say("use.which_scene"),
        list(names),
        index=list(names).index(blank),
        format_func=names.__getitem__,
        key=f"{key}-scene-{slug}",
    )
    if scene is None:
        return
    found = flows.recall.of_scene(services(), slug, scene, asked.pictures[0])
    wanted = recall.draw_values(found, f"{key}-{slug}-{scene}")
    if st.button(say("use.take_over"), key="use-take-over", type="primary", disabled=not wanted):
        _close()
        _take_over(slug, scene, found, wanted, asked.name)
        go("story", story=slug)


def _draw_story(asked: Asked, key: str) -> None:
    st.subheader(say("use.story"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        title = st.text_input(
            say("home.new_title"), asked.title, key=f"{key}-title", max_chars=200, placeholder=say("home.untitled")
        )
        start = st.button(say("use.start"), key="use-start", icon=":material/add:")
    if start:
        slug = flows.picture_use.start_story(
            services(), asked.pictures, title=title.strip() or say("home.untitled"), take=asked.take
        )
        _close()
        go("story", story=slug)


def _take_over(slug: str, scene: str, found: Recalled, wanted: Sequence[str], name: str) -> None:
    fields.save_all()
    before = flows.recall.take_over(services(), slug, scene, found, wanted)
    title = services().stories.load(slug).title or say("home.untitled")
    undo = notices.Undo(kind="revision", token=str(before), story=slug)
    notices.tell("use.done", name=name, story=title, undo=undo)
