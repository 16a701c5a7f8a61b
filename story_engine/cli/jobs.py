"""`python -m story_engine jobs …`: the queue without a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import services_of
from story_engine.cli.output import answer
from story_engine.cli.report import Report, job_report
from story_engine.cli.wait import show_trouble, wait_for
from story_engine.domain.job import Direction

app = typer.Typer(no_args_is_help=True, help="The queue.")

CountOption = Annotated[int | None, typer.Option(min=0, show_default="STORY_STUDIO_JOBS_KEPT, or 1000")]
DirectionOption = Annotated[Direction, typer.Option(help="Among the jobs of the same person.")]
DaysOption = Annotated[int | None, typer.Option(min=0, show_default="STORY_STUDIO_JOB_DAYS_KEPT, or 90")]


@app.command("list")
def list_(context: typer.Context) -> None:
    """The last jobs. Example: python -m story_engine jobs list"""
    services = services_of(context)
    jobs = flows.queue.jobs(services, active=False)
    if any(job.is_active for job in jobs):
        show_trouble(services)
    found = [job_report(job) for job in jobs]
    lines = [_line(job) for job in found]
    answer(context, {"jobs": found, "size_bytes": services.ledger.size().size_bytes}, "\n".join(lines))


@app.command()
def queue(context: typer.Context) -> None:
    """What runs, what waits in which order, what can be tried again. Example: python -m story_engine jobs queue"""
    services = services_of(context)
    found = flows.queue.overview(services)
    if found.active:
        show_trouble(services)
    parts = {
        "running": found.running,
        "waiting": tuple(turn.job for turn in found.waiting),
        "stopped": found.stopped,
    }
    lines = [f"{part:<8} {_line(job_report(job))}" for part, jobs in parts.items() for job in jobs]
    answer(context, {part: [job_report(job) for job in jobs] for part, jobs in parts.items()}, "\n".join(lines))


@app.command()
def move(context: typer.Context, job: int, to: DirectionOption = "up") -> None:
    """Change the turn of a job that waits. Example: python -m story_engine jobs move 12 --to first"""
    services = services_of(context)
    flows.queue.move(services, job, to)
    order = [turn.job.id for turn in flows.queue.overview(services).waiting]
    answer(context, {"waiting": order}, "waiting: " + " ".join(map(str, order)))


@app.command()
def watch(context: typer.Context, job: int) -> None:
    """Follow a job to its end. Example: python -m story_engine jobs watch 12"""
    answer(context, job_report(wait_for(services_of(context), job)), "done")


@app.command()
def cancel(context: typer.Context, job: int) -> None:
    """Ask a job to stop. Example: python -m story_engine jobs cancel 12"""
    services = services_of(context)
    services.ledger.request_cancel(job)
    answer(context, job_report(flows.queue.job(services, job)), f"{job}: asked to stop")


@app.command()
def retry(context: typer.Context, job: int) -> None:
    """Queue a job again. Example: python -m story_engine jobs retry 12"""
    services = services_of(context)
    again = flows.queue.job(services, flows.queue.retry(services, job))
    answer(context, job_report(again), f"{again.id}: {again.state}")


@app.command()
def prune(context: typer.Context, keep: CountOption = None, days: DaysOption = None) -> None:
    """Forget finished jobs beyond KEEP, or older than DAYS; takes and LoRAs stay. Example: … jobs prune --days 7"""
    services = services_of(context)
    forgotten = flows.queue.prune_jobs(services, keep=keep, days=days)
    size = services.ledger.size()
    report: dict[str, object] = {"forgotten": forgotten, "kept": size.jobs, "size_bytes": size.size_bytes}
    answer(context, report, f"{forgotten} forgotten, {size.jobs} kept, {size.size_bytes / 2**20:.1f} MiB")


def _line(job: Report) -> str:
    return f"{job['id']:>5}  {job['kind']:<13} {job['state']:<10} {job['story'] or ''}"
