"""What takes up how much on the disk, what of it can go, and how much is kept from now on."""

from __future__ import annotations

import streamlit as st

from pages.parts.settings import trash
from pages.parts.shared import folded, notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import language, plain, say, size
from story_engine import flows
from story_engine.domain.disk import Cleanup, DiskUse, Limits, Room
from story_engine.flows.disk_work import DiskState

TICK_SECONDS = 0.5
STORIES_SHOWN = 100
"""The largest ones; the command line lists all."""
NAMED = 8
"""Names of what goes that a line of the preview lists."""
_ICONS = {
    "takes": "imagesmode",
    "references": "photo",
    "gone_takes": "hide_image",
    "datasets": "photo_library",
    "runs": "model_training",
    "loras": "brush",
    "models": "deployed_code",
    "caches": "cached",
    "ledger": "list_alt",
    "logs": "description",
    "bundles": "folder_zip",
    "trash": "delete",
    "stories": "auto_stories",
}
_COUNTED = {"takes", "references", "gone_takes", "datasets", "runs", "loras", "bundles", "trash"}
"""What a person counts; of the others the number of files says nothing."""
_RANGES = {"trash_days": (1, 3650, 1), "finished_jobs": (50, 100_000, 50), "job_days": (1, 3650, 1)}
_CACHE_GB = (0.1, 10_000.0, 1.0)


def draw() -> None:
    """The whole section. Measured in the background: the page never waits for it."""
    st.header(say("disk.title"), anchor=False)
    state, limits = flows.disk.state(services()), flows.disk.limits(services())
    with st.container(key="card-disk", gap="small"):
        _draw_status(state)
        if state.use is not None:
            _draw_parts(state.use)
            _draw_stories(state.use)
            _draw_cleanups(state.use, is_cleaning=state.is_cleaning)
            trash.draw(state.use, limits)
        _draw_limits(limits)


def _draw_status(seen: DiskState) -> None:
    """What is free, and how far measuring or cleaning is; the page is drawn anew once that is over."""
    is_busy = seen.is_measuring or seen.is_cleaning

    @st.fragment(run_every=TICK_SECONDS if is_busy else None)
    def tick() -> None:
        with notices.shown_here():
            state = flows.disk.state(services())
            if is_busy and not (state.is_measuring or state.is_cleaning):
                st.rerun()
            if state.error is not None:
                st.error(plain(state.error.text(language())), icon=":material/error:")
            if state.is_cleaning:
                share = state.freed_bytes / state.to_free_bytes if state.to_free_bytes else 0.0
                freed, of = size(state.freed_bytes), size(state.to_free_bytes)
                st.progress(min(1.0, share), text=say("disk.cleaning", freed=freed, of=of))
            elif state.use is None:
                st.markdown(f":material/hourglass_top: {say('disk.measuring')}")
            else:
                _draw_free(state.use, is_measuring=state.is_measuring)

    tick()


def _draw_free(use: DiskUse, *, is_measuring: bool) -> None:
    used, free, total = size(use.size_bytes), size(use.free_bytes), size(use.total_bytes)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key="disk-free"):
        st.markdown(f"**{say('disk.used', size=used)}**", width="content")
        again = f" · {say('disk.measuring_again')}" if is_measuring else ""
        st.caption(say("disk.free", free=free, total=total) + again, width="content")
    st.progress(1 - use.free_bytes / use.total_bytes if use.total_bytes else 0.0)


def _draw_parts(use: DiskUse) -> None:
    with st.container(key="disk-parts", gap=None):
        for part in sorted(use.parts, key=lambda part: -part.size_bytes):
            icon = _ICONS.get(part.name, "draft")
            name = f":material/{icon}: {say(f'disk.part.{part.name}')}"
            _draw_row(f"part-{part.name}", name, part, is_counted=part.name in _COUNTED)


def _draw_row(key: str, name: str, room: Room, *, is_counted: bool = True) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key=f"disk-row-{key}"
    ):
        st.markdown(name, width="content")
        count = f":gray[{room.count} ·] " if is_counted else ""
        st.markdown(f"{count}**{size(room.size_bytes)}**", width="content")


def _draw_stories(use: DiskUse) -> None:
    if not use.stories:
        return
    with (
        folded.expander(say("disk.stories"), key="disk-stories", note=f"{len(use.stories)}"),
        st.container(gap=None, key="disk-story-rows"),
    ):
        for story in use.stories[:STORIES_SHOWN]:
            gone = f" :orange-badge[{say('disk.story_gone')}]" if story.is_gone else ""
            _draw_row(f"story-{story.name}", f"{plain(story.title)}{gone}", story)


def _draw_cleanups(use: DiskUse, *, is_cleaning: bool) -> None:
    """The preview: everything that would go, by kind, each of which can be left out."""
    if not use.cleanups:
        st.caption(f":material/check: {say('disk.nothing_to_clean')}")
        return
    total = sum(each.size_bytes for each in use.cleanups)
    with folded.expander(say("disk.can_go"), key="disk-clean", note=say("disk.can_go_amount", size=size(total))):
        st.caption(say("disk.can_go_hint"))
        for each in use.cleanups:
            with st.container(gap=None, key=f"disk-going-{each.kind}"):
                st.checkbox(_what_goes(each), key=f"disk-go-{each.kind}", value=True)
                if each.names:
                    st.caption(_named(each))
        chosen = [each for each in use.cleanups if st.session_state.get(f"disk-go-{each.kind}", True)]
        st.button(
            say("disk.clean", size=size(sum(each.size_bytes for each in chosen))),
            key="disk-clean-now",
            icon=":material/mop:",
            type="primary",
            disabled=is_cleaning or not chosen,
            on_click=notices.attempt,
            args=(ask(flows.disk.start_cleaning), [each.kind for each in chosen]),
        )


def _what_goes(each: Cleanup) -> str:
    return f"{say(f'disk.go.{each.kind}', n=each.count)} · **{size(each.size_bytes)}**"


def _named(each: Cleanup) -> str:
    names = [say(f"disk.cache.{name}") if each.kind == "caches" else name for name in each.names[:NAMED]]
    more = f" {say('disk.and_more', n=len(each.names) - NAMED)}" if len(each.names) > NAMED else ""
    return plain(" · ".join(names)) + more


def _draw_limits(limits: Limits) -> None:
    with st.expander(say("disk.limits"), type="compact", key="disk-limits"):
        grid = st.grid(2, min_column_width=220)
        for name, (least, most, step) in _RANGES.items():
            with grid.cell():
                key = f"disk-limit-{name}"
                st.number_input(
                    say(f"disk.limit.{name}"),
                    value=getattr(limits, name),
                    min_value=least,
                    max_value=most,
                    step=step,
                    key=key,
                    on_change=_set,
                    args=(name, key),
                )
        with grid.cell():
            least_gb, most_gb, step_gb = _CACHE_GB
            st.number_input(
                say("disk.limit.cache_gb"),
                value=limits.cache_gb,
                min_value=least_gb,
                max_value=most_gb,
                step=step_gb,
                format="%.1f",
                key="disk-limit-cache_gb",
                on_change=_set,
                args=("cache_gb", "disk-limit-cache_gb"),
            )
        st.caption(say("disk.limits_hint"))


def _set(name: str, key: str) -> None:
    notices.attempt(lambda: flows.disk.set_limits(services(), **{name: st.session_state[key]}))
