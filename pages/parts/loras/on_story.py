"""A LoRA put on a story, from the library's side."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import frame, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, plain, say
from story_engine import flows
from story_engine.domain.lora import LoraEntry


def draw(entry: LoraEntry) -> str | None:
    """Choose a story; it then uses the LoRA with the recommended strength. The story that is chosen."""
    titles = {slug: title or say("home.untitled") for slug, title in flows.shelf.titles(services()).items()}
    with st.container(key="card-lora-story", gap="small"):
        if not titles:
            st.caption(say("story.none_yet"))
            return None
        key = "lora-story"
        if st.session_state.get(key) not in titles:
            opened = st.session_state.get("opened_story")
            st.session_state[key] = opened if opened in titles else next(iter(titles))
        slug = st.selectbox(
            say("lora.for_story"), list(titles), format_func=titles.__getitem__, key=key, persist_state="session"
        )
        story = services().stories.load(slug)
        used = next((use for use in story.loras if use.name == entry.name), None)
        other = flows.lora_on_story.other_family(services(), slug, entry.family)
        if other is not None:
            made, paints = plain(family_title(entry.family)), plain(family_title(other))
            st.caption(f":orange[:material/warning: {say('lora.other_family', made=made, paints=paints)}]")
        with_trigger = False
        if flows.lora_on_story.needs_trigger(story, entry.trigger):
            with_trigger = st.checkbox(
                say("lora.with_trigger", word=plain(entry.trigger)), value=True, key="lora-with-trigger"
            )
        if used is not None:
            st.caption(f":material/check: {say('lora.used', strength=f'{used.strength:g}')}")
        with st.container(horizontal=True, gap="small"):
            st.button(
                say("lora.use"),
                key="lora-use",
                type="primary",
                icon=":material/brush:",
                disabled=used is not None,
                on_click=notices.attempt,
                args=(apply, slug, entry, with_trigger),
            )
            if st.button(say("home.open", title=plain(titles[slug])), key="lora-open-story"):
                frame.go("story", story=slug)
    return str(slug)


def apply(slug: str, entry: LoraEntry, with_trigger: bool) -> None:
    """The story uses the LoRA from now on; the word that calls it stands in front of its style."""
    tell_used(flows.lora_on_story.put_on(services(), slug, entry.name, with_trigger=with_trigger))


def tell_used(done: flows.lora_on_story.PutOn) -> None:
    """Say so, with the way back."""
    undo = notices.Undo(kind="revision", token=str(done.before), story=done.story)
    notices.tell("lora.used_now", undo=undo, name=done.title, story=done.story_title)
