"""The samples of a training as a matrix: one row per prompt, one column per step, the first one without the LoRA."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.wording import plain, say
from story_engine import flows
from story_engine.domain.job_result import StepScore
from story_engine.domain.run import prompts_kept_percent
from story_engine.flows.train_view import RunView

WIDTH = 168
"""Pixels of one picture; the rows scroll sideways."""


def draw(view: RunView) -> None:
    """All samples; nothing before the first one."""
    if not view.samples:
        if view.card.is_active and view.spec.sample_prompts and view.spec.sample_every:
            st.caption(say("train_samples_come"))
        return
    paths = {(sample.number, sample.step): sample.path for sample in view.samples}
    steps = sorted({sample.step for sample in view.samples})
    st.header(say("train_samples"), anchor=False)
    st.caption(say("train_samples_text"))
    if view.choice is not None:
        st.caption(say("train_figures_text"))
    if view.choice is not None and view.choice.scorer == "preview":
        st.caption(f":material/info: {say('submit.preview_only')}")
    weaker = flows.train_view.recommended_samples(view)
    for number, prompt in enumerate(view.spec.sample_prompts):
        st.markdown(f"**{plain(prompt.title or prompt.prompt[:80])}** :small[{say('train_seed', seed=prompt.seed)}]")
        with st.container(horizontal=True, wrap=False, gap="small", key=f"train-samples-{number}"):
            for step in steps:
                path = paths.get((number, step))
                if path is None or not path.is_file():
                    continue
                with st.container(width=WIDTH, gap="xxsmall", key=f"train-sample-{number}-{step}"):
                    label = say("train_without_lora") if step == 0 else say("train_at_step", step=step)
                    st.image(str(path), width=WIDTH, alt=f"{prompt.prompt} · {label}")
                    st.caption(label)
                    if number == 0:
                        _draw_score(view, step)
            if view.choice is not None and number in weaker:
                label = say("train_at_strength", step=view.choice.step, strength=f"{view.choice.strength:g}")
                with st.container(width=WIDTH, gap="xxsmall", key=f"train-sample-{number}-weaker"):
                    st.image(str(weaker[number]), width=WIDTH, alt=f"{prompt.prompt} · {label}")
                    st.caption(f":material/recommend: {label}")


def _draw_score(view: RunView, step: int) -> None:
    """Of all samples of the step, under the first row."""
    found = view.choice.score_of(step) if view.choice is not None else None
    if view.choice is None or found is None:
        return
    is_chosen = view.choice.step == step
    st.badge(
        f"{found.score:.2f}",
        icon=":material/recommend:" if is_chosen else None,
        color="green" if is_chosen else "gray",
    )
    if step:
        nearer = round(100 * (1 - found.distance))
        moved = say("train_nearer", percent=nearer) if nearer >= 0 else say("train_farther", percent=-nearer)
        st.caption("  \n".join(part for part in (moved, _prompts_kept(found, view.choice.score_of(0))) if part))


def _prompts_kept(found: StepScore, base: StepScore | None) -> str:
    """How much of what the base shows of the prompts the step still shows."""
    kept = prompts_kept_percent(found.adherence, base=base.adherence) if base is not None else None
    return "" if kept is None else say("train_prompts_kept", percent=round(kept))
