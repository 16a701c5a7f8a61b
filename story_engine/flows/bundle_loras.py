"""The LoRAs of a bundle: which the chosen pictures were painted with, where they lie, and the files that go along."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from story_engine.domain.bundle import file_part
from story_engine.domain.hand_in import HandIn, LoraWords
from story_engine.domain.lora import LoraEntry, LoraReport, Provenance
from story_engine.domain.recipe import LoraPart
from story_engine.domain.safe_name import same_file
from story_engine.domain.secrets import leaks
from story_engine.domain.story import Story
from story_engine.errors import ChooseAnother, FixInput
from story_engine.flows.services import Services
from story_engine.formats.lora_metadata import lora_metadata
from story_engine.formats.safetensors_header import HeaderError, read_header
from story_engine.store.loras import CHECKPOINT_MARK

FOLDER = "lora"
_OWN_FORM = ("kohya",)


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleLora:
    """One LoRA content that pictures were painted with, or that the story asks for."""

    name: str
    """As the recipes call it."""
    sha256: str
    """What the recipes know it by; empty where the story names a LoRA that is not here."""
    strengths: tuple[float, ...]
    """That pictures were painted with, smallest first."""
    pictures: tuple[str, ...]
    """Of the bundle, painted with it: `images/01.png` …"""
    stem: str
    """Of its files in the bundle."""
    known_as: str | None
    """Its name here now; None when its file is gone."""
    path: Path | None
    entry: LoraEntry | None
    report: LoraReport | None
    """None before it was examined."""
    words: LoraWords

    @property
    def title(self) -> str:
        """As people call it."""
        return self.entry.title if self.entry is not None else self.name

    @property
    def trigger(self) -> str:
        """The word that calls it; empty when none is known."""
        known = self.entry.trigger if self.entry is not None else ""
        return known or (self.report.facts.trigger if self.report is not None else "")

    @property
    def source(self) -> Provenance:
        """Where it comes from: what the library knows, else what the file says."""
        known = self.entry.provenance if self.entry is not None else Provenance()
        return known if known != Provenance() or self.report is None else self.report.facts.provenance

    @property
    def file(self) -> str:
        """In the bundle."""
        return f"{FOLDER}/{self.stem}.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """What one picture of the bundle was painted with."""

    picture: str
    loras: tuple[LoraPart, ...]


def loras_of(services: Services, painted: Sequence[Painted], story: Story, details: HandIn) -> tuple[BundleLora, ...]:
    """Those of the pictures, in the order of their first use; then those that the story names and no picture has."""
    used: dict[str, list[tuple[str, LoraPart]]] = {}
    for each in painted:
        for part in each.loras:
            if part.strength:
                used.setdefault(part.sha256, []).append((each.picture, part))
    found: list[BundleLora] = []
    for sha256, uses in used.items():
        strengths = tuple(sorted({part.strength for _, part in uses}))
        pictures = tuple(dict.fromkeys(picture for picture, _ in uses))
        found.append(_found(services, uses[0][1].name, sha256, details, found, strengths, pictures))
    return (*found, *_idle(services, story, details, found))


def examine(services: Services, loras: Sequence[BundleLora]) -> bool:
    """Have the doctor look at those that he has not seen; whether there was one."""
    unseen = [lora for lora in loras if lora.path is not None and lora.report is None]
    for lora in unseen:
        if lora.path is not None and lora.known_as is not None:
            services.lora_library.keep_report(lora.known_as, services.lora_reader.examine(lora.path))
    return bool(unseen)


def files_of(services: Services, loras: Sequence[BundleLora]) -> dict[str, Path]:
    """Name in the bundle → file, for each LoRA of a picture: safetensors and the challenge's layout.

    What is converted is remembered by its content. A LoRA that cannot be converted goes along as it is.
    """
    entries: dict[str, Path] = {}
    for lora in loras:
        if lora.path is None or lora.known_as is None or not lora.pictures:
            continue
        plain = lora.path if goes_as_it_is(lora) else _converted(services, lora, "kohya")
        # What cannot be converted was refused by the checklist; whoever hands it in anyway hands in this very file.
        file = plain or lora.path
        entries[f"{FOLDER}/{lora.stem}{file.suffix}"] = file
        own = _converted(services, lora, "challenge")
        if own is not None:
            entries[f"{FOLDER}/{lora.stem}.ckpt"] = own
            entries[f"{FOLDER}/{lora.stem}.json"] = own.with_suffix(".json")
    return entries


def goes_as_it_is(lora: BundleLora) -> bool:
    """Whether the file goes along to the byte: safetensors in the common names, with its alphas, nothing private."""
    report = lora.report
    if report is None or report.format != "safetensors" or report.dialects != _OWN_FORM:
        return False
    return report.alpha_source in ("tensors", "metadata") and not private_keys(lora)


def private_keys(lora: BundleLora) -> tuple[str, ...]:
    """Entries of the file's metadata that hold a path or a secret: the bundle's copy is written without them."""
    if lora.path is None:
        return ()
    try:
        metadata = read_header(lora.path).metadata
    except (HeaderError, OSError):
        return ()  # a checkpoint has none
    return tuple(sorted(key for key, value in metadata.items() if leaks(f"{key} {value}")))


def _found(
    services: Services,
    name: str,
    sha256: str,
    details: HandIn,
    others: Sequence[BundleLora],
    strengths: tuple[float, ...] = (),
    pictures: tuple[str, ...] = (),
) -> BundleLora:
    report = services.lora_library.report_of_content(sha256) if sha256 else None
    known_as = _known_as(services, name, sha256, report)
    return BundleLora(
        name=name,
        sha256=sha256,
        strengths=strengths,
        pictures=pictures,
        stem=_free_stem(known_as or name, others),
        known_as=known_as,
        path=services.loras.path(known_as) if known_as is not None else None,
        entry=services.lora_library.entry(known_as) if known_as is not None else None,
        report=report,
        words=details.lora(sha256),
    )


def _known_as(services: Services, name: str, sha256: str, report: LoraReport | None) -> str | None:
    if not sha256:
        return None
    known = services.loras.name_of_content(name, sha256)
    if known is None and report is not None and report.facts.provenance.step is not None:
        # Taken out of the library since; the training that it came from may still have it.
        source = report.facts.provenance
        known = services.loras.name_of_content(f"{source.run}{CHECKPOINT_MARK}{source.step}", sha256)
    return known


def _idle(services: Services, story: Story, details: HandIn, used: Sequence[BundleLora]) -> tuple[BundleLora, ...]:
    names = [use.name for scene in story.scenes for use in story.loras_of(scene) if use.strength]
    found: list[BundleLora] = []
    for name in dict.fromkeys(names):
        try:
            sha256 = services.loras.sha256(name)
        except ChooseAnother:
            sha256 = ""
        if sha256 not in {lora.sha256 for lora in used} and name not in {lora.name for lora in used if not sha256}:
            found.append(_found(services, name, sha256, details, (*used, *found)))
    return tuple(found)


def _free_stem(name: str, others: Sequence[BundleLora]) -> str:
    """A file's name that reads like the LoRA's and is no other's, on file systems that are blind to case too."""
    stem = file_part(name.replace(CHECKPOINT_MARK, "-"), longest=40, longest_bytes=120) or FOLDER
    taken = {same_file(other.stem) for other in others}
    count, free = 1, stem
    while same_file(free) in taken:
        count += 1
        free = f"{stem}-{count}"
    return free


def _converted(services: Services, lora: BundleLora, dialect: str) -> Path | None:
    """The LoRA in a dialect, from memory where it was written before; None when it cannot be written so."""
    if lora.path is None or lora.entry is None or lora.report is None:
        return None
    facts = lora.report.facts.model_copy(update={"title": lora.title, "trigger": lora.trigger})
    facts = facts.model_copy(update={"family": lora.entry.family or facts.family})
    metadata = lora_metadata(facts) | dict.fromkeys(private_keys(lora), "")
    said = json.dumps(metadata, ensure_ascii=False, sort_keys=True)
    mark = hashlib.sha256(f"{lora.sha256} {dialect} {said}".encode()).hexdigest()[:16]
    ending = ".ckpt" if dialect == "challenge" else ".safetensors"
    into = services.lora_library.export_path("bundle", f"{mark}{ending}")
    beside = into.with_suffix(".json")
    if not (into.is_file() and (dialect != "challenge" or beside.is_file())):
        try:
            services.lora_reader.convert(lora.path, dialect, into=into, metadata=metadata)
        except FixInput:
            return None
    return into
