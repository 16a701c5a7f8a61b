"""Which pictures are painted while a LoRA is trained: scenes of a story, as the model is sent them."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.services import services
from pages.parts.shared.wording import plain, say
from story_engine import flows
from story_engine.domain.training import MOST_SAMPLES, SamplePrompt
from story_engine.errors import StudioError

PROPOSED = 3
"""Scenes that are chosen at first: they are painted again and again."""


def draw(*, trigger: str) -> tuple[SamplePrompt, ...]:
    """The choice of story and scenes; their prompts."""
    titles = flows.shelf.titles(services())
    if not titles:
        return ()
    left, right = st.columns(2, gap="medium")
    key = "train:story"
    if st.session_state.get(key) not in titles:
        opened = st.session_state.get("opened_story")
        st.session_state[key] = opened if opened in titles else next(iter(titles))
    with left:
        slug = str(
            st.selectbox(
                say("train_story"),
                list(titles),
                format_func=titles.__getitem__,
                key=key,
                help=say("train_help_sample_prompts"),
                persist_state="session",
            )
        )
    story = services().stories.load(slug)
    written = {
        scene.id: f"{place}. {scene.title or scene.prompt[:30]}"
        for place, scene in enumerate(story.scenes, start=1)
        if scene.prompt.strip()
    }
    scenes = f"train:scenes:{slug}"
    if scenes not in st.session_state:
        st.session_state[scenes] = list(written)[:PROPOSED]
    st.session_state[scenes] = [each for each in st.session_state[scenes] if each in written]
    with right:
        chosen = st.multiselect(
            say("train_scenes"),
            list(written),
            format_func=written.__getitem__,
            key=scenes,
            placeholder=say("train_scenes_none"),
            max_selections=MOST_SAMPLES,
            persist_state="session",
        )
    try:
        return flows.train_samples.sample_prompts(services(), slug, [str(each) for each in chosen], trigger=trigger)
    except StudioError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return ()
