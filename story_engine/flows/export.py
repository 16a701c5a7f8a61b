"""Export: from the board to the zip that is handed in."""

from __future__ import annotations

import json
from pathlib import Path

from story_engine.domain.board import OpenStory
from story_engine.domain.gate import CHALLENGE_GATE, ScriptRun, gate
from story_engine.domain.views import CheckItem, GateView
from story_engine.errors import FixInput, InvalidInput, NotReady, StudioError
from story_engine.flows import judge_view
from story_engine.flows.bundle_card import post_text, readme
from story_engine.flows.bundle_check import CHECKLIST, check_entries, check_plan, checklist_json
from story_engine.flows.bundle_loras import examine, files_of
from story_engine.flows.bundle_plan import BundlePlan, plan_of
from story_engine.flows.comic import bundle_entries
from story_engine.flows.gate import confirm, known_run, script_report, submit
from story_engine.flows.panels import open_story
from story_engine.flows.reproduction import reproduction_entries
from story_engine.flows.room import check_room
from story_engine.flows.services import Services
from story_engine.flows.submission import blocking
from story_engine.formats.model_card import configuration
from story_engine.formats.prompt_table import as_csv, as_json, as_markdown


def gate_view(services: Services, opened: str | OpenStory, *, threshold: float = CHALLENGE_GATE) -> GateView:
    """The gate on the panels as they are chosen on this board."""
    board = open_story(services, opened).board
    values = board.scores
    result = gate(values)
    return GateView(
        scorer=board.scorer,
        is_challenge=board.is_challenge,
        threshold=threshold,
        mean=result.mean,
        scored=sum(value is not None for value in values),
        panels=len(values),
        values=values,
        pulls=result.pulls,
    )


def checklist(
    services: Services, opened: str | OpenStory, *, threshold: float = CHALLENGE_GATE
) -> tuple[CheckItem, ...]:
    """What is there and what is missing."""
    return plan(services, opened, threshold=threshold).items


def plan(services: Services, opened: str | OpenStory, *, threshold: float = CHALLENGE_GATE) -> BundlePlan:
    """What the bundle would be made from just now, with its checklist."""
    planned = plan_of(services, open_story(services, opened), threshold=threshold)
    return planned.checked(check_plan(services, planned))


def examine_loras(services: Services, planned: BundlePlan) -> bool:
    """Have the doctor look at LoRAs that he has not seen: seconds, once per content. Whether there was one."""
    return examine(services, planned.loras)


def begin(
    services: Services, opened: str | OpenStory, *, threshold: float = CHALLENGE_GATE, anyway: bool = False
) -> int | None:
    """Everything that `export` refuses is refused at once; then the challenge's script is queued, which takes longest.

    Returns:
        The job whose end `export` is then quick after; None where nothing has to be waited for.

    Raises:
        NotReady, FixInput, InvalidInput: as `export`.
    """
    planned = _ready(services, open_story(services, opened), threshold=threshold, anyway=anyway)
    return submit(services, planned.opened.slug, planned)


def export(
    services: Services,
    opened: str | OpenStory,
    *,
    threshold: float = CHALLENGE_GATE,
    out: Path | None = None,
    anyway: bool = False,
    script: StudioError | None = None,
) -> Path:
    """Write the bundle of a story as it was opened, whole or not at all; its path.

    Args:
        services: of the workspace.
        opened: the story.
        threshold: of the gate.
        out: of the zip; None: in the workspace, named as the challenge asks.
        anyway: write it although the checklist blocks.
        script: why the challenge's script, which `begin` has queued, says nothing; it is not run once more.

    Raises:
        NotReady: the checklist blocks.
        FixInput: there is no picture at all; or the choices of takes, or a picture, are damaged.
    """
    planned = _ready(services, open_story(services, opened), threshold=threshold, anyway=anyway)
    entries = _entries(services, planned)
    said = script if script is not None and anyway else _script(services, planned, entries, anyway=anyway)
    entries["scores.json"] = _scores(planned, said).encode()
    found = check_entries(services, planned, entries)
    if found:
        planned = planned.checked((*planned.items, *found))
        _refuse(planned, anyway=anyway)
        entries["README.md"] = readme(planned).encode()  # it says whether something blocks
    entries[CHECKLIST] = checklist_json(planned, anyway=anyway).encode()
    path = out or services.bundles.named(planned.opened.slug, planned.name)
    return services.bundles.write(path, dict(sorted(entries.items())), folder=planned.name)


def _ready(services: Services, opened: OpenStory, *, threshold: float, anyway: bool) -> BundlePlan:
    """What the bundle is made from, once nothing speaks against it."""
    check_room(services, 0)
    services.takes.picks(opened.slug)  # where they cannot be read, nobody knows what was chosen
    planned = plan(services, opened, threshold=threshold)
    if examine_loras(services, planned):
        planned = plan(services, opened, threshold=threshold)
    _refuse(planned, anyway=anyway)
    if not planned.pictures:
        raise FixInput("submit.no_pictures")
    # Scores were given to the very bytes that the records promise: a picture changed since then must not be handed in.
    faults = [services.takes.fault(each.view.take) for each in planned.pictures]
    if any(faults):
        raise InvalidInput(tuple(fault for fault in faults if fault is not None))
    return planned


def _refuse(planned: BundlePlan, *, anyway: bool) -> None:
    blocked = blocking(planned.items)
    if blocked and not anyway:
        raise NotReady(blocked)


def _script(
    services: Services, plan: BundlePlan, entries: dict[str, bytes | Path], *, anyway: bool
) -> ScriptRun | StudioError:
    """What the challenge's own script says about the files of the bundle; with `anyway`, or why it says nothing."""
    try:
        shown = {each.name: each.view.score for each in plan.pictures}
        return confirm(services, entries, shown, known=known_run(services, plan))
    except StudioError as error:
        if not anyway:
            raise
        return error


def _entries(services: Services, plan: BundlePlan) -> dict[str, bytes | Path]:
    """Everything in the bundle: one line per part, each a function of the plan; a Path is copied from the disk."""
    rows = [each.row for each in plan.pictures]
    entries: dict[str, bytes | Path] = {each.name: each.picture for each in plan.pictures}
    entries |= files_of(services, plan.loras)
    # Beside `images/`, never in it: the challenge's script scores every file of that folder.
    entries |= {
        **bundle_entries(services, plan.opened),
        "README.md": readme(plan).encode(),
        "configuration.json": configuration().encode(),
        judge_view.FILE: judge_view.of_plan(services, plan),
        "post.md": post_text(plan).encode(),
        "prompts.csv": as_csv(rows).encode("utf-8-sig"),
        "prompts.md": as_markdown(rows).encode(),
        "prompts.json": as_json(rows).encode(),
        "recipes.json": _recipes(plan).encode(),
        **reproduction_entries(services, plan, entries),
        "story.yaml": services.stories.clean_text(plan.opened.story).encode(),
    }
    return entries


def _scores(plan: BundlePlan, script: ScriptRun | StudioError) -> str:
    board = plan.opened.board
    report = {
        "scorer": board.scorer,
        "scorer_version": board.scorer_version,
        "is_the_challenges": board.is_challenge,
        "threshold": plan.threshold,
        "mean": gate([each.view.score for each in plan.pictures]).mean,
        "pictures": {each.name: each.view.score for each in plan.pictures},
        "challenge_script": _why(script) if isinstance(script, StudioError) else script_report(script),
    }
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"


def _why(error: StudioError) -> str:
    """In words; by its code alone where they would tell a path of this machine."""
    return error.code if "log" in error.values else str(error)


def _recipes(plan: BundlePlan) -> str:
    takes = {each.name: each.view.take.model_dump(mode="json") for each in plan.pictures}
    return json.dumps(takes, ensure_ascii=False, indent=2) + "\n"
