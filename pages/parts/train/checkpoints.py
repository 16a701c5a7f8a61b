"""What a training leaves: its checkpoints, and the way of each into the LoRA library."""

from __future__ import annotations

import streamlit as st

from pages.parts.loras import on_story
from pages.parts.shared import frame, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, language, plain, say
from pages.parts.train import fields as train_fields
from story_engine import flows
from story_engine.domain.training import TrainingSpec
from story_engine.domain.training_prior import PROPOSED_WEIGHT
from story_engine.flows.train_view import RunView
from story_engine.messages import message


def draw(view: RunView) -> None:
    """Choose a checkpoint, name it, put it into the library."""
    if not view.checkpoints:
        return
    run = view.card.id
    steps = view.checkpoints[::-1]
    choice = view.choice
    proposed = choice.step if choice is not None and choice.step in steps else steps[0]
    with st.container(key="card-train-checkpoints", gap="small"):
        st.markdown(f"**{say('train_checkpoints')}**")
        if choice is not None:
            for code, values in choice.reasons:
                icon = "lightbulb" if code.startswith("training.advice_") else "recommend"
                st.markdown(f":material/{icon}: {plain(message(code, language(), **values))}")
            if any(code == "training.advice_prior" for code, _ in choice.reasons):
                st.button(
                    say("train_again_with_prior"),
                    key="train-again-with-prior",
                    icon=":material/refresh:",
                    help=say("train_help_prior_weight"),
                    on_click=_again_with_prior,
                    args=(view.spec,),
                )
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            key = f"train-step-{run}"
            if st.session_state.get(key) not in steps:
                st.session_state[key] = proposed
            step = st.selectbox(
                say("train_step"),
                steps,
                format_func=lambda each: say("train_at_step", step=each),
                key=key,
                width=200,
            )
            name = f"train-library-{run}"
            if name not in st.session_state:
                st.session_state[name] = view.card.name
            st.text_input(say("train_library_name"), key=name, width=260)
            st.button(
                say("train_to_library"),
                key="train-to-library",
                icon=":material/library_add:",
                on_click=notices.attempt,
                args=(_to_library, run, int(step), name, _strength(view, int(step))),
            )
        _draw_stories(view, int(step), name)
        path = flows.train_view.checkpoint(services(), run, int(step))
        st.caption(say("train_checkpoint_file", path=plain(path.name), folder=plain(str(path.parent))))


def _again_with_prior(spec: TrainingSpec) -> None:
    """The form for a new training: the same, and the base's own pictures beside it."""
    train_fields.take(spec.model_copy(update={"prior_weight": PROPOSED_WEIGHT}))
    st.session_state["opened_run"] = st.query_params["run"] = train_fields.NEW


def _strength(view: RunView, step: int) -> float:
    """What a checkpoint is recommended with."""
    return view.choice.strength if view.choice is not None and view.choice.step == step else 1.0


def _draw_stories(view: RunView, step: int, name: str) -> None:
    """Straight onto the story whose scenes the samples show: the library's entry is made on the way."""
    stories = flows.lora_on_story.stories_of_samples(services(), view.spec)
    for slug, title in stories.items():
        other = flows.lora_on_story.other_family(services(), slug, view.spec.family)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"train-use-row-{slug}"):
            st.button(
                say("train_use_in", story=plain(title)),
                key=f"train-use-{slug}",
                icon=":material/brush:",
                type="primary" if view.card.state == "finished" else "secondary",
                on_click=notices.attempt,
                args=(_use, view.card.id, step, slug, name, _strength(view, step)),
            )
            if st.button(say("home.open", title=plain(title)), key=f"train-open-story-{slug}", type="tertiary"):
                frame.go("story", story=slug)
        if other is not None:
            made, paints = plain(family_title(view.spec.family)), plain(family_title(other))
            st.caption(f":orange[:material/warning: {say('lora.other_family', made=made, paints=paints)}]")


def _use(run: str, step: int, slug: str, key: str, strength: float) -> None:
    name = str(st.session_state[key]).strip() or None
    on_story.tell_used(flows.lora_on_story.put_checkpoint_on(services(), run, step, slug, name=name, strength=strength))


def _to_library(run: str, step: int, key: str, strength: float) -> None:
    wanted = str(st.session_state[key]).strip() or None
    name = flows.loras.add_checkpoint(services(), run, step, wanted, strength=strength)
    notices.tell("train_in_library", name=name)
