"""The pictures of a run, found in their dataset and still what they were when the run was made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from story_engine.domain.run import TrainedPicture
from story_engine.errors import FixInput
from story_engine.store.datasets import DatasetStore
from story_engine.store.layout import Layout

_SHOWN = 5


def paths_of(layout: Layout, dataset: str, pictures: Sequence[TrainedPicture]) -> tuple[Path, ...]:
    """Where each picture lies.

    Raises:
        ChooseAnother: the dataset is gone.
        FixInput: pictures or captions are not what they were; every one is named.
    """
    store = DatasetStore(layout)
    entries = {entry.file: entry for entry in store.load(dataset).entries}
    gone = [picture.file for picture in pictures if picture.file not in entries]
    changed = [
        picture.file
        for picture in pictures
        if picture.file in entries
        and (entries[picture.file].sha256, entries[picture.file].caption) != (picture.sha256, picture.caption)
    ]
    if gone or changed:
        listed = [*(f"– {file}" for file in gone), *(f"≠ {file}" for file in changed)]
        more = "" if len(listed) <= _SHOWN else " …"
        raise FixInput(
            "training.dataset_changed",
            dataset=dataset,
            gone=len(gone),
            changed=len(changed),
            listed=", ".join(listed[:_SHOWN]) + more,
        )
    return tuple(store.picture(dataset, picture.file) for picture in pictures)
