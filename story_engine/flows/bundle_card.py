"""What a bundle's model card and post say, read from the records and from what was typed. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from story_engine.domain.gate import gate
from story_engine.domain.lora import Provenance
from story_engine.flows.bundle_loras import BundleLora
from story_engine.flows.bundle_plan import BundlePicture, BundlePlan
from story_engine.formats.model_card import Card, CardLora, CardPicture, model_card
from story_engine.formats.post import post

KOLORS = "Kwai-Kolors/Kolors"
_SETTINGS = (
    ("learning_rate", "学习率", "Learning rate"),
    ("batch_size", "批大小", "Batch size"),
    ("max_epochs", "轮数", "Epochs"),
    ("lr_scheduler", "学习率调度", "Learning rate schedule"),
    ("precision", "底模精度", "Precision of the base"),
    ("prior_weight", "先验保持权重", "Prior preservation weight"),
    ("target_modules", "训练的层", "Trained layers"),
    ("seed", "训练种子", "Training seed"),
)
"""Of a training's settings, those that a reader asks for."""
_BRIEF_HASH = 12


def readme(plan: BundlePlan) -> str:
    """`README.md`."""
    details = plan.details
    card = Card(
        name=plan.name,
        story=plan.opened.story.title,
        team=details.team,
        contact=details.contact,
        link=details.link.strip(),
        base=KOLORS if _is_of_kolors(plan) else "",
        score=_score(plan),
        has_passed=not any(item.state == "blocks" for item in plan.items),
        loras=_loras(plan),
        pictures=_pictures(plan),
    )
    return model_card(card)


def post_text(plan: BundlePlan) -> str:
    """`post.md`."""
    return post(
        team=plan.details.team,
        story=plan.details.work or plan.opened.story.title,
        link=plan.details.link.strip(),
        words=plan.details.words,
        loras=_loras(plan),
        pictures=_pictures(plan),
    )


def _is_of_kolors(plan: BundlePlan) -> bool:
    return all(each.view.take.recipe.family == "kolors" for each in plan.pictures)


def _score(plan: BundlePlan) -> str:
    board = plan.opened.board
    mean = gate([each.view.score for each in plan.pictures]).mean
    if mean is None:
        return ""
    whose = "" if board.is_challenge else "（预览评分，并非比赛评分 / preview score, not the challenge's）"
    return f"{mean:z.2f}{whose}"


def _pictures(plan: BundlePlan) -> tuple[CardPicture, ...]:
    return tuple(
        CardPicture(
            file=each.name,
            title=each.row.title or each.row.file,
            caption=each.row.caption,
            prompt=each.row.prompt,
            negative=each.row.negative,
            made=_made(each),
        )
        for each in plan.pictures
    )


def _made(picture: BundlePicture) -> str:
    row = picture.row
    parts = [f"seed {row.seed}", f"steps {row.steps}", f"CFG {row.cfg_scale:g}", row.sampler, row.size]
    if row.noise_levels:
        parts.append(f"σ {row.noise_levels}")
    if row.loras:
        parts.append(f"LoRA {row.loras}")
    return " · ".join(parts)


def _loras(plan: BundlePlan) -> tuple[CardLora, ...]:
    return tuple(
        CardLora(
            title=lora.title,
            introduction_zh=lora.words.introduction_zh,
            introduction_en=lora.words.introduction_en,
            trigger=lora.trigger,
            facts=tuple(fact for fact in _facts(lora) if fact[2]),
            notebook=_notebook(lora),
        )
        for lora in plan.loras
        if lora.pictures
    )


def _facts(lora: BundleLora) -> Iterator[tuple[str, str, str]]:
    report, source = lora.report, lora.source
    families = report.families if report is not None else ()
    yield (
        "底模",
        "Base model",
        {"kolors": KOLORS, "preview": "Story Studio preview"}.get(families[0] if families else "", ""),
    )
    yield "底模权重（摘要）", "Base weights (hash)", source.base_hash[:_BRIEF_HASH]
    ranks = report.ranks if report is not None else ()
    yield "rank", "Rank", ", ".join(map(str, ranks))
    if report is not None and report.alpha is not None:
        one = f" → {report.alpha / ranks[0]:g}" if len(ranks) == 1 else ""
        yield "alpha（强度 1 = alpha / rank）", "Alpha (strength 1 = alpha / rank)", f"{report.alpha:g}{one}"
    yield "触发词", "Trigger word", lora.trigger
    recommended = lora.entry.strength if lora.entry is not None else None
    yield "推荐强度", "Recommended strength", f"{recommended:g}" if recommended is not None else ""
    yield "作品所用强度", "Strength in these pictures", ", ".join(f"{each:g}" for each in lora.strengths)
    yield "训练步数", "Training steps", f"{source.step}" if source.step is not None else ""
    yield "训练图片", "Training pictures", _trained_on(source, lora.words.pictures)
    yield "训练方法", "How it was trained", lora.words.training
    for setting, chinese, english in _SETTINGS:
        value = source.spec.get(setting)
        yield chinese, english, ", ".join(map(str, value)) if isinstance(value, list | tuple) else _plain(value)
    if report is not None and report.facts.width and report.facts.height:
        yield "训练分辨率", "Training resolution", f"{report.facts.width} × {report.facts.height}"
    yield "训练时间", "Trained", source.trained_at
    yield "文件", "File", lora.file
    yield "SHA-256", "SHA-256", lora.sha256


def _trained_on(source: Provenance, words: str) -> str:
    recorded = ""
    if source.pictures is not None:
        recorded = f"{source.pictures}" + (f" ({source.dataset})" if source.dataset else "")
    return "\n".join(each for each in (recorded, words.strip()) if each)


def _plain(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _notebook(lora: BundleLora) -> str:
    """What the notebook must be told, because its layout has no place for it: its alpha is ours times the strength."""
    report = lora.report
    if report is None or len(report.ranks) != 1 or report.alpha is None or report.decomposed:
        return ""
    return "\n".join(
        f"pipe.unet = load_lora(pipe.unet, lora_rank={report.ranks[0]}, lora_alpha={report.alpha * strength:g}, "
        f'lora_path="lora/{lora.stem}.ckpt")  # strength {strength:g}'
        for strength in lora.strengths
    )
