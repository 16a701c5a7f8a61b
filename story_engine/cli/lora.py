"""`python -m story_engine lora …`: the LoRA library without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import services_of, story_of
from story_engine.cli.output import answer, remark
from story_engine.domain.lora import LoraEntry, LoraReport
from story_engine.flows.services import Services
from story_engine.messages import message
from story_engine.store.loras import CHECKPOINT_MARK

_BAR_WIDTH = 30

app = typer.Typer(no_args_is_help=True, help="The LoRA library: list, add, inspect, convert, repair, use, remove.")

NameArgument = Annotated[str, typer.Argument(help="Name in the library, or RUN@STEP for a checkpoint of a training.")]
AlphaOption = Annotated[float | None, typer.Option(help="That it was trained with, where the file does not say it.")]


@app.command("list")
def list_(context: typer.Context) -> None:
    """What is in the library. Example: python -m story_engine lora list"""
    entries = _services(context).lora_library.entries()
    lines = [
        f"{entry.name:<24} {_figures(entry):<24} {entry.family or '–':<8} {entry.trigger or '–'}" for entry in entries
    ]
    answer(context, {"loras": [_entry(entry) for entry in entries]}, "\n".join(lines) or "The library is empty.")


@app.command()
def add(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A .safetensors, .ckpt, .pt or .bin file, or RUN@STEP.")],
    name: Annotated[str | None, typer.Option(help="In the library; made from the file's where it is left out.")] = None,
    alpha: AlphaOption = None,
    trigger: Annotated[str | None, typer.Option(help="The word that calls what was trained.")] = None,
) -> None:
    """Take a LoRA in. Example: python -m story_engine lora add epoch=0-step=500.ckpt --name ink --alpha 4"""
    services = _services(context)
    run, _, step = file.rpartition(CHECKPOINT_MARK)
    if run and step.isdecimal() and not Path(file).exists():
        added = flows.loras.add_checkpoint(services, run, int(step), name)
        if trigger is not None:
            flows.loras.set_trigger(services, added, trigger)
    else:
        added = flows.loras.add_file(services, file, Path(file), name=name, alpha=alpha, trigger=trigger)
    entry = services.lora_library.entry(added)
    report = flows.loras.inspect(services, added)
    answer(context, _entry(entry) | {"findings": _findings(report)}, f"{added}: {entry.path}\n{_findings_text(report)}")


@app.command()
def inspect(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name in the library, RUN@STEP, or a file.")],
) -> None:
    """What the LoRA doctor finds. Example: python -m story_engine lora inspect ink"""
    services = _services(context)
    report = flows.loras.inspect_named(services, name)
    record = report.model_dump(mode="json") | {"findings": _findings(report), "repairs": report.repairs}
    loudest = max((block.norm for block in report.blocks), default=0.0) or 1.0
    chart = [
        f"    {block.block:<28} {block.norm:10.4f} {'█' * round(_BAR_WIDTH * block.norm / loudest)}"
        for block in report.blocks
    ]
    answer(context, record, "\n".join([_findings_text(report), *chart]))


@app.command()
def convert(
    context: typer.Context,
    name: NameArgument,
    to: Annotated[str, typer.Option(help="kohya (ComfyUI, A1111), diffusers, or challenge (.ckpt).")] = "kohya",
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Where the file goes.")] = None,
) -> None:
    """Write it for another tool. Example: python -m story_engine lora convert ink --to diffusers"""
    services = _services(context)
    losses = flows.loras.inspect(services, name).losses(to)
    codes = {"loras.would_leave_out": losses.left_out, "loras.notebook_ignores": losses.ignored}
    warnings = [
        message(code, "en", name=name, count=count, total=losses.tensors) for code, count in codes.items() if count
    ]
    for warning in warnings:
        remark(warning)
    path = flows.loras.convert(services, name, to, out=out.resolve() if out else None)
    answer(context, {"lora": name, "dialect": to, "file": str(path), "warnings": warnings}, str(path))


@app.command()
def repair(
    context: typer.Context,
    name: NameArgument,
    what: Annotated[str | None, typer.Argument(help="convert, alpha, drop_broken, even_ranks or drop_foreign.")] = None,
    alpha: AlphaOption = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the last repair back.")] = False,
) -> None:
    """Mend what can be mended. Example: python -m story_engine lora repair ink drop_broken"""
    if (what is None) != undo:
        raise typer.BadParameter("give either a repair or --undo")
    services = _services(context)
    if what is None:
        step = services.lora_library.undo(name)
        undone = step.what if step else None
        answer(context, {"lora": name, "undone": undone}, f"{name}: {undone or 'nothing'} taken back")
        return
    done = flows.loras.repair(services, name, what, alpha=alpha)
    sides = {"before": done.before, "after": done.after}
    record = {side: {"size_bytes": each.size_bytes, "findings": _findings(each)} for side, each in sides.items()}
    text = "\n".join(f"{side}:\n{_findings_text(each)}" for side, each in sides.items())
    answer(context, {"lora": name, "repair": what, **record}, text)


@app.command()
def use(
    context: typer.Context,
    name: NameArgument,
    story: Annotated[str, typer.Argument(help="Path of a story's YAML file, or its slug.")],
    trigger: Annotated[bool, typer.Option(help="Put the word that calls it in front of the shared style.")] = True,
) -> None:
    """Put a LoRA, or a checkpoint, on a story. Example: python -m story_engine lora use ink@120 singer"""
    services, slug = story_of(context, story)
    run, _, step = name.rpartition(CHECKPOINT_MARK)
    if run and step.isdecimal():
        done = flows.lora_on_story.put_checkpoint_on(services, run, int(step), slug, with_trigger=trigger)
    else:
        done = flows.lora_on_story.put_on(services, slug, name, with_trigger=trigger)
    report = {"story": done.story, "lora": done.lora, "revision_before": done.before}
    answer(context, report, f"{done.story} uses {done.lora}")


@app.command()
def remove(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name in the library; with --restore the token that removing gave.")],
    restore: Annotated[bool, typer.Option("--restore", help="Bring it back from the trash.")] = False,
) -> None:
    """Into the trash, for thirty days. Example: python -m story_engine lora remove ink"""
    services = _services(context)
    if restore:
        back = services.lora_library.restore(name)
        answer(context, {"lora": back}, f"{back} is back")
        return
    users = flows.loras.used_by(services, name)
    token = services.lora_library.delete(name)
    text = f"{name} is in the trash; lora remove {token} --restore brings it back"
    text += f"\nStories that use it: {', '.join(users)}" if users else ""
    # "worn_by" is what scripts of the first version read.
    answer(context, {"lora": name, "token": token, "used_by": users, "worn_by": users}, text)


def _services(context: typer.Context) -> Services:
    return services_of(context)


def _entry(entry: LoraEntry) -> dict[str, object]:
    report = entry.report
    return entry.model_dump(mode="json", exclude={"report"}) | {
        "rank": report.ranks[0] if report and len(report.ranks) == 1 else None,
        "alpha": report.alpha if report else None,
        "state": report.state if report else None,
    }


def _figures(entry: LoraEntry) -> str:
    report = entry.report
    if report is None:
        return "not inspected yet"
    rank = ", ".join(map(str, report.ranks)) or "–"
    return f"rank {rank}, alpha {'–' if report.alpha is None else f'{report.alpha:g}'}"


def _findings(report: LoraReport) -> list[dict[str, object]]:
    return [
        finding.model_dump(mode="json") | {"text": message(finding.code, "en", **finding.values)}
        for finding in report.findings
    ]


def _findings_text(report: LoraReport) -> str:
    lines = []
    for finding in report.findings:
        repair_hint = f" [repair: {finding.repair}]" if finding.repair else ""
        lines.append(f"{finding.state:<8} {message(finding.code, 'en', **finding.values)}{repair_hint}")
    return "\n".join(lines)
