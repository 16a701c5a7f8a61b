"""Framings: a board on which every panel is seen from the same distance."""

from __future__ import annotations

from collections.abc import Iterator

from story_engine.domain.edit import Edit
from story_engine.domain.lint.finding import PromptFinding
from story_engine.domain.lint.panel import Panel, panels
from story_engine.domain.lint.segments import in_place_of, segments
from story_engine.domain.lint.vocabulary import Term, lexicon
from story_engine.domain.story import Story

_LEAST_PANELS = 4
_RHYTHM = ("full", "upper", "wide", "close")
"""What a repair makes of shots that are all the same: as comics alternate."""


def same_shots(story: Story) -> Iterator[PromptFinding]:
    """One finding when at least four panels, and most of the story, name one and the same shot and no other."""
    every = panels(story)
    named = [(panel, shot) for panel in every for shot in _shots(panel)]
    stating = list(dict.fromkeys(panel.scene.id for panel, _ in named))
    if len({shot.id for _, shot in named}) != 1 or len(stating) < max(_LEAST_PANELS, len(every) * 0.75):
        return
    values: dict[str, object] = {"found": named[0][1].words, "count": len(stating)}
    places = tuple(panel.own.place.at(shot.start, shot.end) for panel, shot in named)
    yield PromptFinding(
        code="lint.shots_same",
        state="warning",
        values=values,
        places=places,
        edits=tuple(_varied(named)),
        is_matter_of_taste=True,
    )


def _shots(panel: Panel) -> Iterator[Term]:
    """Shots that stand alone between commas, or at the start of a part ("close-up of …")."""
    for part in segments(panel.own.words):
        term = lexicon("shots").starting_at(panel.own.words, part.start)
        if term is not None and term.end <= part.end:
            rest = panel.own.words[term.end : part.end].strip().casefold()
            if not rest or rest.startswith(("of ", "shot", "view", "镜头", "视角", "构图", "角度")):
                yield term


def _varied(named: list[tuple[Panel, Term]]) -> Iterator[Edit]:
    start = _RHYTHM.index(named[0][1].id) if named[0][1].id in _RHYTHM else 0
    last = ""
    number = -1
    for panel, shot in named:
        if panel.scene.id == last:
            continue
        last, number = panel.scene.id, number + 1
        entry = lexicon("shots").entries[_RHYTHM[(start + number) % len(_RHYTHM)]]
        new = entry["en" if shot.words.isascii() else "zh"][0]
        words = in_place_of(panel.own.words, shot.start, shot.end, new)
        if words != panel.own.words:
            yield panel.own.place.edit(panel.own.words, words)
