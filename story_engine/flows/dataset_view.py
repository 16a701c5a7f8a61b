"""A dataset with everything that is decided about it: which pictures stay, which go and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.clinic import CHALLENGE_STEPS, Examination, examine
from story_engine.domain.dataset import Dataset, DatasetEntry, Dropped, Filters, decide, doing_something
from story_engine.errors import ChooseAnother, StudioError
from story_engine.flows.services import Services
from story_engine.formats.perceptual_hash import near_duplicates

CLINIC_BITS = 4
"""How alike two pictures must be for the clinic to speak of near-duplicates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetCard:
    """A dataset as lists show it, also one that cannot be opened."""

    name: str
    title: str
    """Its name where nobody can tell what it was called."""
    pictures: int
    damage: StudioError | None
    """Why it cannot be opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetView:
    """A dataset as the page shows it."""

    name: str
    dataset: Dataset
    kept: tuple[DatasetEntry, ...]
    dropped: dict[str, Dropped]
    """File → why it is not trained on."""
    scores: dict[str, float]
    """Picture SHA-256 → score by the present scorer."""
    unscored: int
    """Pictures without a score of the present scorer."""
    is_challenge_scorer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPicture:
    """One picture as a training takes it."""

    file: str
    path: Path
    caption: str
    width: int
    height: int
    sha256: str


def cards(services: Services) -> tuple[DatasetCard, ...]:
    """All datasets, last changed first; a damaged one says what is wrong with it and stands in nobody's way."""
    return tuple(card for name in services.datasets.names() if (card := _card(services, name)) is not None)


def view(services: Services, name: str) -> DatasetView:
    """The dataset with what its filters keep and drop.

    Raises:
        ChooseAnother: there is none of that name.
    """
    dataset = services.datasets.load(name)
    scorer = services.present_scorer()
    known = services.scores.scores(scorer.name, scorer.version)
    scores = {entry.sha256: known[entry.sha256] for entry in dataset.entries if entry.sha256 in known}
    dropped = decide(dataset, scores=scores)
    if dataset.filters.near_duplicates.is_on:
        # Only among what the other filters keep: a picture that goes anyway must not take its near-duplicate with it.
        kept = [entry for entry in dataset.entries if entry.file not in dropped]
        dropped = decide(
            dataset, scores=scores, near_duplicates=near_duplicates_of(kept, dataset.filters.near_duplicates.bits)
        )
    return DatasetView(
        name=name,
        dataset=dataset,
        kept=tuple(entry for entry in dataset.entries if entry.file not in dropped),
        dropped=dropped,
        scores=scores,
        unscored=sum(1 for entry in dataset.entries if entry.sha256 not in scores),
        is_challenge_scorer=scorer.is_challenge,
    )


def near_duplicates_of(entries: Sequence[DatasetEntry], bits: int) -> dict[str, str]:
    """File → the file that it is a near-duplicate of."""
    return near_duplicates(
        tuple((entry.file, entry.perceptual_hash, entry.width * entry.height) for entry in entries), bits
    )


def clinic(
    services: Services, name: str, *, side: int, steps: int = CHALLENGE_STEPS, batch_size: int = 1
) -> Examination:
    """What the pictures and captions tell about the training to come.

    Args:
        services: of the workspace.
        name: of the dataset.
        side: of the training pictures in pixels.
        steps: of the planned training.
        batch_size: pictures per step.
    """
    found = view(services, name)
    return examine(
        found.kept,
        trigger=found.dataset.trigger,
        near_duplicates=near_duplicates_of(found.kept, CLINIC_BITS),
        side=side,
        steps=steps,
        batch_size=batch_size,
    )


def training_pictures(services: Services, name: str) -> tuple[TrainingPicture, ...]:
    """What a training of this dataset takes, as it is now."""
    return tuple(
        TrainingPicture(
            file=entry.file,
            path=services.datasets.picture(name, entry.file),
            caption=entry.caption,
            width=entry.width,
            height=entry.height,
            sha256=entry.sha256,
        )
        for entry in view(services, name).kept
    )


def _card(services: Services, name: str) -> DatasetCard | None:
    try:
        dataset = services.datasets.load(name)
    except ChooseAnother:  # deleted in this moment
        return None
    except StudioError as error:
        return DatasetCard(name=name, title=name, pictures=0, damage=error)
    return DatasetCard(name=name, title=dataset.title, pictures=len(dataset.entries), damage=None)


def switch_filter(services: Services, name: str, part: str, *, is_on: bool, side: int) -> DatasetView:
    """Put the filter called `part` on or off; one that nobody has set begins with bounds that leave something out."""
    filters = services.datasets.load(name).filters
    section = getattr(filters, part)
    update: dict[str, object] = {"is_on": is_on}
    if is_on and section == type(section)():
        update |= doing_something(part, side=side)
    return set_filters(services, name, filters.model_copy(update={part: section.model_copy(update=update)}))


def set_filters(services: Services, name: str, filters: Filters) -> DatasetView:
    """Other filters; nothing is deleted by them."""
    services.datasets.change(name, lambda dataset: dataset.model_copy(update={"filters": filters}))
    return view(services, name)
