"""Takes of one scene that begin together, of which only the best are finished: who goes on, and why the others do not.

Pure: what is measured of the imagined pictures comes in, an order and reasons come out. Nothing here picks a picture
for a panel; that is a person's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean, pstdev

from story_engine.domain.job_result import Failure
from story_engine.domain.job_spec import RenderItem
from story_engine.domain.value import Value

FIRST_AT, LAST_AT = 1 / 4, 5 / 12
"""Shares of the steps after which imagined pictures are judged. Where a judge reads their prompt, some go on from the
first to the last, where it is surer; the other measures tell no more there, and decide at once.
Measured: benchmarks/README.md, "Best of N"."""
GO_ON = 3 / 8
"""Share of the takes that come through the first of two rounds: with it, eight cost three and a half takes."""
MEASURES = ("adherence", "agreement", "score", "anchor")
WEIGHTS = {"adherence": 3.0, "agreement": 1.0, "score": 0.25, "anchor": 1.0}
"""Of each measure, in spreads of the contest's own takes. The score of a picture that is still blurred says little of
the finished one's, and where it counted as much as agreement right styles were lost: it parts what is close. Who reads
the prompt knows better than takes that agree on the same mistake."""
LEAST_SPREADS = {"adherence": 0.05}
"""Where all takes show nearly as much of their prompt, it is no reason to stop one of them."""
_SAME = 1e-9


class Adherence(Value):
    """How much of its prompt a picture shows."""

    value: float
    """0 … 1: the geometric mean over what the prompt asks for."""
    words: dict[str, float]
    """The prompt's own words for it → how surely each is seen, 0 … 1."""


class Measures(Value):
    """What was seen in an imagined picture; None where it cannot be measured."""

    adherence: Adherence | None = None
    """Where somebody can read it off; None for a family without a judge, and for prompts that it cannot read."""
    agreement: float | None = None
    """How much it shows what the other takes of the same prompt show: mean cosine of the scorer's embeddings. What a
    prompt asks for is what most of its takes agree on; one that strays from them has missed something of it."""
    score: float | None = None
    """By the present scorer, of the imagined picture: lower than the finished one's, in the same order."""
    anchor: float | None = None
    """Likeness to the anchor of the scene's cast, 1 = the same; None where the story has none."""


class StoppedTake(Value):
    """A take that was begun and not finished; its recipe can be painted at any time."""

    item: RenderItem
    steps: int
    """That it had made."""
    measures: Measures
    reason: Failure
    """Message code with values."""
    place: int = 0
    """In its contest: 2 = the second best."""
    job: int
    """That stopped it."""
    created_at: str
    """ISO 8601, UTC."""

    @property
    def id(self) -> str:
        """Of the take that it would become."""
        return self.item.recipe.digest


class Round(Value):
    """A moment at which takes are judged."""

    step: int
    """That was made before it, counted from 1."""
    keep: int
    """How many go on."""


def rounds(takes: int, *, keep: int, is_read: bool, steps: int, skipped: int = 0) -> tuple[Round, ...]:
    """When so many takes are judged, at first after the first step that they make.

    Args:
        takes: that begin.
        keep: how many are finished.
        is_read: whether a judge reads how much of their prompt they show.
        steps: of their recipes.
        skipped: steps that those leave out, because they begin with a picture.
    """
    first, last = (skipped + max(1, round((steps - skipped) * share)) for share in (FIRST_AT, LAST_AT))
    some = math.ceil(takes * GO_ON)
    if not is_read or some <= keep or first == last:
        return (Round(step=first, keep=keep),)
    return (Round(step=first, keep=some), Round(step=last, keep=keep))


class Verdict(Value):
    """Who goes on, and why the others do not."""

    order: tuple[str, ...]
    """All of them, the best first."""
    reasons: dict[str, Failure]
    """Of those that are stopped."""


def decide(measured: Mapping[str, Measures], *, keep: int) -> Verdict:
    """Put takes into an order, of which the first `keep` go on.

    Each measure counts in spreads of these takes, so that neither its unit nor its size matters; one that any of them
    lacks counts for none. Equal takes go on in the order in which they are given.

    Args:
        measured: by anything that names a take, such as its seed for people.
        keep: how many are finished; at least one.
    """
    spreads = {
        name: _spreads({key: _number(each, name) for key, each in measured.items()}, least=LEAST_SPREADS.get(name, 0.0))
        for name in MEASURES
    }
    totals = {key: sum(WEIGHTS[name] * spreads[name][key] for name in MEASURES) for key in measured}
    order = sorted(measured, key=lambda key: -totals[key])
    kept, stopped = order[: max(1, keep)], order[max(1, keep) :]
    reasons = {key: _reason(key, kept[0], measured, spreads) for key in stopped}
    return Verdict(order=tuple(order), reasons=reasons)


def _number(measures: Measures, name: str) -> float | None:
    value = getattr(measures, name)
    return value.value if isinstance(value, Adherence) else value


def _spreads(values: Mapping[str, float | None], *, least: float) -> dict[str, float]:
    """Each value's distance from the mean in standard deviations (at least `least`); all 0 where one is not known."""
    known = [value for value in values.values() if value is not None]
    if len(known) < len(values) or pstdev(known) < _SAME:
        return dict.fromkeys(values, 0.0)
    middle, spread = fmean(known), max(pstdev(known), least)
    return {key: (value - middle) / spread for key, value in values.items() if value is not None}


def _reason(
    key: str, best: str, measured: Mapping[str, Measures], spreads: Mapping[str, Mapping[str, float]]
) -> Failure:
    """What told most against it beside the best one."""
    against = {name: WEIGHTS[name] * (spreads[name][best] - spreads[name][key]) for name in MEASURES}
    name = max(against, key=against.__getitem__)
    mine, theirs = _number(measured[key], name), _number(measured[best], name)
    if against[name] <= _SAME or mine is None or theirs is None:
        return Failure(code="contest.alike", values={"best": best})
    if name == "adherence":
        return _missed(measured[key], measured[best], best)
    digits = next((digits for digits in (2, 3, 4) if round(mine, digits) != round(theirs, digits)), 5)
    values = {"best": best, "value": f"{mine:.{digits}f}", "other": f"{theirs:.{digits}f}"}
    return Failure(code=f"contest.{name}", values=values)


def _missed(mine: Measures, theirs: Measures, best: str) -> Failure:
    """Which words of the prompt are seen so much less than in the best take."""
    assert mine.adherence is not None and theirs.adherence is not None, "both were read"
    one, other = mine.adherence.words, theirs.adherence.words
    word = max(one, key=lambda each: other.get(each, 0.0) - one[each], default="")
    values = {"best": best, "words": word, "value": f"{one[word]:.0%}", "other": f"{other[word]:.0%}"}
    return Failure(code="contest.adherence", values=values)
