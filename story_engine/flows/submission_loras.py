"""The checklist's lines about LoRAs: judged by what is in their files, never by what they are called. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from story_engine.domain.views import CheckItem
from story_engine.flows.bundle_loras import BundleLora, private_keys
from story_engine.flows.bundle_plan import BundlePlan

FAMILY = "kolors"
_OTHER_BASE_STATED = "loras.doctor_recorded_other_base"


def lora_items(plan: BundlePlan) -> tuple[CheckItem, ...]:
    """Which panels lack the LoRA, and what each LoRA lacks."""
    used = [lora for lora in plan.loras if lora.pictures]
    return (
        *_panels(plan, has_loras=bool(used)),
        *_twins(used),
        *(item for lora in plan.loras for item in _one(lora)),
    )


def _panels(plan: BundlePlan, *, has_loras: bool) -> Iterator[CheckItem]:
    panels = [panel for panel in plan.opened.board.panels if panel.chosen is not None]
    bare = [
        panel for panel in panels if panel.chosen and not any(part.strength for part in panel.chosen.take.recipe.loras)
    ]
    state = "ok" if panels and not bare else "blocks"
    if not has_loras or not bare:
        yield _item("submit.lora", state, used=len(panels) - len(bare), pictures=len(panels))
        return
    for panel in bare:
        title = panel.scene.title or panel.scene.id
        yield CheckItem(
            code="submit.lora_unused",
            values={"title": title, "scene": panel.scene.id},
            state="blocks",
            scene=panel.scene.id,
        )


def _twins(used: list[BundleLora]) -> Iterator[CheckItem]:
    """Different contents under one name: a LoRA that was trained again between two pictures."""
    names = [lora.name for lora in used]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield _item("submit.lora_twins", "warning", name=name, count=names.count(name))


def _one(lora: BundleLora) -> Iterator[CheckItem]:
    where = ", ".join(lora.pictures) or "–"
    if lora.path is None:
        code = "submit.lora_missing" if lora.pictures else "submit.lora_not_here"
        yield _item(code, "blocks", name=lora.name, hash=lora.sha256[:12], pictures=where)
        return
    if not lora.pictures:
        yield _item("submit.lora_idle", "blocks", name=lora.title)
    yield from _examined(lora)
    if lora.pictures:
        yield from _introduced(lora)


def _examined(lora: BundleLora) -> Iterator[CheckItem]:
    report = lora.report
    if report is None:
        yield _item("submit.lora_unseen", "blocks", name=lora.title)
        return
    codes = {finding.code for finding in report.findings}
    if not report.families:
        yield _item("submit.lora_no_base", "blocks", name=lora.title, recorded=report.base_stated or "–")
    elif FAMILY not in report.families:
        yield _item("submit.lora_other_base", "blocks", name=lora.title, family=report.families[0])
    elif _OTHER_BASE_STATED in codes:
        yield _item("submit.lora_stated_base", "blocks", name=lora.title, recorded=report.base_stated)
    elif report.state == "bad":
        yield _item("submit.lora_bad", "blocks", name=lora.title)
    else:
        yield _item("submit.lora_base", "ok", name=lora.title, matched=report.matched, expected=report.expected)
    if not lora.pictures:
        return
    if report.decomposed:
        yield _item("submit.lora_no_ckpt", "warning", name=lora.title)
    if keys := private_keys(lora):
        yield _item("submit.lora_cleaned", "warning", name=lora.title, keys=", ".join(keys)[:200])


def _introduced(lora: BundleLora) -> Iterator[CheckItem]:
    source = lora.source
    missing = []
    if not lora.words.is_introduced:
        missing.append("submit.lora_no_introduction")
    if source.pictures is None and not lora.words.pictures.strip():
        missing.append("submit.lora_no_pictures")
    if source.step is None and not lora.words.training.strip():
        missing.append("submit.lora_no_training")
    for code in missing:
        yield _item(code, "blocks", name=lora.title)
    if not missing:
        yield _item("submit.lora_introduced", "ok", name=lora.title)


def _item(code: str, state: str, **values: object) -> CheckItem:
    return CheckItem(code=code, values=values, state=state)
