"""The prompts table of a submission: one row per picture, for people and for machines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from story_engine.formats.markdown import cell

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptRow:
    """One picture of the submission and how it was made."""

    file: str
    title: str
    caption: str
    prompt: str
    negative: str
    seed: int
    steps: int
    cfg_scale: float
    noise_levels: str
    """Between which it is guided / below which by the negative prompt, σ; blank where that is everywhere."""
    sampler: str
    size: str
    family: str
    loras: str
    score: float | None


def as_json(rows: Sequence[PromptRow]) -> str:
    """A JSON array of objects."""
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2) + "\n"


def as_csv(rows: Sequence[PromptRow]) -> str:
    """CSV for a spreadsheet; one that looks like a formula gets a leading apostrophe (OWASP, CSV injection)."""
    file = io.StringIO()
    fields = list(PromptRow.__slots__)
    writer = csv.DictWriter(file, fields, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _harmless(value) for key, value in asdict(row).items()})
    return file.getvalue()


def as_markdown(rows: Sequence[PromptRow]) -> str:
    """A table in Markdown, in both languages' headings."""
    heads = (
        "图片 / picture",
        "标题 / title",
        "提示词 / prompt",
        "反向提示词 / negative",
        "种子 / seed",
        "步数 / steps",
        "CFG",
        "噪声水平 σ / noise levels",
        "采样器 / sampler",
        "评分 / score",
    )
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for row in rows:
        score = "" if row.score is None else f"{row.score:z.2f}"
        made = (row.seed, row.steps, f"{row.cfg_scale:g}", row.noise_levels, row.sampler, score)
        cells = (row.file, row.title, row.prompt, row.negative, *made)
        lines.append("| " + " | ".join(cell(each) for each in cells) + " |")
    return "\n".join(lines) + "\n"


def _harmless(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return "" if value is None else value
