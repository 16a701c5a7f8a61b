"""What somebody looks for in the gallery: words, story, LoRA, seed, score, favourites, and in what order."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.wording import labels, say
from story_engine.domain.gallery import ORDERS, GalleryPage, Order, StoryOfPictures, Wanted

_WITHOUT, _NAMED = "without", "named:"
"""Among the LoRAs: pictures without any, and what stands before a name."""
_LOWEST, _HIGHEST = 0.0, 10.0


def wanted() -> Wanted:
    """As the widgets stand, before they are drawn."""
    state = st.session_state
    lowest, highest = state.get("gallery-score") or (_LOWEST, _HIGHEST)
    lora = state.get("gallery-lora")
    order: Order = state.get("gallery-order") or ORDERS[0]
    return Wanted(
        words=state.get("gallery-words") or "",
        story=state.get("gallery-story"),
        lora=None if lora is None else "" if lora == _WITHOUT else lora.removeprefix(_NAMED),
        seed=state.get("gallery-seed"),
        score_from=lowest if lowest > _LOWEST else None,
        score_to=highest if highest < _HIGHEST else None,
        favourites=bool(state.get("gallery-favourites")),
        order=order if order in ORDERS else ORDERS[0],
    )


def draw(found: GalleryPage) -> None:
    """One row for what most people want; the rest behind a button that says how much of it is set."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="gallery-filters"):
        st.text_input(
            say("gallery.words"),
            key="gallery-words",
            placeholder=say("gallery.words_hint"),
            icon=":material/search:",
            type="search",
            live=True,
            max_chars=500,
            on_change=_to_first_page,
            persist_state="session",
            label_visibility="collapsed",
        )
        st.toggle(
            say("gallery.favourites"), key="gallery-favourites", on_change=_to_first_page, persist_state="session"
        )
        orders = labels("gallery.order_", ORDERS)
        st.selectbox(
            say("gallery.order"),
            ORDERS,
            format_func=orders.__getitem__,
            key="gallery-order",
            width=170,
            on_change=_to_first_page,
            persist_state="session",
            label_visibility="collapsed",
        )
        _draw_more(found)


def _draw_more(found: GalleryPage) -> None:
    asked = wanted()
    set_here = [asked.story, asked.lora, asked.seed, asked.score_from or asked.score_to]
    count = sum(each is not None for each in set_here)
    title = say("gallery.filters_set", n=count) if count else say("gallery.filters")
    with st.popover(title, icon=":material/tune:", key="gallery-more"):
        _choose("story", {each.slug: _story_name(each) for each in found.stories})
        _choose("lora", {_WITHOUT: say("gallery.without_lora")} | {f"{_NAMED}{name}": name for name in found.loras})
        st.number_input(
            say("gallery.seed_label"),
            value=None,
            step=1,
            format="%d",
            key="gallery-seed",
            placeholder=say("gallery.any"),
            on_change=_to_first_page,
            persist_state="session",
        )
        st.slider(
            say("gallery.score", scorer=say(f"gallery.scorer_{found.scorer}")),
            _LOWEST,
            _HIGHEST,
            (_LOWEST, _HIGHEST),
            step=0.1,
            key="gallery-score",
            on_change=_to_first_page,
            persist_state="session",
        )
        st.button(say("gallery.clear"), key="gallery-clear", disabled=not count, on_click=_clear)


def _choose(what: str, names: dict[str, str]) -> None:
    """One of `names`, or any; what was chosen before and is no more is any again."""
    key = f"gallery-{what}"
    if st.session_state.get(key) not in names:
        st.session_state[key] = None
    st.selectbox(
        say(f"gallery.{what}"),
        list(names),
        index=None,
        format_func=names.__getitem__,
        key=key,
        placeholder=say("gallery.any"),
        on_change=_to_first_page,
        persist_state="session",
    )


def _story_name(each: StoryOfPictures) -> str:
    title = each.title or say("home.untitled")
    return f"{title} ({each.count})" if each.shelf == "here" else say(f"gallery.shelf_{each.shelf}", title=title)


def _to_first_page() -> None:
    st.session_state["gallery-page"] = 1


def _clear() -> None:
    for name in ("story", "lora", "seed", "score"):
        st.session_state.pop(f"gallery-{name}", None)
    _to_first_page()
