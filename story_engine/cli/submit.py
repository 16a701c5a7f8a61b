"""The command line of the hand-in page: details, checklist, bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import services_of, story_of
from story_engine.cli.output import answer
from story_engine.domain.gate import CHALLENGE_GATE
from story_engine.domain.hand_in import lora_field
from story_engine.domain.views import CheckItem
from story_engine.errors import ChooseAnother
from story_engine.flows.bundle_plan import BundlePlan
from story_engine.flows.services import Services
from story_engine.messages import message

StoryArgument = Annotated[str, typer.Argument(help="Path of a story's YAML file, or its slug.")]
GateOption = Annotated[float, typer.Option("--threshold", help="The gate.")]
_BLOCKED = 1
_MARKS = {"blocks": "✗", "warning": "!", "reminder": "☐", "ok": "✓"}


def hand_in(
    context: typer.Context,
    story: StoryArgument,
    team: Annotated[str | None, typer.Option(help="As registered at Tianchi.")] = None,
    work: Annotated[str | None, typer.Option(help="Ends the name of bundle and LoRA page.")] = None,
    link: Annotated[str | None, typer.Option(help="Of the LoRA's page at ModelScope.")] = None,
    contact: Annotated[str | None, typer.Option(help="Public: it stands in the model card.")] = None,
    words: Annotated[str | None, typer.Option(help="Your own, above the pictures of the post.")] = None,
    lora: Annotated[str | None, typer.Option(help="Which LoRA is meant; may be left out for one.")] = None,
    introduction: Annotated[str | None, typer.Option(help="Of the LoRA, in Chinese.")] = None,
    introduction_en: Annotated[str | None, typer.Option(help="Of the LoRA, in English.")] = None,
    pictures: Annotated[str | None, typer.Option(help="What it was trained on, where nothing records it.")] = None,
    training: Annotated[str | None, typer.Option(help="How it was trained, where nothing records it.")] = None,
) -> None:
    """Read or write the details of a submission. Example: python -m story_engine hand-in singer --team Cats"""
    services, slug = story_of(context, story)
    given = {"team": team, "work": work, "link": link, "contact": contact, "words": words}
    of_lora = {
        "introduction_zh": introduction,
        "introduction_en": introduction_en,
        "pictures": pictures,
        "training": training,
    }
    if any(text is not None for text in of_lora.values()):
        sha256 = _lora(services, slug, lora)
        given |= {lora_field(sha256, part): text for part, text in of_lora.items()}
    for field, text in given.items():
        if text is not None:
            seen = flows.hand_in.details(services, slug).value(field)
            flows.hand_in.write(services, slug, field, text, seen=seen)
    details = flows.hand_in.details(services, slug)
    lines = [f"{name}: {value}" for name, value in details.model_dump(exclude={"loras"}).items() if value]
    answer(context, details.model_dump(mode="json"), "\n".join(lines) or "–")


def checklist(context: typer.Context, story: StoryArgument, threshold: GateOption = CHALLENGE_GATE) -> None:
    """What blocks, what is weak, what is left. Example: python -m story_engine checklist singer"""
    services, slug = story_of(context, story)
    plan = _examined(services, slug, threshold)
    _answer_items(context, {"story": slug}, plan.items)


def check(
    context: typer.Context, bundle: Annotated[Path, typer.Argument(help="A zip that was made, or its unpacked folder.")]
) -> None:
    """What must not be in a finished bundle. Example: python -m story_engine check singer.zip"""
    _answer_items(context, {"bundle": str(bundle)}, flows.finished_bundle.check(services_of(context), bundle))


def export(
    context: typer.Context,
    story: StoryArgument,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Where the zip goes; by default into the workspace.")
    ] = None,
    threshold: GateOption = CHALLENGE_GATE,
    anyway: Annotated[bool, typer.Option("--anyway", help="Although the checklist blocks; it says so.")] = False,
) -> None:
    """Write the bundle. Example: python -m story_engine export singer --out singer.zip --anyway"""
    services, slug = story_of(context, story)
    target = out.resolve() if out is not None else None
    path = flows.export.export(services, slug, threshold=threshold, out=target, anyway=anyway)
    answer(context, {"story": slug, "bundle": str(path)}, str(path))


def _answer_items(context: typer.Context, report: dict[str, object], items: Sequence[CheckItem]) -> None:
    """Tell the lines; the exit code says whether one of them blocks."""
    blocks = sum(item.state == "blocks" for item in items)
    told = [
        {
            "state": item.state,
            "code": item.code,
            "scene": item.scene,
            "en": message(item.code, "en", **item.values),
            "zh": message(item.code, "zh", **item.values),
        }
        for item in items
    ]
    lines = [f"{_MARKS[item.state]} {message(item.code, 'en', **item.values)}" for item in items]
    answer(context, report | {"is_ready": not blocks, "blocking": blocks, "items": told}, "\n".join(lines))
    if blocks:
        raise typer.Exit(_BLOCKED)


def _examined(services: Services, slug: str, threshold: float) -> BundlePlan:
    opened = flows.panels.open_story(services, slug)
    plan = flows.export.plan(services, opened, threshold=threshold)
    if flows.export.examine_loras(services, plan):
        plan = flows.export.plan(services, opened, threshold=threshold)
    return plan


def _lora(services: Services, slug: str, wanted: str | None) -> str:
    """The content hash of the LoRA that is meant.

    Raises:
        ChooseAnother: the pictures have none of that name, or several and none was named.
    """
    loras = [lora for lora in flows.export.plan(services, slug).loras if lora.pictures]
    chosen = [lora for lora in loras if wanted is None or wanted in (lora.name, lora.known_as, lora.stem)]
    if len(chosen) != 1:
        listed = ", ".join(lora.stem for lora in loras) or "–"
        raise ChooseAnother("submit.which_lora", name=wanted or "–", listed=listed)
    return chosen[0].sha256
