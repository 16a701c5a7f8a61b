"""How the chosen panels hold together, beside other takes of the same scenes; what is missing for it can be made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from story_engine.domain.board import Board, OpenStory, Panel, TakeView
from story_engine.domain.coherence import CoherenceReport
from story_engine.domain.job_spec import ScoreTakesSpec, TakeName
from story_engine.domain.resolve import same_but_seed
from story_engine.domain.views import Submitted
from story_engine.errors import FixInput
from story_engine.flows import queue
from story_engine.flows.coherence_measure import (
    Place,
    Seen,
    compared,
    copies_of,
    cosines,
    distances,
    palettes_of,
    panels_of,
    weakest,
)
from story_engine.flows.panels import open_story
from story_engine.flows.services import Services
from story_engine.formats.board_distance import mean_of_pairs
from story_engine.formats.picture_figures import VERSION, read_figures, unpacked

OTHER_SEEDS, WITHOUT_LORA = "other_seeds", "without_lora"


def report(services: Services, opened: str | OpenStory) -> CoherenceReport:
    """How the panels of a story as it was opened hold together.

    Raises:
        FixInput: no panel has a picture, or one of the pictures cannot be read.
    """
    opened = open_story(services, opened)
    board = opened.board
    shown = [(number, panel) for number, panel in enumerate(board.panels, start=1) if panel.chosen is not None]
    if not shown:
        raise FixInput("submit.no_pictures")
    panels = [panel for _, panel in shown]
    others = {OTHER_SEEDS: list(map(_other_seeds, panels)), WITHOUT_LORA: list(map(_without_lora, panels))}
    chosen = [panel.chosen for panel in panels if panel.chosen is not None]
    seen = seen_of(services, board, [*chosen, *(view for rows in others.values() for row in rows for view in row)])
    pictures = [seen[view.take.picture_sha256] for view in chosen]
    places = [Place(panel.scene.id, number, panel.scene.title) for number, panel in shown]
    apart = distances(pictures, board.scorer_version)
    weakest_panel, weakest_pair = weakest(places, apart)
    comparisons = (
        compared(kind, pictures, [_known(seen, row) for row in rows], board.scorer_version)
        for kind, rows in others.items()
    )
    return CoherenceReport(
        story=opened.slug,
        scorer=board.scorer,
        scorer_version=board.scorer_version,
        is_challenge=board.is_challenge,
        panels=panels_of(places, pictures, apart),
        distances=_rows(apart),
        cosines=_rows(cosines(pictures)),
        distance=round(mean_of_pairs(apart), 4),
        weakest_panel=weakest_panel,
        weakest_pair=weakest_pair,
        comparisons=tuple(each for each in comparisons if each is not None),
        palette=round(mean_of_pairs(palettes_of(pictures)), 2),
        lightness_spread=round(float(np.std([each.figures.lightness for each in pictures])), 2),
        contrast_spread=round(float(np.std([each.figures.contrast for each in pictures])), 2),
        copies=copies_of(places, pictures),
        unseen=sum(each.embedding is None for each in pictures),
    )


def look(services: Services, slug: str) -> Submitted:
    """Let the scorer see the takes that it has scored without keeping what it saw; other scores stay as they are."""
    opened = open_story(services, slug)
    board = opened.board
    known = services.embeddings.embeddings(board.scorer, board.scorer_version)
    views = [(panel.scene.id, view) for panel in board.panels for view in panel.takes]
    missing = sorted((scene, view.take.id) for scene, view in views if view.take.picture_sha256 not in known)
    found = len(views) - len(missing)
    if not missing:
        return Submitted(job=None, found=found, queued=0)
    digest = hashlib.sha256(repr((slug, board.scorer_version, missing)).encode()).hexdigest()[:32]
    job = services.ledger.submit(
        ScoreTakesSpec(story=slug, takes=tuple(TakeName(scene=scene, take=take) for scene, take in missing)),
        key=f"look-{digest}",
        priority=queue.SCORE_PRIORITY,
        user=services.user,
        story=slug,
        scenes=tuple(dict.fromkeys(scene for scene, _ in missing)),
    )
    services.start_dispatcher()
    return Submitted(job=job, found=found, queued=len(missing))


def render_for(services: Services, slug: str, kind: str) -> Submitted:
    """Paint what a comparison lacks: a second take of every scene, or every scene without its LoRAs."""
    if kind == WITHOUT_LORA:
        return queue.render(services, slug, without_loras=True)
    return queue.render(services, slug, takes=2)


def seen_of(services: Services, board: Board, views: Sequence[TakeView]) -> dict[str, Seen]:
    """Picture hash → figures and embedding; takes that are not chosen and cannot be read are left out.

    Raises:
        FixInput: the picture of a panel cannot be read.
    """
    packed = services.figures.packed(VERSION)
    embeddings = services.embeddings.embeddings(board.scorer, board.scorer_version)
    chosen = {panel.chosen.take.picture_sha256 for panel in board.panels if panel.chosen is not None}
    found: dict[str, Seen] = {}
    fresh: list[tuple[str, bytes]] = []
    for view in views:
        picture = view.take.picture_sha256
        if picture in found:
            continue
        figures = unpacked(packed[picture]) if picture in packed else None
        if figures is None:
            try:
                figures = read_figures(view.picture)
            except OSError as error:
                if picture in chosen:
                    raise FixInput("takes.damaged", name=view.picture.name) from error
                continue
            fresh.append((picture, figures.packed()))
        found[picture] = Seen(figures, embeddings.get(picture))
    services.figures.add(VERSION, fresh)
    return found


def uses_lora(opened: OpenStory) -> bool:
    """Whether any of the chosen pictures was painted with one."""
    chosen = [panel.chosen for panel in opened.board.panels]
    return any(view is not None and view.take.recipe.loras for view in chosen)


def missing_kinds(services: Services, slug: str) -> tuple[str, ...]:
    """Comparisons for which takes are missing."""
    opened = open_story(services, slug)
    found = report(services, opened)
    kinds = (OTHER_SEEDS, WITHOUT_LORA) if uses_lora(opened) else (OTHER_SEEDS,)
    return tuple(kind for kind in kinds if found.compared(kind) is None)


def _other_seeds(panel: Panel) -> list[TakeView]:
    """Takes that differ from the chosen one in nothing but the seed."""
    chosen = panel.chosen
    if chosen is None:
        return []
    return [
        view
        for view in panel.takes
        if view.take.id != chosen.take.id and same_but_seed(view.take.recipe, chosen.take.recipe)
    ]


def _without_lora(panel: Panel) -> list[TakeView]:
    """Takes that lack nothing but the LoRAs; of the same seed where there is one."""
    chosen = panel.chosen
    if chosen is None or not chosen.take.recipe.loras:
        return []
    bare = chosen.take.recipe.model_copy(update={"loras": ()})
    found = [view for view in panel.takes if same_but_seed(view.take.recipe, bare)]
    return [view for view in found if view.take.recipe.seed == bare.seed] or found


def _known(seen: Mapping[str, Seen], views: Sequence[TakeView]) -> list[Seen]:
    return [seen[view.take.picture_sha256] for view in views if view.take.picture_sha256 in seen]


def _rows(numbers: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(each), 4) for each in row) for row in numbers)
