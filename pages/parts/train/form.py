"""A new training: what to train on, a preset, few fields, all else folded; what stands in its way; the start."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.dataset import damaged, import_progress
from pages.parts.shared import live, notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import LANGUAGE_NAMES, duration, family_title, language, plain, say, size
from pages.parts.train import fields as train_fields
from pages.parts.train import prompts as train_prompts
from story_engine import flows
from story_engine.domain.captions import language_of
from story_engine.domain.training import SamplePrompt, TrainingSpec
from story_engine.domain.training_cost import Memory
from story_engine.flows.train import TrainingPlan
from story_engine.messages import message

PRESET_ICONS = {
    "quick_look": ":material/bolt:",
    "style": ":material/brush:",
    "character": ":material/face:",
    "challenge": ":material/emoji_events:",
}
"""In the order of the cards: the quickest first, for who is here for the first time."""
_PRESET = train_fields.PRESET_KEY


def draw(*, on_start: Callable[[str], None]) -> None:
    """The form. `on_start` is called with the id of the run that was started."""
    cards = flows.dataset_view.cards(services())
    with st.container(key="card-train-form", gap="medium"):
        dataset = _draw_dataset({card.name: card.title for card in cards if card.damage is None})
        damaged.draw(cards)
        importing = services().imports.state(dataset)
        if importing is not None and importing.state != "done":
            import_progress.follow(dataset)
        preset = _draw_presets()
        spec = _draw_fields(dataset, preset)
    plan = flows.train.plan(services(), spec)
    with st.container(key="card-train-plan", gap="small"):
        _draw_plan(plan)
        st.button(
            say("train_start"),
            key="train-start",
            icon=":material/play_arrow:",
            type="primary",
            disabled=not plan.can_start,
            on_click=notices.attempt,
            args=(_start, spec, on_start),
        )


def _draw_dataset(titles: dict[str, str]) -> str:
    names = tuple(titles)
    key = "train:dataset"
    if st.session_state.get(key) not in names:
        st.session_state[key] = names[0]
    dataset = st.selectbox(
        say("train_dataset"), names, format_func=titles.__getitem__, key=key, persist_state="session"
    )
    view = flows.dataset_view.view(services(), str(dataset))
    with st.container(horizontal=True, gap="xsmall"):
        for entry in view.kept[:8]:
            thumbnail = services().datasets.thumbnail(view.name, entry.file)
            if thumbnail.is_file():
                st.image(str(thumbnail), width=64, alt=entry.caption or entry.file)
    st.caption(say("dataset_kept", kept=len(view.kept), all=len(view.dataset.entries)))
    return str(dataset)


def _draw_presets() -> str:
    chosen = st.session_state.setdefault(_PRESET, next(iter(PRESET_ICONS)))
    st.markdown(f"**{say('train_preset')}**")
    grid = st.grid(4, min_column_width=210, gap=12, key="train-presets")
    for name, icon in PRESET_ICONS.items():
        state = "chosen" if name == chosen else "other"
        with grid.cell(), st.container(key=f"preset-{state}-{name}", gap="xxsmall"):
            st.markdown(f"{icon} **{say(f'train_preset_{name}')}**")
            st.caption(say(f"train_preset_{name}_text"))
            st.button(
                say(f"train_preset_{name}"), key=f"whole-preset-{name}", on_click=_choose, args=(name,), width="stretch"
            )
    return str(chosen)


def _choose(preset: str) -> None:
    st.session_state[_PRESET] = preset
    train_fields.follow(preset)


def _draw_fields(dataset: str, preset: str) -> TrainingSpec:
    left, right = st.columns(2, gap="medium")
    with left:
        name = _draw_name(dataset)
    with right:
        trigger = _draw_trigger(dataset)
    fields = train_fields.values(preset)
    family = str(fields["family"])
    titles = {each.name: family_title(each.name) for each in flows.machine.inspect(services()).families}
    prompts = train_prompts.draw(trigger=trigger)
    other_styles = _draw_other_styles(prompts, trigger, is_notebook=preset == "challenge")
    st.caption(say("train_summary", family=plain(titles.get(family, family)), steps=_steps(fields)))
    with st.expander(say("train_all_fields"), type="compact", key="train-all-fields"):
        train_fields.draw(preset)
    given = train_fields.values(preset) | {"name": name, "dataset": dataset, "trigger": trigger}
    given["other_styles"] = other_styles
    return TrainingSpec.model_validate(given | {"sample_prompts": prompts})


def _steps(fields: dict[str, object]) -> int:
    return int(str(fields["max_epochs"])) * int(str(fields["steps_per_epoch"]))


def _draw_name(dataset: str) -> str:
    """Named after its dataset until somebody types another name."""
    key, proposed = "train:name", "train:name-proposed"
    suggestion = _free_name(services().datasets.load(dataset).title)
    if st.session_state.get(key) in (None, "", st.session_state.get(proposed)):
        st.session_state[key] = st.session_state[proposed] = suggestion
    typed = st.text_input(
        say("train_name"), key=key, help=say("train_help_name"), max_chars=64, persist_state="session"
    )
    return str(typed).strip()


def _free_name(title: str) -> str:
    taken = {run.name for run in flows.train_view.cards(services())}
    name, count = title, 1
    while name in taken:
        count += 1
        name = f"{title} {count}"
    return name


def _draw_trigger(dataset: str) -> str:
    """The dataset's own trigger word, until somebody types another."""
    return _draw_proposed(
        "train:trigger",
        flows.dataset_view.view(services(), dataset).dataset.trigger,
        label=say("train_trigger"),
        explained=say("train_help_trigger"),
        placeholder=say("dataset_trigger_hint"),
    )


def _draw_other_styles(prompts: tuple[SamplePrompt, ...], trigger: str, *, is_notebook: bool) -> str:
    """The style words of the story that is painted, until somebody types others; the notebook knows none."""
    return _draw_proposed(
        "train:other_styles",
        ""
        if is_notebook
        else flows.train_samples.style_words(services(), [each.prompt for each in prompts], trigger=trigger),
        label=say("train_other_styles"),
        explained=say("train_help_other_styles"),
        placeholder=say("train_other_styles_none"),
    )


def _draw_proposed(key: str, proposal: str, *, label: str, explained: str, placeholder: str) -> str:
    """A text that follows what is proposed until somebody types another."""
    proposed = f"{key}-proposed"
    if st.session_state.get(key) in (None, st.session_state.get(proposed)):
        st.session_state[key] = st.session_state[proposed] = proposal
    typed = st.text_input(label, key=key, help=explained, placeholder=placeholder, persist_state="session")
    return str(typed).strip()


def _draw_plan(plan: TrainingPlan) -> None:
    for problem in sorted(plan.problems, key=lambda each: not each.blocks):
        icon = ":red[:material/error:]" if problem.blocks else ":orange[:material/warning:]"
        label = train_fields.label(problem.where)
        text = plain(message(problem.code, language(), **problem.values))
        st.markdown(f"{icon} {f'**{plain(label)}** · ' if label else ''}{text}")
        if problem.code == "training.captions_language":
            _draw_language(plan.spec)
    if plan.can_start and not any(not problem.blocks for problem in plan.problems):
        st.markdown(f":green[:material/check_circle:] {say('train_nothing_wrong')}")
    spec = plan.spec
    facts = [
        say("train_plan_steps", steps=spec.steps, seen=f"{plan.times_seen:.1f}", pictures=plan.pictures),
        say("train_plan_memory", needed=size(plan.memory.needed_bytes), all=size(plan.memory.available_bytes)),
        *_memory_measures(plan.memory),
        say("train_plan_time", time=duration(plan.seconds)) if plan.seconds else say("train_plan_no_time"),
    ]
    st.caption("  \n".join([*facts, plain(plan.device)]))
    if flows.train_time.is_being_measured(services(), spec):
        live.follow(kinds=("measure",), quiet=True)
    elif plan.can_start:
        st.button(
            say("train_measure"),
            key="train-measure",
            icon=":material/timer:",
            type="tertiary",
            help=say("train_measure_help"),
            on_click=notices.attempt,
            args=(ask(flows.train_time.measure), spec),
        )


def _draw_language(spec: TrainingSpec) -> None:
    """One click writes a sample set's captions in the story's language."""
    wanted = language_of(sample.prompt.removeprefix(spec.trigger) for sample in spec.sample_prompts) or "zh"
    if flows.caption_language.can_change(services(), spec.dataset, wanted):
        st.button(
            say("train_captions_language", language=LANGUAGE_NAMES[wanted]),
            key="train-captions-language",
            icon=":material/translate:",
            on_click=notices.attempt,
            args=(ask(flows.caption_language.change), spec.dataset, wanted),
        )


def _memory_measures(memory: Memory) -> list[str]:
    """What is done so that it fits."""
    told = []
    if memory.is_encoder_brought:
        told.append(say("memory.encoder_brought"))
    if memory.brought:
        told.append(say("memory.unet_brought", share=f"{memory.brought:.0%}"))
    return told


def _start(spec: TrainingSpec, on_start: Callable[[str], None]) -> None:
    run = flows.train.start(services(), spec)
    for key in ("train:name", "train:name-proposed"):
        st.session_state.pop(key, None)
    on_start(run)
