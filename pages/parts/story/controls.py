"""What a scene's picture is held to: lines, depth, a pose or a look, each with picture, weight and range of steps."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import fields, folded, headings, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, labels, language, plain, say
from pages.parts.story import painter, sketch
from story_engine import flows
from story_engine.domain.control import KINDS, LARGEST_WEIGHT, ControlUse
from story_engine.domain.family import Family
from story_engine.domain.story import Scene, Story
from story_engine.errors import StudioError
from story_engine.flows.controls import READINGS, Offer

FILES = ["png", "jpg", "jpeg", "webp"]
LARGEST_UPLOAD_MB = 50
_WIDTH = 132
_STEP = 0.05


def draw(slug: str, story: Story, scene: Scene) -> None:
    """Folded away; opened, what the scene has, and a place for more."""
    held = " · ".join(say(f"control.{use.kind}") for use in scene.controls)
    with folded.expander(say("control.title"), key=f"scene-controls-{slug}-{scene.id}", note=held) as fold:
        if not fold.open:
            return
        family = painter.family(story)
        known = {offer.kind: offer for offer in flows.controls.offers(family)}
        for use in scene.controls:
            _draw_use(slug, scene, use, known[use.kind], family)
        _draw_more(slug, story, scene, known, family)


def _draw_use(slug: str, scene: Scene, use: ControlUse, offer: Offer, family: Family) -> None:
    key = f"control-{slug}-{scene.id}-{use.kind}"
    with st.container(border=True, gap="xsmall", key=key):
        _draw_head(slug, scene, use, key)
        _draw_lack(offer, family)
        shown, values = st.columns([1, 2], gap="small", vertical_alignment="center")
        path = flows.controls.picture(services(), use)
        with shown:
            if path is None:
                st.warning(say("control.picture_gone"), icon=":material/hide_image:")
            else:
                st.image(path.read_bytes(), width=_WIDTH)
        with values:
            _draw_values(slug, scene, use, key)


def _draw_head(slug: str, scene: Scene, use: ControlUse, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{say(f'control.{use.kind}')}**", width="stretch")
        st.button(
            say("control.remove"),
            key=f"icon-{key}-remove",
            icon=":material/delete:",
            type="tertiary",
            help=say("control.remove"),
            on_click=notices.attempt,
            args=(_remove, slug, scene.id, use.kind),
        )


def _draw_values(slug: str, scene: Scene, use: ControlUse, key: str) -> None:
    weight, steps = f"{key}-weight", f"{key}-steps"
    for name, value in ((weight, use.weight), (steps, (use.begin, use.end))):
        seen = f"{name}-seen"
        if st.session_state.get(seen) != value:  # it has changed elsewhere, or is drawn for the first time
            st.session_state[seen] = st.session_state[name] = value
    st.slider(
        say("control.weight"),
        0.0,
        LARGEST_WEIGHT,
        step=_STEP,
        key=weight,
        help=say("control.weight_help"),
        on_change=lambda: _change(slug, scene.id, use.kind, weight=st.session_state[weight]),
    )
    st.slider(
        say("control.steps"),
        0.0,
        1.0,
        step=_STEP,
        key=steps,
        help=say("control.steps_help"),
        on_change=lambda: _change(
            slug, scene.id, use.kind, begin=st.session_state[steps][0], end=st.session_state[steps][1]
        ),
    )


def _draw_lack(offer: Offer, family: Family) -> None:
    """Why a kind of control cannot act; nothing where it can."""
    title, kind = plain(family_title(family.name)), say(f"control.{offer.kind}")
    if offer.state == "none":
        st.caption(f":orange[:material/block: {say('control.no_adapter', family=title, kind=kind)}]")
    elif offer.state == "missing":
        name = plain(family_title(offer.package))
        st.caption(f":orange[:material/cloud_download: {say('control.no_files', kind=kind, name=name)}]")


def _draw_more(slug: str, story: Story, scene: Scene, known: dict[str, Offer], family: Family) -> None:
    key = f"control-more-{slug}-{scene.id}"
    kind = st.segmented_control(
        say("control.kind"), KINDS, format_func=labels("control.", KINDS).__getitem__, key=f"{key}-kind"
    )
    if kind is None:
        st.caption(say("control.about"))
        return
    st.caption(say(f"control.{kind}_about"))
    _draw_lack(known[kind], family)
    if known[kind].state == "none":
        return
    reading = "map"
    if kind == "edges":
        chosen = st.segmented_control(
            say("control.reading"),
            READINGS,
            format_func=labels("control.reading_", READINGS).__getitem__,
            key=f"{key}-reading",
            default="picture",
            required=True,
        )
        reading = chosen or "picture"
    elif kind == "likeness":
        reading = "picture"
    count_key = f"{key}-count"
    upload = st.file_uploader(
        say("control.upload"),
        type=FILES,
        key=f"{key}-file-{kind}-{st.session_state.get(count_key, 0)}",
        max_upload_size=LARGEST_UPLOAD_MB,
    )
    if upload is not None:
        _take_in(slug, scene, kind, upload.name, upload.getvalue(), reading, count_key)
    with st.container(horizontal=True, gap="small", key=f"{key}-ways"):
        if kind == sketch.KIND:
            st.button(
                say("control.draw"),
                key=f"{key}-draw",
                icon=":material/draw:",
                on_click=sketch.ask,
                args=(slug, scene.id),
            )
        _draw_panels(slug, story, scene, kind, key)


def _draw_panels(slug: str, story: Story, scene: Scene, kind: str, key: str) -> None:
    others = {
        other.id: say("control.panel", name=plain(headings.scene_name(other, position)))
        for position, other in enumerate(story.scenes)
        if other.id != scene.id
    }
    if others and kind in ("edges", "likeness"):
        menu = f"{key}-panel"
        st.menu_button(
            say("control.from_panel"),
            list(others),
            format_func=others.__getitem__,
            key=menu,
            icon=":material/photo_library:",
            on_click=lambda: notices.attempt(_from_panel, slug, scene.id, kind, st.session_state[menu]),
        )


def _take_in(slug: str, scene: Scene, kind: str, name: str, content: bytes, reading: str, count_key: str) -> None:
    """A file is taken as soon as it is there; what cannot be read says why, and stays to be exchanged."""
    try:
        fields.save_all()
        flows.controls.use_upload(
            services(),
            slug,
            scene.id,
            kind,
            name=name,
            content=content,
            reading=next(each for each in READINGS if each == reading),
        )
    except StudioError as error:
        st.error(plain(error.text(language())), icon=":material/error:")
        return
    st.session_state[count_key] = st.session_state.get(count_key, 0) + 1
    st.rerun()


def _from_panel(slug: str, scene: str, kind: str, panel: str | None) -> None:
    if panel is not None:
        fields.save_all()
        flows.controls.use_panel(services(), slug, scene, kind, panel)


def _change(slug: str, scene: str, kind: str, **values: float) -> None:
    notices.attempt(flows.controls.change, services(), slug, scene, kind, **values)


def _remove(slug: str, scene: str, kind: str) -> None:
    flows.controls.remove(services(), slug, scene, kind)
