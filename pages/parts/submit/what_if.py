"""Another take in the place of the chosen one: what the mean would be, before anything is picked."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import say, signed
from pages.parts.story.panel_picture import jpeg
from story_engine import flows
from story_engine.domain.board import OpenStory, Panel
from story_engine.domain.what_if import WhatIf, scored_square
from story_engine.formats.scored_square import with_scored_square

SHOWN = 8
"""Takes of a panel, newest first; the story page shows them all."""
LEAST_GAIN = 0.005
"""Of a score: what would be written as 0.00 is not worth a word."""


def draw(now: OpenStory) -> None:
    """The panels that have more than one take, one of them laid open; and the squares that are scored."""
    numbers = [number for number, panel in enumerate(now.board.panels, start=1) if len(panel.takes) > 1]
    if numbers:
        st.header(say("what_if.title"), anchor=False)
        names = {number: _name(number, now.board.panels[number - 1]) for number in numbers}
        number = st.selectbox(
            say("what_if.panel"), numbers, format_func=names.__getitem__, key=f"what-if-panel-{now.slug}"
        )
        _draw_takes(now, number)
    _draw_squares(now)


def _draw_takes(now: OpenStory, number: int) -> None:
    found = flows.what_if.of_panel(services(), now.board, number)
    shown = [each for place, each in enumerate(found) if place < SHOWN or each.is_chosen]
    with st.container(key="what-if-strip", horizontal=True, gap="small"):
        for each in shown:
            _draw_take(now, each)
    for each in shown:
        if each.same_as_chosen:
            st.caption(f":material/content_copy: {_same(now, each)}")


def _draw_take(now: OpenStory, each: WhatIf) -> None:
    take = each.view.take
    with st.container(key=f"what-if-{take.scene}-{take.id}", width=112, gap="xsmall"):
        st.image(jpeg(each.view.thumbnail), width="stretch", alt=say("take.pick", n=take.serial, seed=take.recipe.seed))
        # What is said on hovering is said in the label too: fingers do not hover.
        st.button(
            say("what_if.chosen") if each.is_chosen else _short(each),
            key=f"what-if-pick-{take.scene}-{take.id}",
            help=_sentence(each),
            disabled=each.is_chosen,
            width="stretch",
            on_click=notices.attempt,
            args=(ask(flows.takes.pick), now.slug, take.scene, take.id),
        )


def _short(each: WhatIf) -> str:
    if each.mean_then is None or each.gain is None:
        return say("what_if.unscored")
    return f"{each.mean_then:z.2f} ({signed(each.gain)})"


def _sentence(each: WhatIf) -> str:
    number = each.view.take.serial
    if each.mean_then is None or each.mean_now is None:
        return say("what_if.no_score", panel=each.panel, take=number)
    now, then = f"{each.mean_now:z.2f}", f"{each.mean_then:z.2f}"
    return say("what_if.then", panel=each.panel, take=number, now=now, then=then)


def _same(now: OpenStory, each: WhatIf) -> str:
    """That a take is the chosen picture once more, and what its score gains by that alone."""
    chosen = now.board.panels[each.panel - 1].chosen
    kind, number = say(f"what_if.{each.same_as_chosen}"), each.view.take.serial
    if chosen is None or chosen.score is None or each.view.score is None:
        return say("what_if.same", take=number, kind=kind)
    gain = each.view.score - chosen.score
    if gain < LEAST_GAIN:
        return say("what_if.same", take=number, kind=kind)
    return say("what_if.same_but_higher", take=number, kind=kind, gain=signed(gain))


def _draw_squares(now: OpenStory) -> None:
    """Of panels that are not square: the part that the scorer sees."""
    wide = [
        (number, panel)
        for number, panel in enumerate(now.board.panels, start=1)
        if panel.chosen is not None and panel.chosen.take.recipe.width != panel.chosen.take.recipe.height
    ]
    if not wide:
        return
    with st.expander(say("what_if.squares", count=len(wide)), icon=":material/crop:"):
        st.caption(say("what_if.squares_text"))
        with st.container(horizontal=True, gap="small", key="scored-squares"):
            for number, panel in wide:
                _draw_square(number, panel)


def _draw_square(number: int, panel: Panel) -> None:
    if panel.chosen is None:
        return
    content = services().takes.shown(panel.chosen.thumbnail)
    shown = with_scored_square(content) if content is not None else None
    if shown is None:
        return
    recipe = panel.chosen.take.recipe
    unseen = 1 - scored_square(recipe.width, recipe.height).share_of(recipe.width, recipe.height)
    with st.container(width=200, gap="xsmall"):
        st.image(shown, width="stretch", alt=say("what_if.square_of", n=number))
        st.caption(say("what_if.unseen", n=number, share=f"{unseen:.0%}"))


def _name(number: int, panel: Panel) -> str:
    return f"{number}. {panel.scene.title or say('scene.number', n=number)}"
