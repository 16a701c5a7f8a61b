"""The submission: what the challenge asks for, checked line by line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from story_engine.domain.board import Board
from story_engine.domain.gate import gate
from story_engine.domain.secrets import leaks
from story_engine.domain.story import Scene
from story_engine.domain.views import CheckItem
from story_engine.flows.bundle_plan import BundlePlan
from story_engine.flows.submission_loras import lora_items

FEWEST_PICTURES = 8
"""The challenge: at least eight pictures with their prompts."""
CHALLENGE_FAMILY = "kolors"
PICTURES = "images"
_MOST_PLACES = 3
_MOST_LEAKS = 24
"""More lines of one kind help nobody."""


def check_submission(plan: BundlePlan, *, texts: Mapping[str, str], own: Sequence[str] = ()) -> tuple[CheckItem, ...]:
    """Everything that is there, weak or missing, in the order in which a person would mend it.

    Args:
        plan: of the bundle.
        texts: where it stands → everything that people will be able to read in the bundle.
        own: folders of this machine.
    """
    board = plan.opened.board
    return (
        *_details(plan),
        *_pictures(board),
        *_explained(plan),
        *_freshness(board),
        *_scores(board, threshold=plan.threshold),
        *_models(board),
        *lora_items(plan),
        *leak_items(texts, own=own),
        *_reminders(plan),
    )


def leak_items(texts: Mapping[str, str], *, own: Sequence[str] = ()) -> tuple[CheckItem, ...]:
    """Secrets and paths in texts, each said once with the places where it stands."""
    places: dict[tuple[str, str], list[str]] = {}
    for place, text in texts.items():
        for leak in leaks(text, own=own):
            found = places.setdefault((leak.kind, leak.shown), [])
            if place not in found:
                found.append(place)
    return tuple(
        _item(
            "submit.path" if kind == "path" else "submit.secret",
            "blocks",
            place=" · ".join(found[:_MOST_PLACES]) + (" …" if len(found) > _MOST_PLACES else ""),
            kind=kind,
            shown=shown,
        )
        for (kind, shown), found in list(places.items())[:_MOST_LEAKS]
    )


def foreign_items(names: Sequence[str], plan: BundlePlan) -> tuple[CheckItem, ...]:
    """Files in the pictures' folder that are no panel: the challenge's script scores whatever lies there."""
    planned = {each.name for each in plan.pictures}
    foreign = [name for name in names if name.startswith(f"{PICTURES}/") and name not in planned]
    return tuple(_item("submit.foreign_file", "blocks", name=name) for name in foreign)


def blocking(items: Sequence[CheckItem]) -> tuple[tuple[str, dict[str, object]], ...]:
    """The lines that keep a bundle from being written."""
    return tuple((item.code, item.values) for item in items if item.state == "blocks")


def _details(plan: BundlePlan) -> Iterator[CheckItem]:
    if not plan.details.team.strip():
        yield _item("submit.no_team", "blocks")
    if not (plan.opened.story.title.strip() or plan.details.work.strip()):
        yield _item("submit.no_title", "warning")


def _pictures(board: Board) -> Iterator[CheckItem]:
    missing = [panel for panel in board.panels if panel.chosen is None]
    have = len(board.panels) - len(missing)
    state = "ok" if have >= FEWEST_PICTURES else "blocks"
    yield _item("submit.pictures", state, have=have, fewest=FEWEST_PICTURES)
    for panel in missing:
        yield _of_scene("submit.no_take", "blocks", panel.scene)


def _explained(plan: BundlePlan) -> Iterator[CheckItem]:
    """A picture needs its prompt, and a recipe from which it can be painted again."""
    for panel in plan.opened.board.panels:
        if panel.chosen is None:
            continue
        take = panel.chosen.take
        if not take.recipe.prompt.strip():
            yield _of_scene("submit.no_prompt", "blocks", panel.scene)
        if take.id != take.recipe.digest or not take.recipe.weights_hash:
            yield _of_scene("submit.unexplained", "blocks", panel.scene)


def _freshness(board: Board) -> Iterator[CheckItem]:
    stale = [panel.scene.id for panel in board.outdated if panel.stand_in_for is None]
    if stale:
        named = [
            f"{number} {panel.scene.title}".rstrip()
            for number, panel in enumerate(board.panels, start=1)
            if panel.scene.id in stale
        ]
        yield _item("submit.stale", "warning", panels=", ".join(named), count=len(named))


def _scores(board: Board, *, threshold: float) -> Iterator[CheckItem]:
    is_challenge = board.is_challenge
    values = board.scores
    unscored = sum(1 for panel, value in zip(board.panels, values, strict=True) if panel.chosen and value is None)
    if unscored:
        yield _item("submit.unscored", "blocks", count=unscored)
    mean = gate(values).mean
    if mean is not None:
        state = "ok" if mean >= threshold else ("blocks" if is_challenge else "warning")
        code = "submit.gate" if is_challenge else "submit.gate_preview"
        yield _item(code, state, mean=f"{mean:z.2f}", threshold=f"{threshold:g}")
    if not is_challenge:
        yield _item("submit.preview_scorer", "blocks")


def _models(board: Board) -> Iterator[CheckItem]:
    """The challenge is Kolors' own."""
    others = [panel for panel in board.panels if panel.chosen and panel.chosen.take.recipe.family != CHALLENGE_FAMILY]
    stand_ins = [panel for panel in others if panel.stand_in_for is not None]
    if stand_ins:
        yield _item("submit.stand_in", "blocks", count=len(stand_ins), family=stand_ins[0].stand_in_for)
    if len(others) > len(stand_ins):
        yield _item("submit.not_kolors", "blocks", count=len(others) - len(stand_ins))


def _reminders(plan: BundlePlan) -> Iterator[CheckItem]:
    """What no program can see or do."""
    yield _item("submit.remind_names", "reminder")
    yield _item("submit.remind_upload" if not plan.details.link.strip() else "submit.remind_page", "reminder")
    yield _item("submit.remind_post", "reminder")
    yield _item("submit.remind_licence", "reminder")


def _of_scene(code: str, state: str, scene: Scene) -> CheckItem:
    return CheckItem(
        code=code, values={"scene": scene.id, "title": scene.title or scene.id}, state=state, scene=scene.id
    )


def _item(code: str, state: str, **values: object) -> CheckItem:
    return CheckItem(code=code, values=values, state=state)
