"""Every setting of a training as a field, in groups, with what it does and which values are accepted."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import streamlit as st

from pages.parts.shared.wording import family_title, language, say, texts
from story_engine.domain.family import FAMILY_NAMES
from story_engine.domain.training import PRECISIONS, SCHEDULERS, TARGETS, TrainingSpec
from story_engine.domain.training_limits import LIMITS
from story_engine.domain.training_text import spec_from_preset

GROUPS: Mapping[str, tuple[str, ...]] = {
    "length": ("max_epochs", "steps_per_epoch", "batch_size", "gradient_accumulation_steps"),
    "adapter": ("lora_rank", "lora_alpha", "target_modules", "lora_dropout"),
    "learning": (
        "learning_rate",
        "lr_scheduler",
        "lr_warmup_steps",
        "weight_decay",
        "max_grad_norm",
        "min_snr_gamma",
        "noise_offset",
        "caption_dropout",
        "prior_weight",
        "prior_pictures",
        "min_timestep",
        "max_timestep",
    ),
    "pictures": ("resolution", "center_crop", "crops", "random_flip", "aspect_buckets", "true_size"),
    "machine": ("family", "precision", "use_gradient_checkpointing", "processes", "seed"),
    "keeping": ("sample_every", "sample_steps", "save_every", "keep_last", "keep_every"),
}
NEW = "new"
"""In the address, instead of a run: the form."""
PRESET_KEY = "train:preset"
"""Of the session: the preset that the form is set to."""
ELSEWHERE = frozenset({"name", "dataset", "trigger", "other_styles", "sample_prompts"})
"""Fields that the form shows unfolded."""
_CHOICES: Mapping[str, Collection[str]] = {
    "family": FAMILY_NAMES,
    "precision": PRECISIONS,
    "lr_scheduler": SCHEDULERS,
}


def label(field: str) -> str:
    """What a field is called on the page, with its own name; empty for what is no field."""
    known = texts(language())
    return known.get(f"train_field_{field}", known.get(f"train_{field}", ""))


def values(preset: str) -> dict[str, object]:
    """All folded fields, as they stand in the form."""
    spec = _of_preset(preset)
    return {field: _read(field, getattr(spec, field)) for group in GROUPS.values() for field in group}


def chosen_preset() -> str | None:
    """The preset that this session has chosen; None before the form was looked at."""
    chosen = st.session_state.get(PRESET_KEY)
    return str(chosen) if chosen else None


def follow(preset: str) -> None:
    """Set every field to what the preset says."""
    spec = _of_preset(preset)
    for group in GROUPS.values():
        for field in group:
            st.session_state[_key(field)] = _shown(getattr(spec, field))


def take(spec: TrainingSpec) -> None:
    """Set the whole form to a training as it was, its name left out."""
    for group in GROUPS.values():
        for field in group:
            st.session_state[_key(field)] = _shown(getattr(spec, field))
    for field in ("dataset", "trigger", "other_styles"):
        st.session_state[f"train:{field}"] = getattr(spec, field)


def draw(preset: str) -> None:
    """All folded fields in groups."""
    spec = _of_preset(preset)
    for group, fields in GROUPS.items():
        st.markdown(f"**{say(f'train_group_{group}')}**")
        grid = st.grid(4, min_column_width=200, gap=14, key=f"train-group-{group}")
        for field in fields:
            with grid.cell():
                _draw(field, getattr(spec, field))


def _draw(field: str, usual: object) -> None:
    key = _key(field)
    if key not in st.session_state:
        st.session_state[key] = _shown(usual)
    name = f"{label(field)} `{field}`"
    if field == "target_modules":
        st.multiselect(name, TARGETS, key=key, help=_help(field), persist_state="session")
    elif field in _CHOICES:
        options = {each: _choice(field, each) for each in _CHOICES[field]}
        st.selectbox(
            name, list(options), format_func=options.__getitem__, key=key, help=_help(field), persist_state="session"
        )
    elif isinstance(usual, bool):
        st.toggle(name, key=key, help=_help(field), persist_state="session")
    elif isinstance(usual, int):
        # No bounds here: what is out of range is said in the list of problems, in the reader's language.
        st.number_input(name, value=None, step=1, key=key, help=_help(field), persist_state="session")
    else:
        st.number_input(
            name, value=None, step=_step(usual), format="%g", key=key, help=_help(field), persist_state="session"
        )


def _choice(field: str, value: str) -> str:
    return family_title(value) if field == "family" else texts(language()).get(f"train_{field}_{value}", value)


def _help(field: str) -> str:
    text = say(f"train_help_{field}")
    if field in LIMITS:
        least, most = LIMITS[field]
        text += f"  \n{say('train_range', least=f'{least:g}', most=f'{most:g}')}"
    return text


def _step(usual: object) -> float:
    number = float(str(usual))
    return max(1e-6, number / 10) if number else 0.01


def _key(field: str) -> str:
    return f"train:field:{field}"


def _shown(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _read(field: str, usual: object) -> object:
    """What the widget holds; an emptied number is what the preset says."""
    value = st.session_state.get(_key(field))
    if value is None:
        return usual
    return tuple(value) if isinstance(value, list) else value


def _of_preset(preset: str) -> TrainingSpec:
    return spec_from_preset(preset, name="", dataset="")
