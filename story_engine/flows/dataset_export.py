"""What leaves a dataset: the trainer's table, data-juicer's files, and a zip with the pictures."""

from __future__ import annotations

from pathlib import Path

from story_engine.domain.dataset import Filters
from story_engine.errors import FixInput
from story_engine.flows.dataset_view import view
from story_engine.flows.services import Services
from story_engine.formats import data_juicer, metadata_csv
from story_engine.store.safe_yaml import decode, parse


def metadata_csv_of(services: Services, name: str) -> bytes:
    """`metadata.csv` of the kept pictures."""
    return metadata_csv.as_metadata_csv((entry.file, entry.caption) for entry in view(services, name).kept)


def metadata_jsonl_of(services: Services, name: str, *, kept_only: bool = False, folder: str = "images") -> bytes:
    """`metadata.jsonl` of all pictures, for data-juicer to filter, or of the kept ones."""
    found = view(services, name)
    entries = found.kept if kept_only else found.dataset.entries
    return data_juicer.as_metadata_jsonl(
        data_juicer.Sample(entry.caption, (f"{folder}/{entry.file}",)) for entry in entries
    )


def config_of(services: Services, name: str) -> str:
    """`data_juicer_config.yaml` with the dataset's filters."""
    dataset = services.datasets.load(name)
    return data_juicer.as_config(
        dataset.filters, project=name, dataset_path=f"./{data_juicer.METADATA}", export_path="./result.jsonl"
    )


def filters_of(content: bytes, *, onto: Filters) -> Filters:
    """`onto` with the filters of a `data_juicer_config.yaml`; near-duplicates and scores stay as they are.

    Raises:
        FixInput: the file cannot be used.
    """
    read = data_juicer.filters_from(parse(decode(content)).data)
    return onto.model_copy(update={"shape": read.shape, "ratio": read.ratio})


def read_config(services: Services, name: str, content: bytes) -> Filters:
    """Take the filters over from a `data_juicer_config.yaml`.

    Raises:
        FixInput: the file cannot be used; nothing was changed.
    """
    changed = services.datasets.change(
        name,
        lambda dataset: dataset.model_copy(update={"filters": filters_of(content, onto=dataset.filters)}),
    )
    return changed.filters


def export(services: Services, name: str, *, out: Path | None = None) -> Path:
    """A zip of the kept pictures in the trainer's layout, `train/` with its `metadata.csv`; its path.

    Raises:
        FixInput: nothing is kept.
    """
    kept = view(services, name).kept
    if not kept:
        raise FixInput("dataset.nothing_kept", name=name)
    entries: dict[str, bytes | Path] = {f"train/{metadata_csv.FILE_NAME}": metadata_csv_of(services, name)}
    entries |= {f"train/{entry.file}": services.datasets.picture(name, entry.file) for entry in kept}
    entries |= {
        data_juicer.METADATA: metadata_jsonl_of(services, name, kept_only=True, folder="train"),
        data_juicer.CONFIG: config_of(services, name).encode(),
    }
    return services.bundles.write(out or services.bundles.path(f"dataset-{name}"), entries)
