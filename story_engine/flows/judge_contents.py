"""What the judge view shows, read from a bundle's plan and from the takes that exist. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from story_engine.domain.board import Panel, TakeView
from story_engine.domain.gate import gate
from story_engine.domain.recipe import Recipe
from story_engine.flows.bundle_loras import BundleLora
from story_engine.flows.bundle_plan import BundlePlan
from story_engine.flows.sweep_words import guidance_text
from story_engine.formats.judge_view.contents import (
    Compared,
    Comparison,
    JudgeContents,
    JudgedLora,
    JudgedPanel,
)
from story_engine.formats.prompt_table import PromptRow

MOST_IN_A_ROW = 7
"""Pictures of one comparison: more are too small to be compared."""
FEWEST_OF_A_SWEEP = 3
_DIGITS_OF_HASH = 16
_FAMILY_TITLES = {"kolors": "Kolors", "preview": "Story Studio preview"}

Losses = tuple[tuple[int, float, float], ...]
"""(step, loss, smoothed loss)."""


def judge_contents(
    plan: BundlePlan,
    *,
    losses: dict[str, Losses],
    coherence: dict[str, str],
) -> JudgeContents:
    """The contents of the page.

    Args:
        plan: of the bundle.
        losses: training run → its losses, as far as they are here.
        coherence: language → how the panels hold together, as a fragment of HTML.
    """
    board = plan.opened.board
    chosen = [panel for panel in board.panels if panel.chosen is not None]
    families = dict.fromkeys(view.take.recipe.family for view in _chosen(chosen))
    comparisons = [each for number, panel in enumerate(chosen, start=1) if (each := _strengths(number, panel))]
    return JudgeContents(
        title=plan.opened.story.title,
        team=plan.details.team,
        panels=tuple(_panels(plan)),
        pairs=tuple(pair for each in comparisons if (pair := _pair(each))),
        sweeps=tuple(each for each in comparisons if len(each.pictures) >= FEWEST_OF_A_SWEEP),
        loras=tuple(_lora(each, losses) for each in plan.loras if each.pictures),
        family=", ".join(_FAMILY_TITLES.get(each, each) for each in families),
        mean=gate([view.score for view in _chosen(chosen)]).mean,
        threshold=plan.threshold,
        is_challenge=board.is_challenge,
        scorer=board.scorer,
        made_with=tuple(_made_with(chosen)),
        coherence=coherence,
    )


def _chosen(panels: Iterable[Panel]) -> Iterator[TakeView]:
    return (panel.chosen for panel in panels if panel.chosen is not None)


def _panels(plan: BundlePlan) -> Iterator[JudgedPanel]:
    scenes = {scene.id: scene for scene in plan.opened.story.scenes}
    for number, picture in enumerate(plan.pictures, start=1):
        take, row = picture.view.take, picture.row
        scene = scenes[take.scene]
        yield JudgedPanel(
            number=number,
            title=scene.title,
            caption=scene.caption,
            said=tuple((each.speaker, each.text) for each in scene.speech),
            picture=picture.picture,
            score=picture.view.score,
            prompt=row.prompt,
            negative=row.negative,
            seed=row.seed,
            settings=", ".join(_settings(row, take.recipe)),
            loras=tuple((part.name, part.strength) for part in take.recipe.loras),
            take=take.id,
            sha256=take.picture_sha256,
        )


def _settings(row: PromptRow, recipe: Recipe) -> Iterator[str]:
    yield from (row.sampler, f"{row.steps} steps", f"cfg {row.cfg_scale:g}")
    if not recipe.guidance.is_constant:
        yield guidance_text(recipe.guidance, "en")
    yield from (row.size, recipe.precision)


def _strengths(number: int, panel: Panel) -> Comparison | None:
    """The takes that differ in the strength of one LoRA alone: from the chosen one, or the newest with one."""
    assert panel.chosen is not None
    others = sorted(panel.takes, key=lambda view: view.take.created_at, reverse=True)
    for view in (panel.chosen, *others):
        recipe = view.take.recipe
        if len(recipe.loras) != 1:
            continue
        found: dict[float, TakeView] = {}
        for each in (panel.chosen, *others):
            strength = _strength_beside(each.take.recipe, recipe)
            if strength is not None:
                found.setdefault(strength, each)
        if len(found) < 2:
            continue
        return Comparison(
            number=number,
            title=panel.scene.title,
            lora=recipe.loras[0].name,
            seed=recipe.seed,
            pictures=tuple(
                Compared(
                    strength=strength,
                    picture=found[strength].picture,
                    score=found[strength].score,
                    is_chosen=found[strength].take.id == panel.chosen.take.id,
                )
                for strength in _spread(sorted(found), keep=recipe.loras[0].strength)
            ),
        )
    return None


def _strength_beside(recipe: Recipe, other: Recipe) -> float | None:
    """The strength of the other recipe's one LoRA in this one; None where anything else differs."""
    if recipe.model_copy(update={"loras": ()}) != other.model_copy(update={"loras": ()}):
        return None
    if not recipe.loras:
        return 0.0
    same = len(recipe.loras) == 1 and recipe.loras[0].sha256 == other.loras[0].sha256
    return recipe.loras[0].strength if same else None


def _spread(strengths: Sequence[float], *, keep: float) -> list[float]:
    """At most as many as stand in a row: both ends, the one to keep, and others evenly between."""
    if len(strengths) <= MOST_IN_A_ROW:
        return list(strengths)
    last = len(strengths) - 1
    picked = {strengths[round(place * last / (MOST_IN_A_ROW - 2))] for place in range(MOST_IN_A_ROW - 1)}
    return sorted(picked | {keep})


def _pair(comparison: Comparison) -> Comparison | None:
    """With and without: strength 0 beside the chosen picture, else beside the strongest."""
    without = next((each for each in comparison.pictures if each.strength == 0), None)
    with_it = [each for each in comparison.pictures if each.strength != 0]
    if without is None or not with_it:
        return None
    shown = next((each for each in with_it if each.is_chosen), with_it[-1])
    return Comparison(
        number=comparison.number,
        title=comparison.title,
        lora=comparison.lora,
        seed=comparison.seed,
        pictures=(without, shown),
    )


def _lora(lora: BundleLora, losses: dict[str, Losses]) -> JudgedLora:
    source, report, entry = lora.source, lora.report, lora.entry
    steps = source.spec.get("max_train_steps") or source.spec.get("steps") or source.step
    facts = {
        "name": lora.known_as or lora.name,
        "trigger": lora.trigger,
        "strengths": ", ".join(f"{strength:g}" for strength in lora.strengths),
        "recommended": f"{entry.strength:g}" if entry is not None else "",
        "family": _FAMILY_TITLES.get(entry.family, entry.family) if entry is not None else "",
        "rank": ", ".join(map(str, report.ranks)) if report is not None else "",
        "alpha": f"{report.alpha:g}" if report is not None and report.alpha is not None else "",
        "layers": f"{report.matched} / {report.expected}" if report is not None and report.expected else "",
        "steps": _steps(source.step, steps),
        "pictures": "" if source.pictures is None else str(source.pictures),
        "dataset": source.dataset,
        "trained_at": source.trained_at[:10],
        "size": f"{entry.size_bytes / 1e6:.1f} MB" if entry is not None else "",
        "sha256": lora.sha256,
    }
    return JudgedLora(
        name=lora.name,
        title=lora.title,
        facts=tuple(facts.items()),
        losses=losses.get(source.run, ()),
        checkpoint=source.step,
    )


def _steps(taken: int | None, all_steps: object) -> str:
    if taken is None:
        return ""
    return f"{taken} / {all_steps}" if isinstance(all_steps, int) and all_steps != taken else str(taken)


def _made_with(panels: Sequence[Panel]) -> Iterator[tuple[str, str]]:
    """What the pictures say of their making; several values where they were not made alike."""
    takes = [view.take for view in _chosen(panels)]
    hashes = dict.fromkeys(take.recipe.weights_hash[:_DIGITS_OF_HASH] for take in takes)
    yield "weights", ", ".join(hashes)
    names = dict.fromkeys(name for take in takes for name in take.made_with)
    for name in names:
        values = dict.fromkeys(take.made_with[name] for take in takes if name in take.made_with)
        yield name, ", ".join(values)
