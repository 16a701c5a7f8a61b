"""Into the LoRA library and out of it: files from outside, checkpoints of trainings, repairs, other tools' forms."""

from __future__ import annotations

import contextlib
import math
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from story_engine.domain.edit import Edit
from story_engine.domain.lora import DIALECTS, REPAIRS, STRONGEST, LoraFacts, LoraRecord, LoraReport, Repaired
from story_engine.domain.safe_name import LONGEST_NAME, name_fault
from story_engine.domain.story import LoraUse
from story_engine.errors import ChooseAnother, FixInput, StudioError
from story_engine.flows.members import check_share, refuse_to_members
from story_engine.flows.services import Services
from story_engine.formats.lora_metadata import facts_of, lora_metadata
from story_engine.formats.pasted_path import is_there, pasted_path, shown_path
from story_engine.formats.safetensors_header import HeaderError, read_header
from story_engine.store.atomic import write_bytes, writing
from story_engine.store.loras import ADAPTERS, CHECKPOINT_MARK

PATH_ENDINGS = (".safetensors", ".ckpt", ".pt", ".pth", ".bin")
"""What tools call files of LoRAs; a text that ends so is a path."""


def inspect(services: Services, name: str) -> LoraReport:
    """What the doctor finds in an entry, or of a checkpoint; from memory while its content stays the same.

    Raises:
        ChooseAnother: there is none of that name.
    """
    known = services.lora_library.report(name)
    if known is not None:
        return known
    report = services.lora_reader.examine(services.loras.path(name))
    services.lora_library.keep_report(name, report)
    return report


def inspect_file(services: Services, path: Path) -> LoraReport:
    """What the doctor finds in a file that is not in the library."""
    return services.lora_reader.examine(_ordinary(path))


def inspect_named(services: Services, text: str) -> LoraReport:
    """What the doctor finds in what a person names: an entry, a checkpoint, or a file by its path.

    Raises:
        ChooseAnother: there is none of that name, and it is no path.
        FixInput: there is no such file.
    """
    if services.loras.has(text) or not _is_path(text):
        return inspect(services, text)
    return inspect_file(services, Path(text))


def add_file(
    services: Services,
    file_name: str,
    content: bytes | Path,
    *,
    name: str | None = None,
    alpha: float | None = None,
    trigger: str | None = None,
) -> str:
    """Take a LoRA file into the library; the entry's name.

    Args:
        services: of the workspace.
        file_name: what people call the file.
        content: of an upload, or the path of a file that is only read, as a person pasted it.
        name: for the entry; None: made from the title in the file, or its name.
        alpha: that it was trained with, for files that do not say so.
        trigger: the word that calls it; None: what the file says.

    Raises:
        FixInput: with code `loras.alpha_needed` (and its `rank`) to be asked for an alpha; otherwise the file or
            the name cannot be used. Nothing was added.
    """
    if alpha is not None and not (math.isfinite(alpha) and alpha > 0):
        raise FixInput("loras.alpha_range", value=alpha)
    if name is not None:
        services.lora_library.check_new_name(name)
    check_share(services, len(content) if isinstance(content, bytes) else 0)
    if isinstance(content, Path):
        refuse_to_members(services)
        given, content = content, _ordinary(content)
        file_name = content.name if pasted_path(file_name) == pasted_path(given) else file_name
    last = (PurePosixPath(file_name.replace("\\", "/")).name or "lora")[-LONGEST_NAME:]
    with _folder(services) as folder:
        if isinstance(content, bytes):
            # Under its own name, because messages about it name it; the folder holds nothing else of anybody's.
            source = folder / "given" / (last if name_fault(last) is None else "lora")
            write_bytes(source, content)
        else:
            source = content
        report = services.lora_reader.take_in(source, into=folder / ADAPTERS[0], alpha=alpha)
        shutil.rmtree(folder / "given", ignore_errors=True)
        record = _record(report.facts, source="file", source_name=last, family=_family(report))
        if trigger is not None:
            record = record.model_copy(update={"trigger": trigger.strip()})
        chosen = (
            name
            if name is not None
            else services.lora_library.free_name(report.facts.title or PurePosixPath(last).stem)
        )
        services.lora_library.put(folder, chosen, record)
    services.lora_library.keep_report(chosen, report)
    return chosen


def add_checkpoint(services: Services, run: str, step: int, name: str | None = None, *, strength: float = 1.0) -> str:
    """Take a checkpoint of a training into the library, as it is; the entry's name.

    Raises:
        ChooseAnother: there is no such checkpoint.
        FixInput: the name is not free, or the file is damaged; nothing was added.
    """
    wanted = f"{run}{CHECKPOINT_MARK}{step}"
    if not services.loras.has(wanted):
        steps = ", ".join(map(str, services.runs.checkpoints(run))) or "–"
        raise ChooseAnother("loras.no_checkpoint", run=run, step=step, listed=steps)
    path = services.loras.path(wanted)
    try:
        facts = facts_of(read_header(path).metadata)
    except HeaderError as error:
        raise FixInput("models.lora_unreadable", file=path.name, reason=str(error)) from error
    chosen = name if name is not None else services.lora_library.free_name(facts.title or run)
    services.lora_library.check_new_name(chosen)
    record = _record(facts, source="training", source_name=wanted, family=facts.family)
    with _folder(services) as folder:
        _copy(path, folder / ADAPTERS[0])
        services.lora_library.put(folder, chosen, record.model_copy(update={"strength": _strength(strength)}))
    return chosen


def repair(services: Services, name: str, what: str, *, alpha: float | None = None) -> Repaired:
    """Mend an entry; the file as it was is kept until undo.

    Raises:
        FixInput: there is no such repair, it cannot be done, or the alpha is needed.
    """
    if what not in REPAIRS:
        raise FixInput("loras.unknown_repair", what=what[:60], listed=", ".join(REPAIRS))
    if alpha is not None and not (math.isfinite(alpha) and alpha > 0):
        raise FixInput("loras.alpha_range", value=alpha)
    path = services.loras.path(name)
    with _folder(services) as folder:
        done = services.lora_reader.repair(path, what, into=folder / ADAPTERS[0], alpha=alpha)
        services.lora_library.replace(name, folder / ADAPTERS[0], what=what)
    services.lora_library.keep_report(name, done.after)
    return done


def convert(services: Services, name: str, dialect: str, *, out: Path | None = None) -> Path:
    """Write a LoRA for another tool; the file.

    Without `out` it gets a name that says rank and alpha, because the challenge's layout has no place for them.

    Raises:
        FixInput: there is no such dialect, or the LoRA must be repaired first.
    """
    if dialect not in DIALECTS:
        raise FixInput("loras.unknown_dialect", dialect=dialect[:60], listed=", ".join(DIALECTS))
    path, report = services.loras.path(name), inspect(services, name)
    ending = ".ckpt" if dialect == "challenge" else ".safetensors"
    rank = f"-rank{report.ranks[0]}" if len(report.ranks) == 1 else ""
    alpha = f"-alpha{report.alpha:g}" if report.alpha is not None else ""
    into = out or services.lora_library.export_path(dialect, f"{name}{rank}{alpha}{ending}")
    entry = services.lora_library.entry(name)
    facts = report.facts.model_copy(update={"title": entry.title, "trigger": entry.trigger})
    facts = facts.model_copy(update={"family": entry.family or facts.family})
    services.lora_reader.convert(path, dialect, into=into, metadata=lora_metadata(facts))
    return into


def rename(services: Services, name: str, new: str) -> tuple[str, ...]:
    """Another name, in the stories that use it too; which stories.

    Raises:
        ChooseAnother: there is none of that name.
        FixInput: the new name is not fit, or in use.
    """
    services.lora_library.rename(name, new)
    users = used_by(services, name)
    for slug in users:
        story = services.stories.load(slug)
        places = [(None, story.loras), *((scene.id, scene.loras) for scene in story.scenes)]
        edits = [
            Edit(scene=scene, field="loras", value=_renamed(uses, name, new), seen=uses)
            for scene, uses in places
            if uses and any(use.name == name for use in uses)
        ]
        services.stories.edit(slug, edits)
    return users


def used_by(services: Services, name: str) -> tuple[str, ...]:
    """The stories that use a LoRA, anywhere in them."""
    found: list[str] = []
    for slug in services.stories.slugs():
        with contextlib.suppress(StudioError):
            story = services.stories.load(slug)
            uses = [*story.loras, *(use for scene in story.scenes for use in scene.loras or ())]
            if any(use.name == name for use in uses):
                found.append(slug)
    return tuple(found)


def set_strength(services: Services, name: str, strength: float) -> None:
    """Another recommended strength.

    Raises:
        FixInput: it is out of range.
    """
    services.lora_library.change(name, strength=_strength(strength))


def _renamed(uses: tuple[LoraUse, ...], name: str, new: str) -> tuple[LoraUse, ...]:
    return tuple(use.model_copy(update={"name": new}) if use.name == name else use for use in uses)


def _record(facts: LoraFacts, *, source: str, source_name: str, family: str) -> LoraRecord:
    return LoraRecord(
        title=facts.title,
        trigger=facts.trigger,
        source=source,
        source_name=source_name,
        family=family,
        provenance=facts.provenance,
    )


def _family(report: LoraReport) -> str:
    return report.families[0] if report.families else ""


def _strength(value: float) -> float:
    if not (math.isfinite(value) and abs(value) <= STRONGEST):
        raise FixInput("loras.strength", value=value, smallest=-STRONGEST, largest=STRONGEST)
    return float(value)


@contextlib.contextmanager
def _folder(services: Services) -> Iterator[Path]:
    """A folder for an entry in the making, gone afterwards unless it became one."""
    folder = services.lora_library.new_folder()
    try:
        yield folder
    finally:
        services.lora_library.drop(folder)


def _is_path(text: str) -> bool:
    path = pasted_path(text)
    return is_there(path) or "/" in text or "\\" in text or path.suffix.lower() in PATH_ENDINGS


def _ordinary(path: Path) -> Path:
    """The file of a path as it was given: pasted in quotes, as an address, with a tilde."""
    meant = pasted_path(path)
    if is_there(meant, Path.is_file):
        return meant.absolute()
    raise FixInput("loras.not_a_file", path=shown_path(meant))


def _copy(source: Path, target: Path) -> None:
    with writing(target) as temporary:
        shutil.copyfile(source, temporary)


def set_title(services: Services, name: str, title: str) -> None:
    """What people call it."""
    services.lora_library.change(name, title=title.strip()[:200])


def set_trigger(services: Services, name: str, trigger: str) -> None:
    """The word that calls what it was trained on."""
    services.lora_library.change(name, trigger=trigger.strip()[:200])
