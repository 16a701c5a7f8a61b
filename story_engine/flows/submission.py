"""The submission: what the challenge asks for, checked line by line. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from story_engine.domain.board import Board
from story_engine.domain.gate import gate
from story_engine.domain.story import Story
from story_engine.domain.views import CheckItem

FEWEST_PICTURES = 8
"""The challenge: at least eight pictures with their prompts."""


def check_submission(story: Story, board: Board, *, threshold: float) -> tuple[CheckItem, ...]:
    """Everything that is there, weak or missing, in the order in which a person would mend it."""
    return (
        *_title(story),
        *_pictures(board),
        *_freshness(board),
        *_scores(board, threshold=threshold),
        *_reproducible(board),
    )


def _title(story: Story) -> list[CheckItem]:
    return [] if story.title.strip() else [_item("submit.no_title", "warning")]


def _pictures(board: Board) -> list[CheckItem]:
    missing = [
        _item("submit.no_take", "blocks", scene=panel.scene.id, title=panel.scene.title or panel.scene.id)
        for panel in board.panels
        if panel.chosen is None
    ]
    have = len(board.panels) - len(missing)
    state = "ok" if have >= FEWEST_PICTURES else "blocks"
    return [_item("submit.pictures", state, have=have, fewest=FEWEST_PICTURES), *missing]


def _freshness(board: Board) -> list[CheckItem]:
    return [
        _item("submit.stale", "warning", scene=panel.scene.id, title=panel.scene.title or panel.scene.id)
        for panel in board.panels
        if panel.chosen is not None
        and not (panel.chosen.is_current or panel.chosen.is_control)
        and panel.stand_in_for is None
    ]


def _scores(board: Board, *, threshold: float) -> list[CheckItem]:
    items = []
    is_challenge = board.is_challenge
    values = board.scores
    unscored = sum(1 for panel, value in zip(board.panels, values, strict=True) if panel.chosen and value is None)
    if unscored:
        items.append(_item("submit.unscored", "blocks", count=unscored))
    mean = gate(values).mean
    if mean is not None:
        state = "ok" if mean >= threshold else ("blocks" if is_challenge else "warning")
        code = "submit.gate" if is_challenge else "submit.gate_preview"
        items.append(_item(code, state, mean=f"{mean:z.2f}", threshold=f"{threshold:g}"))
    if not is_challenge:
        items.append(_item("submit.preview_scorer", "warning"))
    return items


def _reproducible(board: Board) -> list[CheckItem]:
    items = []
    stand_ins = [panel for panel in board.panels if panel.stand_in_for is not None]
    if stand_ins:
        wanted = stand_ins[0].stand_in_for
        items.append(_item("submit.stand_in", "warning", count=len(stand_ins), family=wanted))
    chosen = [panel.chosen for panel in board.panels if panel.chosen is not None]
    with_lora = sum(1 for view in chosen if view.take.recipe.loras)
    state = "ok" if chosen and with_lora == len(chosen) else "warning"
    items.append(_item("submit.lora", state, used=with_lora, pictures=len(chosen)))
    return items


def _item(code: str, state: str, *, scene: str | None = None, **values: object) -> CheckItem:
    return CheckItem(code=code, values=values, state=state, scene=scene)


def blocking(items: Sequence[CheckItem]) -> tuple[tuple[str, dict[str, object]], ...]:
    """The lines that keep a bundle from being written."""
    return tuple((item.code, item.values) for item in items if item.state == "blocks")
