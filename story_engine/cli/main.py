"""The command line: `python -m story_engine …`, for scripts, CI and a server without a screen.

Exit codes: 0 done; 1 something the person can put right (the message is on stderr); 2 wrong usage; 3 a job failed or
was cancelled. `--workspace DIR` and `--json` are understood everywhere: one JSON object on stdout, all else on stderr.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli import board as cli_board
from story_engine.cli import coherence as cli_coherence
from story_engine.cli import comic as cli_comic
from story_engine.cli import compare as cli_compare
from story_engine.cli import contest as cli_contest
from story_engine.cli import dataset, gallery, jobs, lora, models, train
from story_engine.cli import diagnostics as cli_diagnostics
from story_engine.cli import disk as cli_disk
from story_engine.cli import doctor as cli_doctor
from story_engine.cli import elsewhere as cli_elsewhere
from story_engine.cli import judge_view as cli_judge_view
from story_engine.cli import lint as cli_lint
from story_engine.cli import memory as cli_memory
from story_engine.cli import replace as cli_replace
from story_engine.cli import replay as cli_replay
from story_engine.cli import story_import as cli_import
from story_engine.cli import submit as cli_submit
from story_engine.cli import upload as cli_upload
from story_engine.cli.call import Call, in_front, scene_id, story_of
from story_engine.cli.output import PrintableFormatter, answer, remark, write_in_any_encoding
from story_engine.cli.report import board_report
from story_engine.cli.wait import JobEnded, wait_for
from story_engine.domain.views import Submitted
from story_engine.errors import ChooseAnother, StudioError
from story_engine.flows.services import Services

DONE, PUT_RIGHT, USAGE, JOB_FAILED = 0, 1, 2, 3
"""Usage errors are the parser's own, which ends with 2."""

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
app.add_typer(models.app, name="models")
models.app.command("plan")(cli_memory.plan)
app.add_typer(jobs.app, name="jobs")
app.command()(cli_compare.compare)
app.command()(cli_board.board)
app.command()(cli_coherence.coherence)
app.command()(cli_comic.comic)
app.command()(cli_contest.contest)
app.command("judge-view")(cli_judge_view.judge_view)
app.add_typer(dataset.app, name="dataset")
app.add_typer(lora.app, name="lora")
app.add_typer(gallery.app, name="gallery")
app.command("train")(train.train)
app.command("lint")(cli_lint.lint)
app.command("replace")(cli_replace.replace)
app.command("diagnostics")(cli_diagnostics.diagnostics)
app.command("doctor")(cli_doctor.doctor)
app.command("disk")(cli_disk.disk)
app.command("hand-in")(cli_submit.hand_in)
app.command()(cli_submit.checklist)
app.command()(cli_submit.check)
app.command()(cli_submit.export)
app.command("replay")(cli_replay.replay)
app.command("upload")(cli_upload.upload)
app.command("export-to")(cli_elsewhere.export_to)
app.command("import")(cli_import.bring)

StoryArgument = Annotated[str, typer.Argument(help="Path of a story's YAML file, or its slug.")]
SceneOption = Annotated[list[str] | None, typer.Option("--scene", help="Number (1 = first) or id; may be repeated.")]


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code."""
    write_in_any_encoding()
    handler = logging.StreamHandler()
    handler.setFormatter(PrintableFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    try:
        app(in_front(arguments, typer.main.get_command(app).params), prog_name="python -m story_engine")
    except SystemExit as ended:
        return int(ended.code or DONE)
    except JobEnded as ended:
        remark(ended)
        return JOB_FAILED
    except StudioError as error:
        remark(error)
        return PUT_RIGHT
    return DONE


@app.callback()
def options(
    context: typer.Context,
    workspace: Annotated[str | None, typer.Option(help="Folder of everything generated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Options of every command."""
    context.obj = Call(workspace, as_json)


@app.command()
def render(
    context: typer.Context,
    story: StoryArgument,
    scene: SceneOption = None,
    takes: Annotated[int, typer.Option(help="Takes of each scene.")] = 1,
    family: Annotated[str | None, typer.Option(help="preview or kolors; the story is not changed.")] = None,
    sampler: Annotated[str | None, typer.Option(help="ddim, euler or dpmpp_2m_karras.")] = None,
    steps: Annotated[int | None, typer.Option()] = None,
    guidance: Annotated[str | None, typer.Option(help="usual, by_noise or constant.")] = None,
    size: Annotated[str | None, typer.Option(help="WxH in pixels, multiples of 64.")] = None,
    without_loras: Annotated[
        bool, typer.Option("--without-loras", help="The same scenes and seeds without any LoRA, to compare.")
    ] = False,
) -> None:
    """Paint what is missing. Example: python -m story_engine render singer --scene 1 --takes 2 --family preview"""
    services, slug = story_of(context, story)
    overrides = _overrides(family=family, sampler=sampler, steps=steps, guidance=guidance, size=size)
    chosen = [scene_id(services, slug, each) for each in scene] if scene else None
    submitted = flows.queue.render(
        services, slug, scenes=chosen, takes=takes, overrides=overrides, without_loras=without_loras
    )
    _finish(context, services, submitted, slug)


@app.command()
def redo(
    context: typer.Context,
    story: StoryArgument,
    scene: Annotated[str, typer.Option(help="Number (1 = first) or id.")],
    takes: Annotated[int, typer.Option(help="How many more.")] = 1,
) -> None:
    """More takes of one scene. Example: python -m story_engine redo singer --scene 3 --takes 4"""
    services, slug = story_of(context, story)
    _finish(context, services, flows.queue.redo(services, slug, scene_id(services, slug, scene), takes=takes), slug)


@app.command()
def score(context: typer.Context, story: StoryArgument) -> None:
    """Score what the present scorer has not scored. Example: python -m story_engine score singer"""
    services, slug = story_of(context, story)
    _finish(context, services, flows.queue.rescore(services, slug), slug)


@app.command()
def pick(
    context: typer.Context,
    story: StoryArgument,
    scene: Annotated[str, typer.Option(help="Number (1 = first) or id.")],
    take: Annotated[str, typer.Option(help="Take id, or its first digits.")],
) -> None:
    """Choose a take for its panel. Example: python -m story_engine pick singer --scene 1 --take 3f2a"""
    services, slug = story_of(context, story)
    chosen = scene_id(services, slug, scene)
    panels = {panel.scene.id: panel for panel in flows.panels.open_story(services, slug).board.panels}
    if chosen not in panels:
        raise ChooseAnother("render.no_scene", scene=chosen, listed=", ".join(panels))
    panel = panels[chosen]
    ids = [view.take.id for view in panel.takes if view.take.id.startswith(take)]
    if len(ids) != 1:
        listed = ", ".join(view.take.id[:8] for view in panel.takes) or "–"
        raise ChooseAnother("cli.take", take=take, scene=chosen, listed=listed)
    flows.takes.pick(services, slug, chosen, ids[0])
    answer(context, {"story": slug, "scene": chosen, "pick": ids[0]}, f"{chosen}: {ids[0]}")


def _overrides(*, size: str | None, **settings: object) -> dict[str, object]:
    width, height = None, None
    if size is not None:
        try:
            width, height = (int(side) for side in size.lower().split("x"))
        except ValueError as error:
            raise typer.BadParameter(f"{size!r} is not WxH, such as 256x256", param_hint="--size") from error
    given = settings | {"width": width, "height": height}
    return {key: value for key, value in given.items() if value is not None}


def _finish(context: typer.Context, services: Services, submitted: Submitted, slug: str) -> None:
    """Wait for the job and report the board."""
    if submitted.job is not None:
        wait_for(services, submitted.job)
    report, text = board_report(services, slug)
    report |= {"job": submitted.job, "found": submitted.found, "made": submitted.queued}
    answer(context, report, text)
