"""Which training the pictures are judged for: the one that the Train page is set to, until another is chosen here."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, plain, say
from pages.parts.train import fields as train_fields
from story_engine import flows
from story_engine.domain.training import TrainingSpec
from story_engine.domain.training_presets import PRESETS
from story_engine.flows.planned_training import PlannedTraining

_KEY = "dataset-clinic-training"


def draw() -> PlannedTraining:
    """The choice, with what it comes to in pixels and steps."""
    titles = {preset: say(f"train_preset_{preset}") for preset in PRESETS}
    if st.session_state.get(_KEY) not in titles:
        st.session_state[_KEY] = _usual()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            say("dataset_clinic_training"),
            list(titles),
            format_func=titles.__getitem__,
            key=_KEY,
            width=260,
            help=say("dataset_clinic_training_help"),
            persist_state="session",
        )
        training = now()
        st.markdown(
            say(
                "dataset_clinic_plan",
                family=plain(family_title(training.family)),
                side=training.side,
                steps=training.steps,
                batch_size=training.batch_size,
            ),
            width="content",
        )
    return training


def now() -> PlannedTraining:
    """The training that is chosen, with the fields that were changed on the Train page."""
    preset = str(st.session_state.get(_KEY) or _usual())
    if preset != train_fields.chosen_preset():
        return flows.planned_training.of_preset(services(), preset)
    spec = TrainingSpec.model_validate(train_fields.values(preset) | {"name": "", "dataset": ""})
    return flows.planned_training.planned(services(), spec)


def _usual() -> str:
    return train_fields.chosen_preset() or flows.planned_training.usual_preset(services())
