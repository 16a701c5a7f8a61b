"""The board: panels out of scenes, takes, scores and picks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from story_engine.domain.board import Board, Panel, TakeView
from story_engine.domain.recipe import Recipe
from story_engine.domain.resolve import differing_parts, same_but_seed
from story_engine.domain.story import LARGEST_SEED, Scene, Story
from story_engine.domain.take import Take


def assemble_board(
    slug: str,
    story: Story,
    *,
    takes: Mapping[str, Sequence[Take]],
    picks: Mapping[str, str],
    scores: Mapping[str, float],
    scorer: str,
    scorer_version: str,
    is_challenge: bool = False,
    recipe_now: Callable[[Scene], Recipe | None],
    files: Callable[[Take], tuple[Path, Path]],
) -> Board:
    """All panels in reading order.

    Args:
        slug: of the story.
        story: what the author wrote.
        takes: scene id → takes, oldest first.
        picks: scene id → take id.
        scores: picture SHA-256 → value, of one scorer version.
        scorer: its name.
        scorer_version: its version.
        is_challenge: whether it is the challenge's own.
        recipe_now: what the scene would be rendered with now, None where that cannot be told.
        files: a take's PNG and its thumbnail.
    """
    panels = []
    for scene in story.scenes:
        now = recipe_now(scene)
        views = tuple(_view(take, scores, now, files) for take in takes.get(scene.id, ()))
        picked = next((view for view in views if view.take.id == picks.get(scene.id)), None)
        chosen = picked or _best(views, scene)
        foreign = chosen is not None and chosen.take.recipe.family != story.settings.family
        panels.append(
            Panel(
                scene=scene,
                takes=views,
                chosen=chosen,
                is_picked=picked is not None,
                stand_in_for=story.settings.family if foreign else None,
                changed=_changed(chosen, views, scene, is_picked=picked is not None),
            )
        )
    return Board(
        story=slug,
        panels=tuple(panels),
        scorer=scorer,
        scorer_version=scorer_version,
        is_challenge=is_challenge,
    )


def _view(
    take: Take, scores: Mapping[str, float], now: Recipe | None, files: Callable[[Take], tuple[Path, Path]]
) -> TakeView:
    picture, thumbnail = files(take)
    painted = take.recipe.from_noise  # what was made of a picture of the scene belongs to the scene as that one does
    if now is not None and take.recipe.mend is not None:  # a spot looks at nobody and is held to nothing
        now = now.model_copy(update={"cast": (), "controls": ()})
    is_current = now is not None and same_but_seed(painted, now)
    is_control = now is not None and now.loras != () and same_but_seed(painted, _bare(now))
    return TakeView(
        take=take,
        picture=picture,
        thumbnail=thumbnail,
        score=scores.get(take.picture_sha256),
        is_current=is_current,
        is_control=is_control,
        changed=() if is_current or is_control else ("story",) if now is None else differing_parts(painted, now),
    )


def _changed(chosen: TakeView | None, views: Sequence[TakeView], scene: Scene, *, is_picked: bool) -> tuple[str, ...]:
    """Of the panel: what was picked is meant, whatever its seed; otherwise the scene's own seed has to be painted."""
    if chosen is None or is_picked or not chosen.is_current:
        return chosen.changed if chosen is not None else ()
    meant = any(view.is_current and scene.seed in _seeds(view.take) for view in views)
    return () if meant else ("seed",)


def _seeds(take: Take) -> tuple[int, int]:
    """Its own, and the one that it was counted on from."""
    return take.recipe.seed, (take.recipe.seed - take.number) % (LARGEST_SEED + 1)


def _best(views: Sequence[TakeView], scene: Scene) -> TakeView | None:
    """Without a pick: the pinned seed's take, else the best-scored of those painted as the scene stands now."""
    current = [view for view in views if view.is_current]
    if scene.pinned:
        current = [view for view in current if view.take.recipe.seed == scene.seed] or current
    scored = [view for view in current if view.score is not None]
    if scored:
        return max(scored, key=lambda view: (view.score or 0.0, view.take.created_at))
    newest = current or list(views)
    return newest[-1] if newest else None


def _bare(recipe: Recipe) -> Recipe:
    return recipe.model_copy(update={"loras": ()})
