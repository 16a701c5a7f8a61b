"""What the words show before anything is painted: folded away with a count, each finding with its repair."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import fields, folded, notices
from pages.parts.shared.services import services
from pages.parts.shared.wording import language, plain, say
from pages.parts.story.places import place_name
from story_engine import flows
from story_engine.domain.lint.finding import PromptFinding
from story_engine.domain.story import Story
from story_engine.messages import message

_MOST_SHOWN = 40
_MOST_PLACES = 8


def draw(slug: str, story: Story) -> None:
    """The section; nothing where there is nothing to say."""
    findings = flows.lint.lint(services(), story)
    if not findings:
        return
    note = f"{len(findings)}"
    with folded.expander(say("lint.title"), icon=":material/spellcheck:", key=f"lint-{slug}", note=note) as fold:
        if not fold.open:
            return
        count = flows.lint.can_repair(findings)
        if count > 1:
            st.button(
                say("lint.repair_all", n=count),
                key=f"lint-all-{slug}",
                icon=":material/auto_fix_high:",
                on_click=notices.attempt,
                args=(_repair_all, slug),
            )
        for number, finding in enumerate(findings[:_MOST_SHOWN]):
            _draw_finding(slug, story, finding, number)
        if len(findings) > _MOST_SHOWN:
            st.caption(say("lint.more", n=len(findings) - _MOST_SHOWN))


def _draw_finding(slug: str, story: Story, finding: PromptFinding, number: int) -> None:
    names = list(dict.fromkeys(place_name(story, place) for place in finding.places))
    where = "、".join(names[:_MOST_PLACES]) + ("…" if len(names) > _MOST_PLACES else "")
    words, button = st.columns([8, 1], vertical_alignment="center")
    said = plain(message(finding.code, language(), **finding.values))
    words.markdown(f":gray[{where}]  \n{said}")
    if finding.edits:
        button.button(
            say("lint.repair"),
            key=f"lint-repair-{slug}-{number}",
            type="tertiary",
            icon=":material/healing:",
            on_click=notices.attempt,
            args=(_repair, slug, finding),
        )


def _repair(slug: str, finding: PromptFinding) -> None:
    fields.save_all()
    before = services().stories.load(slug).revision
    flows.lint.repair(services(), slug, finding)
    _told(slug, before, 1)


def _repair_all(slug: str) -> None:
    fields.save_all()
    before = services().stories.load(slug)
    count = flows.lint.can_repair(flows.lint.lint(services(), before))
    flows.lint.repair_all(services(), slug)
    _told(slug, before.revision, count)


def _told(slug: str, before: int, count: int) -> None:
    notices.tell("done.repaired", n=count, undo=notices.Undo(kind="revision", token=str(before), story=slug))
