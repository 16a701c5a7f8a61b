"""The two axes of a comparison: what differs, over which values, with a few ready choices."""

from __future__ import annotations

import random

import streamlit as st

from pages.parts.shared.services import services
from pages.parts.shared.wording import language, plain, say
from story_engine import flows
from story_engine.domain.story import LARGEST_SEED, Scene, Story
from story_engine.domain.sweep import AXES, BEFORE_TRAINING, CHOICES, LORA_AXES, WITHOUT, Axis, Sweep
from story_engine.domain.sweep_text import spelled
from story_engine.errors import Problem
from story_engine.flows.sweep_read import AxisText, SweepChoices
from story_engine.flows.sweep_words import axis_title, value_name
from story_engine.messages import message

NOTHING = ""
"""On the second axis: the grid is one row."""
_CHOSEN = frozenset({"lora", "checkpoint", *CHOICES})
"""Axes whose values are chosen from a list; the others are typed."""
_SUGGESTED = {
    "strength": ("0-1.25 (+0.25)", "0.5, 1", "-0.5-1.5 (+0.5)"),
    "steps": ("10, 20, 30", "5, 10, 20, 40"),
    "cfg_scale": ("2-8 (+2)", "1, 4, 7"),
}
_MOST_LORAS = 6
"""Of the library, chosen at first."""


def key(slug: str, *names: str) -> str:
    """Where the session keeps a choice of this story's comparison."""
    return "-".join(("compare", *names, slug))


def begin(slug: str, story: Story) -> None:
    """At the first visit of a session: what was compared last, else seeds, or strengths where there is a LoRA."""
    if key(slug, "kind", "x") in st.session_state:
        return
    last = services().sweeps.load(slug).last
    if last is not None and last.scene in {scene.id for scene in story.scenes}:
        put(slug, last)
        return
    st.session_state[key(slug, "kind", "x")] = "strength" if story.loras else "seed"
    st.session_state[key(slug, "kind", "y")] = NOTHING


def put(slug: str, sweep: Sweep) -> None:
    """Make the widgets say `sweep` (before they are drawn, or in a callback)."""
    state = st.session_state
    state[key(slug, "scene")] = sweep.scene
    state[key(slug, "lora")] = sweep.lora or None
    state[key(slug, "run")] = sweep.run or None
    state[key(slug, "kind", "y")] = NOTHING
    for side, axis in zip(("x", "y"), sweep.axes, strict=False):
        state[key(slug, "kind", side)] = axis.kind
        state[key(slug, "values", side, axis.kind)] = _as_widget(axis)


def draw(slug: str, scene: Scene, choices: SweepChoices) -> Sweep | None:
    """Both axes in one card, with what is wrong under each; the sweep when nothing is."""
    with st.container(key="card-compare-axes"):
        across, down = st.columns(2, gap="medium")
        with across:
            x = _draw_side(slug, scene, choices, "x", taken=None)
        with down:
            y = _draw_side(slug, scene, choices, "y", taken=x[0])
        lora, run = _draw_whose(slug, choices, {x[0], y[0] if y else NOTHING})
        reading = flows.sweep_read.read(services(), slug, scene.id, x=x, y=y, lora=lora, run=run)
        _draw_problems(reading.problems)
        if choices.stand_in_for is not None and not reading.problems:
            names = {"family": choices.stand_in_for, "stand_in": choices.family.name}
            st.caption(f":material/info: {plain(message('sweep.stand_in', language(), **names))}")
    return reading.sweep


def draw_earlier(slug: str, story: Story) -> None:
    """The grids that were painted before, to come back to."""
    scenes = {scene.id: number for number, scene in enumerate(story.scenes, start=1)}
    painted = [sweep for sweep in services().sweeps.load(slug).painted if sweep.scene in scenes]
    if not painted:
        return
    names = {place: _described(sweep, scenes[sweep.scene]) for place, sweep in enumerate(painted)}
    menu = key(slug, "earlier")
    st.menu_button(
        say("sweep.earlier"),
        list(names),
        format_func=names.__getitem__,
        key=menu,
        icon=":material/history:",
        type="tertiary",
        on_click=lambda: put(slug, painted[int(st.session_state[menu])]),
    )


def _described(sweep: Sweep, number: int) -> str:
    axes = " × ".join(f"{axis_title(axis.kind, language())} {_values(axis)}" for axis in sweep.axes)
    return plain(f"{say('scene.number', n=number)}: {axes}")


def _values(axis: Axis) -> str:
    if axis.kind in _CHOSEN:
        return ", ".join(value_name(axis.kind, value, language()) for value in axis.values)
    return spelled(axis)


def _draw_side(slug: str, scene: Scene, choices: SweepChoices, side: str, *, taken: str | None) -> AxisText | None:
    """What differs along one side, and its values; None where nothing does."""
    kinds = [kind for kind in AXES if kind != taken and not (choices.stand_in_for and kind in LORA_AXES)]
    names = {kind: axis_title(kind, language()) for kind in kinds}
    if side == "y":
        names = {NOTHING: say("sweep.nothing")} | names
    at = key(slug, "kind", side)
    if st.session_state.get(at) not in names:
        st.session_state[at] = next(iter(names)) if side == "y" else "seed"
    kind = str(
        st.selectbox(
            say(f"sweep.{side}"),
            list(names),
            format_func=names.__getitem__,
            key=at,
            persist_state="session",
        )
    )
    if kind == NOTHING:
        return None
    values = key(slug, "values", side, kind)
    if kind in _CHOSEN:
        return kind, _draw_chosen(slug, choices, kind, values)
    if values not in st.session_state:
        st.session_state[values] = _first_text(kind, scene)
    text = st.text_input(
        say("sweep.values"),
        key=values,
        label_visibility="collapsed",
        placeholder=_first_text(kind, scene),
        help=say("sweep.values_hint"),
        persist_state="session",
    )
    with st.container(horizontal=True, gap="xsmall", key=f"compare-suggestions-{side}"):
        for place, (label, suggested) in enumerate(_suggestions(kind, scene)):
            st.button(
                label,
                key=key(slug, "suggestion", side, kind, str(place)),
                type="tertiary",
                on_click=st.session_state.__setitem__,
                args=(values, suggested),
            )
    return kind, str(text or "")


def _draw_chosen(slug: str, choices: SweepChoices, kind: str, at: str) -> tuple[str, ...]:
    options = _options(slug, choices, kind)
    names = {option: _option_name(kind, option) for option in options}
    chosen = st.session_state.get(at)
    if chosen is None:
        st.session_state[at] = options[: _MOST_LORAS + 1] if kind == "lora" else options
    else:
        st.session_state[at] = [option for option in chosen if option in names]
    picked = st.multiselect(
        say("sweep.values"),
        options,
        format_func=names.__getitem__,
        key=at,
        label_visibility="collapsed",
        placeholder=say(f"sweep.choose_{kind}"),
        persist_state="session",
    )
    return tuple(picked)


def _options(slug: str, choices: SweepChoices, kind: str) -> list[str]:
    if kind in CHOICES:
        return list(CHOICES[kind])
    if kind == "lora":
        return list(dict.fromkeys((WITHOUT, *(use.name for use in choices.used), *choices.loras)))
    run = _run(slug, choices)
    steps = next((each.steps for each in choices.runs if each.run == run), ())
    return [str(BEFORE_TRAINING), *(str(step) for step in steps if step != BEFORE_TRAINING)]


def _option_name(kind: str, option: str) -> str:
    value = int(option) if kind == "checkpoint" else option
    return value_name(kind, value, language())


def _draw_whose(slug: str, choices: SweepChoices, kinds: set[str]) -> tuple[str, str]:
    """The LoRA that strengths are of, the training that checkpoints are of: asked for only where it matters."""
    lora = run = ""
    if "strength" in kinds and not kinds & {"lora", "checkpoint"}:
        names = list(dict.fromkeys((*(use.name for use in choices.used), *choices.loras)))
        at = key(slug, "lora")
        if st.session_state.get(at) not in names:
            st.session_state[at] = names[0] if names else None
        if names:
            lora = str(
                st.selectbox(
                    say("sweep.whose_strength"),
                    names,
                    key=at,
                    width=320,
                    persist_state="session",
                )
            )
    if "checkpoint" in kinds:
        run = _run(slug, choices)
        if choices.runs:
            titles = {each.run: each.name for each in choices.runs}
            st.selectbox(
                say("sweep.whose_checkpoints"),
                list(titles),
                format_func=titles.__getitem__,
                key=key(slug, "run"),
                width=320,
                persist_state="session",
            )
    return lora, run


def _run(slug: str, choices: SweepChoices) -> str:
    """The chosen training, else the newest."""
    at = key(slug, "run")
    runs = [each.run for each in choices.runs]
    if st.session_state.get(at) not in runs:
        st.session_state[at] = runs[0] if runs else None
    return str(st.session_state[at] or "")


def _draw_problems(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        name = axis_title(problem.where, language())
        text = plain(message(problem.code, language(), **problem.values))
        st.markdown(f":red[:material/error:] **{plain(name)}**: {text}")


def _suggestions(kind: str, scene: Scene) -> list[tuple[str, str]]:
    """Label and text of the ready choices."""
    if kind != "seed":
        return [(plain(text), text) for text in _SUGGESTED[kind]]
    some = ", ".join(str(random.randint(0, LARGEST_SEED)) for _ in range(4))
    return [
        *((say("sweep.seeds", n=count), _seeds(scene, count)) for count in (4, 8)),
        (say("sweep.random_seeds", n=4), some),
    ]


def _seeds(scene: Scene, count: int) -> str:
    first = min(scene.seed, LARGEST_SEED - count + 1)
    return f"{first}-{first + count - 1}"


def _first_text(kind: str, scene: Scene) -> str:
    return _seeds(scene, 4) if kind == "seed" else _SUGGESTED[kind][0]


def _as_widget(axis: Axis) -> object:
    return [str(value) for value in axis.values] if axis.kind in _CHOSEN else spelled(axis)
