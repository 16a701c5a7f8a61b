"""One scene of a story at several strengths of a LoRA: what the recommended strength is chosen by."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import live, notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import language, plain, say
from story_engine import flows
from story_engine.domain.lora import LoraEntry
from story_engine.errors import StudioError
from story_engine.flows.sweep_view import CellView, SweepView


def draw(entry: LoraEntry, slug: str) -> None:
    """The row of pictures, and the button for those that are missing; it follows by itself while they are painted."""
    busy = _busy(entry, slug)

    @st.fragment(run_every=live.TICK_SECONDS if busy else None)
    def follow() -> None:
        with notices.shown_here():
            if _recommended(entry.name) != entry.strength:
                st.rerun()  # another one was recommended: the slider beside it is to say so too
            if busy != _draw(entry, slug):
                st.rerun()  # once: the next run starts with the clock, or without it

    with st.container(key="card-lora-strengths", gap="small"):
        st.markdown(f"**{say('lora.preview')}**")
        follow()


def _recommended(name: str) -> float | None:
    """As it is now; None once the LoRA is gone."""
    try:
        return services().lora_library.entry(name).strength
    except StudioError:
        return None


def _busy(entry: LoraEntry, slug: str) -> bool:
    try:
        view = flows.lora_preview.view(services(), entry.name, slug)
    except StudioError:
        return False
    return view is not None and view.queued > 0


def _draw(entry: LoraEntry, slug: str) -> bool:
    """Whether some of it is being painted or waits."""
    story = services().stories.load(slug)
    try:
        view = flows.lora_preview.view(services(), entry.name, slug)
    except StudioError as error:
        st.caption(say("lora.preview_none", why=plain(error.text(language()))))
        return False
    if view is None:
        st.caption(say("lora.preview_none", why=say("story.none_yet")))
        return False
    scene = story.scene(view.sweep.scene)
    named = {"scene": plain(scene.title or scene.prompt[:40]), "story": plain(story.title or slug)}
    st.caption(say("lora.preview_text", **named))
    grid = st.grid(4, min_column_width=140, gap=12, key="lora-strength-grid")
    for strength, cell in zip(flows.lora_preview.STRENGTHS, view.rows[0], strict=True):
        with grid.cell():
            _draw_cell(entry, strength, cell)
    _draw_button(entry, slug, view)
    return view.queued > 0


def _draw_cell(entry: LoraEntry, strength: float, cell: CellView) -> None:
    label = say("lora.preview_at", strength=f"{strength:g}")
    if cell.take is not None and cell.thumbnail.is_file():
        st.image(str(cell.thumbnail), width="stretch", alt=label)
    else:
        with st.container(key=f"blank-strength-{strength:g}"):
            st.markdown(":material/hourglass_top:" if cell.state != "missing" else ":material/image:")
    if strength == entry.strength or strength == 0:
        st.caption(f":material/recommend: {label}" if strength else label)
    else:
        st.button(
            say("lora.preview_set", strength=f"{strength:g}"),
            key=f"lora-recommend-{strength:g}",
            type="tertiary",
            on_click=notices.attempt,
            args=(_recommend, entry.name, strength),
        )


def _recommend(name: str, strength: float) -> None:
    flows.loras.set_strength(services(), name, strength)


def _draw_button(entry: LoraEntry, slug: str, view: SweepView) -> None:
    if view.missing:
        st.button(
            say("lora.preview_render", n=view.missing),
            key="lora-preview-render",
            icon=":material/brush:",
            on_click=notices.attempt,
            args=(ask(flows.lora_preview.paint), entry.name, slug),
        )
    for job in view.jobs:
        live.draw_job(job, place="strengths")
