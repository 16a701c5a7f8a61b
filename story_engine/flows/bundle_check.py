"""What people will be able to read in a bundle, before it is written and once its parts are there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from story_engine.config import PROJECT_FOLDER
from story_engine.domain.hand_in import LONGEST
from story_engine.domain.views import CheckItem
from story_engine.flows.bundle_loras import goes_as_it_is
from story_engine.flows.bundle_plan import BundlePlan
from story_engine.flows.services import Services
from story_engine.flows.submission import check_submission, foreign_items, leak_items
from story_engine.formats.embedded_texts import texts_of
from story_engine.messages import message

CHECKLIST = "checklist.json"


def check_plan(services: Services, plan: BundlePlan) -> tuple[CheckItem, ...]:
    """The checklist of a bundle that is not written yet."""
    return check_submission(plan, texts=_texts_of_plan(services, plan), own=own_folders(services))


def check_entries(services: Services, plan: BundlePlan, entries: Mapping[str, bytes | Path]) -> tuple[CheckItem, ...]:
    """What the finished parts of a bundle hold beyond what the plan's checklist has said already."""
    texts = {
        f"{name}: {where}" if where else name: text
        for name, content in entries.items()
        for where, text in texts_of(name, content)
    }
    said = {(item.values["kind"], item.values["shown"]) for item in plan.items if "shown" in item.values}
    found = leak_items(texts, own=own_folders(services))
    fresh = [item for item in found if (item.values["kind"], item.values["shown"]) not in said]
    return (*fresh, *foreign_items(list(entries), plan))


def checklist_json(plan: BundlePlan, *, anyway: bool) -> str:
    """`checklist.json`: every line in both languages, and whether the bundle was made although some of them block."""
    blocks = [item for item in plan.items if item.state == "blocks"]
    report = {
        "is_ready": not blocks,
        "handed_in_anyway": bool(blocks) and anyway,
        "blocking": len(blocks),
        "items": [
            {
                "state": item.state,
                "code": item.code,
                "scene": item.scene,
                "zh": message(item.code, "zh", **item.values),
                "en": message(item.code, "en", **item.values),
            }
            for item in plan.items
        ],
    }
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"


def own_folders(services: Services) -> Sequence[str]:
    """Folders of this machine that no text may name."""
    places = (services.config.workspace, services.config.stories, PROJECT_FOLDER, Path.home())
    return tuple(dict.fromkeys(str(place) for place in places if len(place.parts) > 1))


def _texts_of_plan(services: Services, plan: BundlePlan) -> dict[str, str]:
    details = plan.details
    texts = {f"hand-in: {field}": text for field in LONGEST if (text := details.value(field))}
    for lora in plan.loras:
        if lora.pictures:
            words = lora.words.model_dump()
            texts |= {f"hand-in: {lora.title}: {field}": str(text) for field, text in words.items() if text}
            texts[f"LoRA {lora.name}"] = f"{lora.title} {lora.trigger} {lora.source.model_dump_json()}"
    for each in plan.pictures:
        row = each.row
        written = f"{row.title}\n{row.caption}\n{row.prompt}\n{row.negative}"
        texts[f"{each.name} ({row.title})" if row.title else each.name] = written
        texts[f"recipes.json: {each.name}"] = each.view.take.model_dump_json()
        if each.picture.is_file():
            texts |= {f"{each.name}: {where}": text for where, text in texts_of(each.picture.name, each.picture)}
    texts["story.yaml"] = services.stories.clean_text(plan.opened.story)
    for lora in plan.loras:
        if lora.path is not None and lora.pictures and goes_as_it_is(lora):
            texts |= {f"{lora.file}: {where}": text for where, text in texts_of(lora.file, lora.path)}
    return texts
