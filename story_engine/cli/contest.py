"""`contest`: many takes begin, the best imagined ones are finished."""

from __future__ import annotations

from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import scene_id, story_of
from story_engine.cli.output import answer
from story_engine.cli.report import board_report
from story_engine.cli.wait import wait_for


def contest(
    context: typer.Context,
    story: Annotated[str, typer.Argument(help="Path of a story's YAML file, or its slug.")],
    scene: Annotated[list[str] | None, typer.Option(help="Number (1 = first) or id; may be repeated.")] = None,
    takes: Annotated[int, typer.Option(help="That begin, of each scene.")] = flows.contest.USUAL_TAKES,
    keep: Annotated[int, typer.Option(help="Of each scene's takes, that are finished.")] = 1,
) -> None:
    """Begin many takes, finish the best; none is picked. Example: python -m story_engine contest singer --scene 3"""
    services, slug = story_of(context, story)
    chosen = [scene_id(services, slug, each) for each in scene] if scene else None
    submitted = flows.contest.begin(services, slug, scenes=chosen, takes=takes, keep=keep)
    if submitted.job is not None:
        wait_for(services, submitted.job)
    report, text = board_report(services, slug)
    story_scenes = [each.id for each in services.stories.load(slug).scenes]
    stopped = [
        {"scene": each.item.scene, "take": each.id, "seed": each.item.recipe.seed, "reason": each.reason.text("en")}
        for named in chosen or story_scenes
        for each in flows.contest.stopped(services, slug, named)
        if each.job == submitted.job
    ]
    lines = [f"{each['scene']}: seed {each['seed']} stopped. {each['reason']}" for each in stopped]
    answer(context, report | {"job": submitted.job, "stopped": stopped}, "\n".join([text, *lines]))
