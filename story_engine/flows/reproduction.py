"""What of a bundle lets somebody paint its pictures again: `reproduce.json`, `replay.py`, and the certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from story_engine.catalog.families import description
from story_engine.catalog.weights_hash import file_hashes
from story_engine.domain.family import FAMILY_FOLDERS
from story_engine.domain.replay import (
    CONDITIONS,
    COURSE,
    NOT_RECORDED,
    BaseRecord,
    LoraRecord,
    PictureRecord,
    Reproduction,
    WeightsFile,
)
from story_engine.flows.bundle_plan import BundlePicture, BundlePlan
from story_engine.flows.replay import CERTIFICATE, certificate
from story_engine.flows.services import Services
from story_engine.formats.bundle_reader import REFERENCES
from story_engine.formats.picture_distance import pixels_sha256
from story_engine.formats.replay_script import replay_script
from story_engine.store.hashes import file_sha256

_LORA_ENDINGS = (".safetensors", ".ckpt")
"""In the order in which they are preferred."""


def reproduction_entries(
    services: Services, plan: BundlePlan, entries: Mapping[str, bytes | Path]
) -> dict[str, bytes | Path]:
    """The bundle's files for whoever paints it again; `entries` holds its LoRAs already."""
    lora_files: dict[str, tuple[str, str]] = {}
    for lora in plan.loras:
        stem = lora.file.removesuffix(_LORA_ENDINGS[0])
        for ending in _LORA_ENDINGS:
            file = entries.get(stem + ending)
            if isinstance(file, Path) and lora.sha256 not in lora_files:
                lora_files[lora.sha256] = (stem + ending, file_sha256(file))
    references = {name for each in plan.pictures for name in each.view.take.recipe.references}
    known = certificate(services, plan.pictures)
    return {
        "reproduce.json": reproduction(services, plan.pictures, lora_files),
        "replay.py": replay_script(),
        **{f"{REFERENCES}/{name}.png": services.references.content(name) for name in sorted(references)},
        **({} if known is None else {CERTIFICATE: known}),
    }


def reproduction(
    services: Services, pictures: Sequence[BundlePicture], lora_files: Mapping[str, tuple[str, str]]
) -> bytes:
    """The file's content.

    Args:
        services: of the workspace whose models are asked for their hashes.
        pictures: of the bundle.
        lora_files: a LoRA's content, as recipes name it → its file in the bundle, and the SHA-256 of that.
    """
    recipes = [each.view.take.recipe for each in pictures]
    used = {part.sha256: part.name for recipe in recipes for part in recipe.every_lora}
    known = Reproduction(
        bases=tuple(
            _base(services, family, weights)
            for family, weights in sorted({(recipe.family, recipe.weights_hash) for recipe in recipes})
        ),
        loras=tuple(
            LoraRecord(name=name, sha256=content, file=file, file_sha256=file_sha256)
            for content, name in sorted(used.items(), key=lambda item: (item[1], item[0]))
            for file, file_sha256 in [lora_files.get(content, ("", ""))]
        ),
        pictures={each.name: _picture(each) for each in pictures},
    )
    return (known.model_dump_json(indent=2) + "\n").encode()


def _base(services: Services, family: str, weights: str) -> BaseRecord:
    if family not in FAMILY_FOLDERS:
        return BaseRecord(family=family, weights_hash=weights)
    package = description(family).package
    present = services.families()[family]
    files: dict[str, WeightsFile] = {}
    if present.weights_hash == weights:  # the very files that painted; others would say nothing about the pictures
        folder = package.folder(services.layout)
        hashes = file_hashes(services.layout, package)
        sizes = {name: (folder / name).stat().st_size for name in hashes}
        files = {name: WeightsFile(sha256=hashes[name], size_bytes=sizes[name]) for name in sorted(hashes)}
    return BaseRecord(family=family, source=package.source, weights_hash=weights, files=files)


def _picture(each: BundlePicture) -> PictureRecord:
    take = each.view.take
    conditions = {name: take.made_with.get(name, NOT_RECORDED) for name in (*CONDITIONS, "batch")}
    with Image.open(each.picture) as picture:
        pixels = pixels_sha256(picture)
    versions = {name: text for name, text in take.made_with.items() if name not in (*conditions, *COURSE)}
    return PictureRecord(
        memory_plan=take.made_with.get("memory_plan", ""),
        repeated_in=take.made_with.get("repeated_in", ""),
        recipe=take.id,
        picture_sha256=take.picture_sha256,
        pixels_sha256=pixels,
        precision=take.recipe.precision,
        noise=take.recipe.noise,
        versions=dict(sorted(versions.items())),
        **conditions,
    )
