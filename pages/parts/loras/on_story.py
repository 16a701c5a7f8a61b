"""A LoRA put on a story, from the library's side."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import frame, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, plain, say
from story_engine import flows
from story_engine.domain.edit import Edit
from story_engine.domain.lora import LoraEntry
from story_engine.domain.resolve import join, separator_of
from story_engine.domain.story import LoraUse, Story


def draw(entry: LoraEntry) -> None:
    """Choose a story; it then uses the LoRA with the recommended strength."""
    titles = {slug: title or say("home.untitled") for slug, title in flows.shelf.titles(services()).items()}
    with st.container(key="card-lora-story", gap="small"):
        if not titles:
            st.caption(say("story.none_yet"))
            return
        key = "lora-story"
        if st.session_state.get(key) not in titles:
            opened = st.session_state.get("opened_story")
            st.session_state[key] = opened if opened in titles else next(iter(titles))
        slug = st.selectbox(
            say("lora.for_story"), list(titles), format_func=titles.__getitem__, key=key, persist_state="session"
        )
        story = services().stories.load(slug)
        used = next((use for use in story.loras if use.name == entry.name), None)
        if entry.family and entry.family != story.settings.family:
            made, paints = plain(family_title(entry.family)), plain(family_title(story.settings.family))
            st.caption(f":orange[:material/warning: {say('lora.other_family', made=made, paints=paints)}]")
        with_trigger = False
        if entry.trigger and entry.trigger.casefold() not in story.style.casefold():
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


def apply(slug: str, entry: LoraEntry, with_trigger: bool) -> None:
    """The story uses the LoRA from now on; the word that calls it stands in front of its style."""
    story = services().stories.load(slug)
    before = story.revision
    services().stories.edit(slug, edits(story, entry, with_trigger=with_trigger))
    notices.tell(
        "lora.used_now",
        undo=notices.Undo(kind="revision", token=str(before), story=slug),
        name=entry.title,
        story=story.title,
    )


def edits(story: Story, entry: LoraEntry, *, with_trigger: bool) -> list[Edit]:
    """What changes in a story that gets a LoRA."""
    use = LoraUse(name=entry.name, strength=entry.strength)
    changed = [Edit(scene=None, field="loras", part=(entry.name,), value=use, seen=None)]
    if with_trigger:
        style = join((entry.trigger, story.style), separator_of(story, story.scenes[0]))
        changed.append(Edit(scene=None, field="style", value=style, seen=story.style))
    return changed
