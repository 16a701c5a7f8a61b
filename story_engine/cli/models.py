"""`python -m story_engine models …`: what is here of each model, and how the rest comes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import services_of
from story_engine.cli.models_report import hub_report, models_report, state_lines, state_report, verify_lines
from story_engine.cli.output import answer, remark, show_progress
from story_engine.cli.report import Report, job_report
from story_engine.cli.wait import wait_for
from story_engine.domain.job import JobView
from story_engine.domain.views import FamilyState
from story_engine.flows.services import Services
from story_engine.formats.pasted_path import pasted_path
from story_engine.messages import message

app = typer.Typer(no_args_is_help=True, help="Models: what is here, where, what is missing; download, verify.")
PUT_RIGHT = 1
NameArgument = Annotated[str, typer.Argument(help="kolors or aesthetic.")]
_MEGABYTE = 2**20


@app.command("list")
def list_models(context: typer.Context) -> None:
    """What is here, where, and what is missing. Example: python -m story_engine models list"""
    answer(context, *models_report(services_of(context)))


@app.command()
def verify(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="One model; all that are here without it.")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Compare with what the hub said last.")] = False,
) -> None:
    """Check every file by size and SHA-256. Example: python -m story_engine models verify kolors"""
    services = services_of(context)
    states = [flows.models.state(services, name)] if name else flows.models.states(services)
    found = [each for each in states if name or _is_worth_checking(each)]
    results = [flows.models.verify(services, state.name, offline=offline, report=_show_reading) for state in found]
    if sys.stderr.isatty():
        remark()
    lines = [line for result in results for line in verify_lines(result)]
    is_well = all(not result.wrong for result in results)
    report: Report = {"models": [result.model_dump(mode="json", exclude={"kind"}) for result in results], "ok": is_well}
    answer(context, report, "\n".join(lines))
    if not is_well:
        raise typer.Exit(PUT_RIGHT)


@app.command()
def download(
    context: typer.Context,
    name: NameArgument,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You have read the model's licence and accept it.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow it to its end, or leave it to itself.")] = True,
) -> None:
    """Fetch the missing files. Example: python -m story_engine models download kolors --accept-licence"""
    services = services_of(context)
    state = flows.models.state(services, name)
    if accept_licence:
        flows.models.accept_licence(services, name)
    elif state.needs_acceptance and state.licence is not None:
        remark(message(state.licence.summary, "en"))
        remark(f"{state.licence.url}\n{state.licence.page}")
    job = flows.models.download(services, name)
    _follow(context, services, name, job, is_followed=wait)


@app.command()
def pause(context: typer.Context, name: NameArgument) -> None:
    """Stop a download; what arrived is kept. Example: python -m story_engine models pause kolors"""
    services = services_of(context)
    job = flows.models.pause(services, name)
    state = flows.models.state(services, name)
    text = f"job {job} was asked to stop; {_how_far(state)}. Go on: python -m story_engine models resume {name}"
    answer(context, {"job": job, **state_report(state)}, text)


@app.command()
def resume(
    context: typer.Context,
    name: NameArgument,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow it to its end, or leave it to itself.")] = True,
) -> None:
    """Go on where a download stopped. Example: python -m story_engine models resume kolors"""
    services = services_of(context)
    remark(_how_far(flows.models.state(services, name)))
    _follow(context, services, name, flows.models.download(services, name), is_followed=wait)


@app.command()
def use(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A folder that holds a model, or the `models` folder of a notebook.")],
    forget: Annotated[bool, typer.Option("--forget", help="Look there no more; nothing in it is touched.")] = False,
    as_first: Annotated[
        str | None, typer.Option("--for", help="kolors or aesthetic: of several folders, let this one count.")
    ] = None,
) -> None:
    """Use what lies there already, in place. Example: python -m story_engine models use ~/models/kolors/Kolors"""
    services = services_of(context)
    if forget:
        flows.models.forget_folder(services, str(pasted_path(folder).absolute()))
    elif as_first is not None:
        flows.models.choose(services, as_first, pasted_path(folder).absolute())
    else:
        found = flows.models.use_folder(services, folder)
        remark(f"found there: {', '.join(found)}")
    answer(context, *models_report(services))


@app.command()
def mirror(
    context: typer.Context,
    address: Annotated[str | None, typer.Argument(help="https://…; without it, what is set.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="ModelScope itself again.")] = False,
) -> None:
    """Another hub for downloads and uploads. Example: python -m story_engine models mirror https://hub.example.cn"""
    services = services_of(context)
    if address is not None or clear:
        flows.models.set_mirror(services, address or "")
    hub = flows.models.hub(services)
    note = " (MODELSCOPE_ENDPOINT wins)" if hub.is_of_environment else ""
    answer(context, hub_report(hub), f"{hub.address}{note}")


def _follow(context: typer.Context, services: Services, name: str, job: int, *, is_followed: bool) -> None:
    if not is_followed:
        answer(context, {"job": job}, f"job {job}: python -m story_engine jobs watch {job}")
        return
    view = wait_for(services, job, how_far=_bytes_so_far)
    state = flows.models.state(services, name)
    answer(context, {**job_report(view), "model": state_report(state)}, "\n".join(state_lines(state)))


def _is_worth_checking(state: FamilyState) -> bool:
    """What comes with the Studio has to be whole; of the rest, what has begun to arrive."""
    if not state.can_download:
        return state.is_needed
    return any(file.state != "missing" for file in state.files)


def _bytes_so_far(view: JobView) -> str:
    """Overall, the file that moves, and how fast."""
    progress = view.progress
    line = f"{view.state} {progress.stage}".strip()
    if progress.total:
        line += f" {progress.step}/{progress.total} MiB ({100 * progress.step // progress.total} %)"
    if progress.seconds_per_step:
        line += f", {1 / progress.seconds_per_step:.1f} MiB/s"
    if progress.eta_seconds is not None:
        line += f", about {progress.eta_seconds:.0f} s left"
    return f"{line}, {progress.note}" if progress.note else line


def _how_far(state: FamilyState) -> str:
    return f"{state.name}: {state.received_bytes / 1e6:,.0f} of {state.size_bytes / 1e6:,.0f} MB are here"


def _show_reading(file: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        show_progress(f"reading {done // _MEGABYTE}/{total // _MEGABYTE} MiB, {file}")
