"""The details of the submission: what is typed because no record knows it. Each field saves itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import streamlit as st

from pages.parts.shared import inputs
from pages.parts.shared.fields import Field
from pages.parts.shared.services import services
from pages.parts.shared.wording import plain, say
from story_engine import flows
from story_engine.domain.hand_in import HandIn, lora_field
from story_engine.flows.bundle_loras import BundleLora
from story_engine.flows.bundle_plan import BundlePlan


@dataclass(frozen=True, slots=True)
class Detail(Field):
    """One of them: `story` is whose submission it is, `name` the field."""

    @property
    def key(self) -> str:
        """Of the widget."""
        return f"hand-in:{self.story}:{self.name}"

    @property
    def is_of_story(self) -> bool:
        """It lies beside the story's file."""
        return False

    def write(self, value: object, seen: object) -> None:
        """Send the text to the engine."""
        flows.hand_in.write(services(), self.story, self.name, value, seen=seen)


def draw(plan: BundlePlan) -> None:
    """Team, work and addresses; then each LoRA's introduction."""
    slug, details = plan.opened.slug, plan.details
    with st.container(key="card-details", gap="small"):
        st.header(say("submit.details"), anchor=False)
        team, work = st.columns(2)
        with team:
            _line(slug, details, "team")
        with work:
            _line(slug, details, "work", placeholder=plan.opened.story.title)
        st.caption(say("submit.named", name=plain(plan.name)))
        loras = [lora for lora in plan.loras if lora.pictures and lora.sha256]
        for lora in loras:
            _draw_lora(slug, lora)
        with st.expander(say("submit.more_details"), type="compact"):
            _line(slug, details, "link", placeholder="https://modelscope.cn/models/…")
            _line(slug, details, "contact")
            inputs.text_area(Detail(slug, None, "words"), details.words, label=say("submit.words"))


def _draw_lora(slug: str, lora: BundleLora) -> None:
    st.markdown(f"**LoRA {plain(lora.title)}**  \n{plain(' · '.join(_recorded(lora)))}")
    asked = ["introduction_zh", "introduction_en"]
    if lora.source.pictures is None:
        asked.append("pictures")
    if lora.source.step is None:
        asked.append("training")
    for part in asked:
        field = Detail(slug, None, lora_field(lora.sha256, part))
        label, example = say(f"submit.lora_{part}"), say(f"submit.lora_{part}_example")
        inputs.text_area(field, getattr(lora.words, part), label=label, placeholder=example)


def _recorded(lora: BundleLora) -> Iterator[str]:
    """What the card will say without anybody typing it."""
    report, source = lora.report, lora.source
    if report is not None and report.ranks:
        yield say("submit.known_rank", rank=", ".join(map(str, report.ranks)))
    if report is not None and report.alpha is not None:
        yield say("submit.known_alpha", alpha=f"{report.alpha:g}")
    if source.step is not None:
        yield say("submit.known_steps", steps=source.step)
    if source.pictures is not None:
        yield say("submit.known_pictures", count=source.pictures)
    if lora.trigger:
        yield say("submit.known_trigger", trigger=lora.trigger)
    if lora.entry is not None:
        yield say("submit.known_strength", strength=f"{lora.entry.strength:g}")


def _line(slug: str, details: HandIn, name: str, *, placeholder: str = "") -> None:
    value = details.value(name) or ""
    inputs.text_input(Detail(slug, None, name), value, label=say(f"submit.{name}"), placeholder=placeholder)
