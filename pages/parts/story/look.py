"""The story's pictures in the lightbox, from each page that shows them, and what is done with a take there."""

from __future__ import annotations

import hashlib
from functools import partial

import streamlit as st

from pages.parts.shared import fields, lightbox, notices
from pages.parts.shared.lightbox import Ask, route
from pages.parts.shared.services import services
from pages.parts.story import redraw
from story_engine import flows
from story_engine.domain.board import OpenStory
from story_engine.domain.gallery import PictureKey
from story_engine.errors import StandInNeeded

ACTIONS = ("pick", "favourite", "pin", "redo", "settings", "download", "delete")


def draw(now: OpenStory, *, beside_panels: bool = True, letters: bool = True) -> None:
    """The lightbox for the panels of the page.

    Args:
        now: the story.
        beside_panels: what a pick changes on this page can be drawn by itself.
        letters: lead through the page's scenes while the lightbox is closed.
    """
    lightbox.draw(
        story=now.slug,
        actions=ACTIONS,
        act=_act,
        after=partial(_draw_again, beside_panels),
        address=route.address(now.slug),
        revision=_revision(now),
        scenes=[panel.scene.id for panel in now.board.panels] if letters else (),
    )


def _act(ask: Ask) -> None:
    slug, scene = ask.story, ask.scene
    if ask.kind == "redo":
        _redo(slug, scene)
        return
    take = ask.take or _shown(slug, scene)
    if take is None:
        return
    if ask.kind == "pick":
        flows.takes.pick(services(), slug, scene, take)
    elif ask.kind == "unpick":
        flows.takes.pick(services(), slug, scene, None)
    elif ask.kind == "pin" and not ask.take and _is_pinned(slug, scene, take):
        flows.takes.unpin(services(), slug, scene)  # the key of the page turns it on and off
    elif ask.kind == "pin":
        notices.tell("done.pinned", seed=flows.takes.pin(services(), slug, scene, take).scene(scene).seed)
    elif ask.kind == "unpin":
        flows.takes.unpin(services(), slug, scene)
    elif ask.kind == "favourite":
        key = PictureKey(slug, scene, take)
        flows.gallery.set_favourite(services(), [key], key not in services().favourites.favourites())
    elif ask.kind == "settings":
        before = services().stories.load(slug).revision
        flows.takes.use_settings(services(), slug, scene, take)
        notices.tell("done.settings_used", undo=notices.Undo(kind="revision", token=str(before), story=slug))
    elif ask.kind == "delete":
        token = services().takes.delete(slug, scene, take)
        notices.tell("done.take_deleted", undo=notices.Undo(kind="take", token=token))


def _redo(slug: str, scene: str) -> None:
    fields.save_all()
    try:
        submitted = flows.queue.redo(services(), slug, scene, takes=1)
    except StandInNeeded:
        notices.tell("stand_in.first")
        return
    if submitted.queued:
        notices.tell("lightbox.queued")
    else:
        notices.tell("done.render_nothing", found=submitted.found)


def _shown(slug: str, scene: str) -> str | None:
    panels = flows.panels.open_story(services(), slug).board.panels
    chosen = next((panel.chosen for panel in panels if panel.scene.id == scene), None)
    return None if chosen is None else chosen.take.id


def _is_pinned(slug: str, scene_id: str, take: str) -> bool:
    scene = services().stories.load(slug).scene(scene_id)
    found = services().takes.read(slug, scene_id, take)
    return scene.pinned and found is not None and found.recipe.seed == scene.seed


def _draw_again(beside_panels: bool, ask: Ask) -> None:
    if beside_panels and ask.kind in ("pick", "unpick", "favourite"):
        redraw.done_to_panel(ask.story, ask.scene, lightbox.PART)
    else:
        st.rerun()


def _revision(now: OpenStory) -> str:
    """Changes with whatever the lightbox shows of the story."""
    shown = [
        (panel.scene.id, len(panel.takes), panel.chosen and panel.chosen.take.id, panel.is_picked)
        for panel in now.board.panels
    ]
    scores = [view.score for panel in now.board.panels for view in panel.takes]
    return hashlib.sha256(repr((now.story.revision, shown, scores)).encode()).hexdigest()[:16]
