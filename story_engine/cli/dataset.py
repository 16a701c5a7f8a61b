"""`python -m story_engine dataset …`: collect, filter, caption, check and export training pictures."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from story_engine import flows
from story_engine.cli.call import services_of
from story_engine.cli.output import answer, remark
from story_engine.cli.wait import JobEnded, wait_for
from story_engine.domain.dataset import Filters
from story_engine.domain.picture_import import PictureImport
from story_engine.flows.services import Services
from story_engine.messages import known_codes, message
from story_engine.store.given_file import read_given
from story_engine.store.safe_yaml import LARGEST_BYTES

_POLL_SECONDS = 0.2

app = typer.Typer(no_args_is_help=True, help="Training pictures: create, filter, caption, check, export.")

NameArgument = Annotated[str, typer.Argument(help="Name of the dataset.")]


@app.command()
def create(
    context: typer.Context,
    title: Annotated[str, typer.Argument(help="A name for people; an existing dataset's name adds to it.")],
    paths: Annotated[list[Path] | None, typer.Argument(help="Pictures, zips, folders, caption files.")] = None,
    sample: Annotated[str | None, typer.Option(help="A ready set: ink, crayon or papercut.")] = None,
    language: Annotated[str, typer.Option(help="Of the sample set's captions: en or zh.")] = "en",
    modelscope: Annotated[str | None, typer.Option(help="owner/name of a ModelScope dataset.")] = None,
    subset: Annotated[str, typer.Option()] = "default",
    split: Annotated[str, typer.Option()] = "train",
) -> None:
    """Bring pictures in. Example: python -m story_engine dataset create ink --sample ink"""
    services = _services(context)
    if paths:
        flows.dataset_import.sources_of(paths)  # before a dataset is made for nothing
    name = title if title in services.datasets.names() else services.datasets.create(title)
    imports: list[PictureImport] = []
    if paths:
        flows.dataset_import.bring_paths(services, name, paths)
        imports.append(_finish(services, name))
    if sample is not None:
        flows.dataset_import.bring_sample(services, name, sample, language=language)
        imports.append(_finish(services, name))
    if modelscope is not None:
        flows.dataset_import.bring_modelscope(services, name, modelscope, subset=subset, split=split)
        imports.append(_finish(services, name))
    report = _import_report(imports)
    for line in (*report["refused"], *(each["text"] for each in report["passed_over"])):
        remark(line)
    if (more := report["refused_count"] - len(report["refused"])) > 0:
        remark(f"… and {more} more files that were not taken in")
    answer(context, {"dataset": name, **report}, f"{name}: {report['added']} pictures taken in")


@app.command("list")
def list_(context: typer.Context) -> None:
    """All datasets, and what is wrong with a damaged one. Example: python -m story_engine dataset list"""
    cards = flows.dataset_view.cards(_services(context))
    found = [
        {"dataset": card.name, "title": card.title, "pictures": card.pictures}
        | {"damage": None if card.damage is None else card.damage.text("en")}
        for card in cards
    ]
    lines = [
        f"{card.name:<24} " + (f"{card.pictures:>6}  {card.title}" if card.damage is None else card.damage.text("en"))
        for card in cards
    ]
    answer(context, {"datasets": found}, "\n".join(lines) or "There are no datasets.")


@app.command("filter")
def filter_(
    context: typer.Context,
    name: NameArgument,
    config: Annotated[Path | None, typer.Option(help="A data_juicer_config.yaml to take filters from.")] = None,
    min_width: Annotated[int | None, typer.Option(min=0)] = None,
    min_height: Annotated[int | None, typer.Option(min=0)] = None,
    min_ratio: Annotated[float | None, typer.Option(min=0)] = None,
    max_ratio: Annotated[float | None, typer.Option(min=0)] = None,
    near_duplicates: Annotated[
        int | None,
        typer.Option("--near-duplicates", "--twins", min=0, max=16, help="Bits in which near-duplicates may differ."),
    ] = None,
    min_score: Annotated[float | None, typer.Option(min=0, max=10, help="Scores what has no score yet.")] = None,
    off: Annotated[bool, typer.Option("--off", help="All filters off first.")] = False,
) -> None:
    """Set filters. Example: python -m story_engine dataset filter ink --min-width 512 --near-duplicates 4"""
    services = _services(context)
    filters = Filters() if off else flows.dataset_view.view(services, name).dataset.filters
    if config is not None:
        filters = flows.dataset_export.filters_of(read_given(config, limit=LARGEST_BYTES), onto=filters)
    given: dict[str, dict[str, object]] = {
        "shape": _given(min_width=min_width, min_height=min_height),
        "ratio": _given(min_ratio=min_ratio, max_ratio=max_ratio),
        "near_duplicates": _given(bits=near_duplicates),
        "score": _given(min_score=min_score),
    }
    changed = {
        part: getattr(filters, part).model_copy(update={"is_on": True, **values})
        for part, values in given.items()
        if values
    }
    if min_score is not None and (job := flows.dataset_score.score(services, name).job) is not None:
        wait_for(services_of(context), job)
    view = flows.dataset_view.set_filters(services, name, filters.model_copy(update=changed))
    dropped = {file: message(why.code, "en", **why.values) for file, why in view.dropped.items()}
    lines = [f"{name}: {len(view.kept)} kept, {len(dropped)} dropped"]
    lines += [f"    {file}: {reason}" for file, reason in dropped.items()]
    report = {"dataset": name, "kept": len(view.kept), "dropped": dropped, "filters": view.dataset.filters.model_dump()}
    answer(context, report, "\n".join(lines))


@app.command()
def caption(
    context: typer.Context,
    name: NameArgument,
    trigger: Annotated[str | None, typer.Option(help="The trigger word, put in front of every caption.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Text in front of every caption.")] = None,
    replace: Annotated[tuple[str, str] | None, typer.Option(help="Find and replace.")] = None,
    text: Annotated[str | None, typer.Option("--set", help="The same caption for all.")] = None,
    file: Annotated[list[str] | None, typer.Option(help="Only these pictures; may be repeated.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the last change back.")] = False,
) -> None:
    """Change captions. Example: python -m story_engine dataset caption ink --trigger mystyle"""
    services = _services(context)
    changed = 0
    if undo:
        step = services.captions.undo(name)
        changed += step.count if step else 0
    if text is not None:
        changed += flows.dataset_captions.set_all(services, name, text, files=file)
    if replace is not None:
        changed += flows.dataset_captions.replace(services, name, *replace, files=file)
    if prefix is not None:
        changed += flows.dataset_captions.prefix(services, name, prefix, files=file)
    if trigger is not None:
        flows.dataset_captions.set_trigger(services, name, trigger)
        changed += flows.dataset_captions.put_trigger_in_front(services, name, files=file)
    captions = {entry.file: entry.caption for entry in flows.dataset_view.view(services, name).dataset.entries}
    lines = [f"{name}: {changed} captions changed", *(f"    {each}: {words}" for each, words in captions.items())]
    answer(context, {"dataset": name, "changed": changed, "captions": captions}, "\n".join(lines))


@app.command()
def check(
    context: typer.Context,
    name: NameArgument,
    preset: Annotated[str | None, typer.Option(help="Planned training; the one usual on this machine.")] = None,
    side: Annotated[int | None, typer.Option(help="Of the training pictures in pixels.", min=1)] = None,
    steps: Annotated[int | None, typer.Option(help="Of the planned training.", min=1)] = None,
) -> None:
    """What the clinic finds. Example: python -m story_engine dataset check ink --preset quick_look"""
    services = _services(context)
    planned = flows.planned_training.of_preset(services, preset or flows.planned_training.usual_preset(services))
    found = flows.dataset_view.clinic(
        services, name, side=side or planned.side, steps=steps or planned.steps, batch_size=planned.batch_size
    )
    findings: list[dict[str, Any]] = [
        each.model_dump(exclude={"repair"}) | {"text": message(each.code, "en", **each.values)}
        for each in found.findings
    ]
    histograms: dict[str, object] = {"sizes": dict(found.sizes), "ratios": dict(found.ratios)}
    report: dict[str, object] = {"dataset": name, "findings": findings, **histograms}
    answer(context, report, "\n".join(f"{each['state']:<8} {each['text']}" for each in findings))


@app.command()
def export(
    context: typer.Context,
    name: NameArgument,
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the zip goes.")],
) -> None:
    """The kept pictures for the trainer. Example: python -m story_engine dataset export ink --out ink.zip"""
    path = flows.dataset_export.export(_services(context), name, out=out.resolve())
    answer(context, {"dataset": name, "zip": str(path)}, str(path))


def _services(context: typer.Context) -> Services:
    return services_of(context)


def _finish(services: Services, name: str) -> PictureImport:
    """Wait for the import.

    Raises:
        JobEnded: it ended otherwise than done.
    """
    try:
        while (importing := services.imports.state(name)) is not None and importing.is_active:
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        services.imports.stop(name)
        raise typer.Abort from None
    if importing is None or importing.state != "done":
        code = importing.error_code if importing else None
        reason = message(code, "en", **((importing and importing.error_values) or {})) if code in known_codes() else ""
        raise JobEnded(f"The import into {name} ended: {importing.state if importing else 'gone'}. {reason}".strip())
    return importing


def _import_report(imports: list[PictureImport]) -> dict[str, Any]:
    """What came in, and all that did not or not as it stood."""
    refused = [each for importing in imports for each in importing.refused if each.code in known_codes()]
    passed = [each for importing in imports for each in importing.passed_over if each.code in known_codes()]
    return {
        "added": sum(importing.added for importing in imports),
        "same": sum(importing.same for importing in imports),
        "captions": sum(importing.captions for importing in imports),
        "refused": [message(each.code, "en", **each.values) for each in refused],
        "refused_count": sum(importing.refused_count for importing in imports),
        "passed_over": [asdict(each) | {"text": message(each.code, "en", **each.values)} for each in passed],
    }


def _given(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}
