"""`python -m story_engine replay BUNDLE`: paint a bundle again from itself alone, and say how far the pictures are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import services_of
from story_engine.cli.output import answer
from story_engine.cli.wait import JobEnded, wait_for
from story_engine.domain.replay import ROUNDING, ReplayReport
from story_engine.formats.certificate import cells, other_conditions, verdict
from story_engine.messages import message

NOT_REPRODUCED = 1


def replay(
    context: typer.Context,
    bundle: Annotated[Path, typer.Argument(help="The zip, or the folder that it unpacks to.")],
    tolerance: Annotated[
        int, typer.Option(min=0, max=255, help="Largest difference of a colour value (of 255) that still counts.")
    ] = ROUNDING,
    certificate: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the certificate here too.")] = None,
) -> None:
    """Paint a bundle again; exit code 1 where it differs. Example: python -m story_engine replay team.zip"""
    services = services_of(context)
    report = flows.replay.report_of(wait_for(services, flows.replay.start(services, bundle)))
    if report is None:
        raise JobEnded("The replay has no report.")
    if certificate is not None:
        flows.replay.write_certificate(report, certificate)
    figures = report.model_dump(mode="json") | {
        "identical": report.identical,
        "largest": report.largest,
        "is_reproduced": report.largest <= tolerance,
    }
    answer(context, figures, _text(report))
    if report.largest > tolerance:
        raise typer.Exit(NOT_REPRODUCED)


def _text(report: ReplayReport) -> str:
    lines = [
        "{:<16} seed {:<10} differing {:<9} largest {:<4} mean {:<8} score {} → {} ({})".format(*cells(picture))
        for picture in report.pictures
    ]
    lines += [f"{name}: {then} → {now}" for name, (then, now) in other_conditions(report).items()]
    lines += [message("replay.unlisted", "en", name=name) for name in report.unlisted]
    figures = {"count": len(report.pictures), "identical": report.identical, "largest": report.largest}
    return "\n".join([*lines, message(verdict(report), "en", **figures)])
