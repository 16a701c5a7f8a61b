"""The grid's cells in the lightbox, and what can be done with each of them."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import lightbox, notices
from pages.parts.shared.lightbox import Ask, route
from pages.parts.shared.services import services
from pages.parts.shared.wording import language
from story_engine import flows
from story_engine.domain.sweep import Sweep

ACTIONS = ("pick", "pin", "send", "download")


def place(row: int, column: int) -> str:
    """What the lightbox calls a cell."""
    return f"compare-{row}-{column}"


def draw(slug: str, sweep: Sweep) -> None:
    """The lightbox for the cells of this grid."""
    lightbox.draw(
        story=slug,
        actions=ACTIONS,
        act=act,
        after=lambda _: st.rerun(),
        address=route.address(slug, sweep=sweep, language=language()),
        revision=sweep.model_dump_json(),
    )


def act(ask: Ask) -> None:
    """Do what was asked for a cell, and tell it."""
    slug, scene, take = ask.story, ask.scene, ask.take
    before = services().stories.load(slug).revision
    undo = notices.Undo(kind="revision", token=str(before), story=slug)
    if ask.kind == "pick":
        flows.takes.pick(services(), slug, scene, take)
        notices.tell("sweep.done_picked")
    elif ask.kind == "unpick":
        flows.takes.pick(services(), slug, scene, None)
        notices.tell("sweep.done_unpicked")
    elif ask.kind == "pin":
        seed = flows.takes.pin(services(), slug, scene, take).scene(scene).seed
        notices.tell("sweep.done_pinned", seed=seed, undo=undo)
    elif ask.kind == "unpin":
        flows.takes.unpin(services(), slug, scene)
        notices.tell("lightbox.done_unpin", undo=undo)
    elif ask.kind == "send":
        flows.takes.send_settings(services(), slug, scene, take)
        notices.tell("sweep.done_sent", undo=undo)
