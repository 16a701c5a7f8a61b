"""The model card of ModelScope: `README.md` with its front matter, in Chinese and English, and `configuration.json`.

Everything in it is a value from a record, or a text that a person wrote; what neither says is left out.
Source: cards that DiffSynth-Studio's uploader makes; modelscope 1.40, hub/api.py (`configuration.json`, tasks).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from story_engine.formats.markdown import address, cell, code, line, paragraphs

CONFIGURATION = {"framework": "Pytorch", "task": "text-to-image-synthesis"}
KOLORS_LICENCE = "https://github.com/Kwai-Kolors/Kolors/blob/master/MODEL_LICENSE"
KOLORS_SERVICE = "https://kolors.kuaishou.com/agreement"
KOLORS_MAIL = "kwai-kolors@kuaishou.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLora:
    """One LoRA as the card introduces it; a fact is both languages' name of it and its value."""

    title: str
    introduction_zh: str
    introduction_en: str
    trigger: str
    facts: tuple[tuple[str, str, str], ...]
    """Chinese name, English name, value."""
    notebook: str
    """How the challenge's notebook loads it; empty where its layout does not go along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPicture:
    """One panel."""

    file: str
    title: str
    caption: str
    prompt: str
    negative: str
    made: str
    """Seed, steps and so on, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything that the card says."""

    name: str
    story: str
    team: str
    contact: str
    link: str
    base: str
    """ "Kwai-Kolors/Kolors", or empty for pictures of the preview model."""
    score: str
    """The mean and whose it is; empty while there is none."""
    has_passed: bool
    """Whether nothing on the checklist blocked."""
    loras: tuple[CardLora, ...]
    pictures: tuple[CardPicture, ...]


def configuration() -> str:
    """`configuration.json`."""
    return json.dumps(CONFIGURATION) + "\n"


def model_card(card: Card) -> str:
    """`README.md`."""
    parts = [_front_matter(card), f"# {line(card.name)}", *_warning(card)]
    parts += ["## 中文", *_about(card, zh=True), "## English", *_about(card, zh=False)]
    parts += ["## 画面与提示词 / Pictures and prompts", *(_picture(each) for each in card.pictures)]
    parts += ["## 复现 / Reproduce", _reproduce()]
    parts += ["## 许可 / Licence", _licence(card)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(card: Card) -> str:
    triggers = list(dict.fromkeys(lora.trigger for lora in card.loras if lora.trigger))
    fields: list[tuple[str, object]] = [
        ("frameworks", ["Pytorch"]),
        ("tasks", ["text-to-image-synthesis"]),
        ("tags", ["LoRA", "text-to-image", *(["Kolors"] if card.base else [])]),
        ("language", ["zh", "en"]),
    ]
    if card.base:
        # Not "Apache License 2.0": that is the licence of Kolors' code, and a LoRA derives from its weights.
        fields += [("license", "other"), ("license_name", "kolors-model-license"), ("license_link", KOLORS_LICENCE)]
        fields += [("base_model", [card.base]), ("base_model_relation", "adapter")]
    if triggers:
        fields.append(("trigger_words", triggers))
    lines = ["---"]
    for key, value in fields:
        if isinstance(value, list):
            lines += [f"{key}:", *(f"  - {_yaml(each)}" for each in value)]
        else:
            lines.append(f"{key}: {_yaml(value)}")
    return "\n".join([*lines, "---"])


def _yaml(value: object) -> str:
    """JSON's strings are YAML's, whatever stands in them; but for three line breaks that only YAML knows."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085")


def _warning(card: Card) -> list[str]:
    said = []
    if not card.base:
        said.append(
            "> 练习包：画面由故事工坊的预览模型渲染，不是可图的作品。\n"
            "> A practice bundle: its pictures were painted by the preview model, not by Kolors."
        )
    if not card.has_passed:
        said.append(
            "> 检查清单尚有未解决的项目，详见 `checklist.json`。\n"
            "> The checklist was not all green when this bundle was made: see `checklist.json`."
        )
    return said


def _about(card: Card, *, zh: bool) -> list[str]:
    rows = [
        ("故事" if zh else "Story", line(card.story)),
        ("参赛队伍" if zh else "Team", line(card.team)),
        ("联系方式" if zh else "Contact", line(card.contact)),
        ("模型页面" if zh else "Model page", address(card.link) if card.link else ""),
        ("底模" if zh else "Base model", line(card.base)),
        ("美学均分" if zh else "Mean aesthetic score", line(card.score)),
    ]
    parts = ["\n".join(f"- {name}{'：' if zh else ': '}{value}" for name, value in rows if value)]
    for lora in card.loras:
        parts += _lora(lora, zh=zh)
    return parts


def _lora(lora: CardLora, *, zh: bool) -> list[str]:
    own, other = lora.introduction_zh.strip(), lora.introduction_en.strip()
    introduction = (own or other) if zh else (other or own)
    heads = ("项目", "值") if zh else ("Fact", "Value")
    table = [f"| {heads[0]} | {heads[1]} |", "| --- | --- |"]
    table += [f"| {cell(chinese if zh else english)} | {cell(value)} |" for chinese, english, value in lora.facts]
    parts = [f"### LoRA：{line(lora.title)}" if zh else f"### LoRA: {line(lora.title)}", paragraphs(introduction)]
    parts.append("\n".join(table))
    if lora.notebook:
        parts.append("在比赛的笔记本中：" if zh else "In the challenge's notebook:")
        parts.append(code(lora.notebook))
    return parts


def _picture(picture: CardPicture) -> str:
    parts = [f"### {line(picture.title)}", f"![{line(picture.title)}]({picture.file})", paragraphs(picture.caption)]
    parts.append(f"- 提示词 / prompt: {cell(picture.prompt)}")
    if picture.negative:
        parts[-1] += f"\n- 反向提示词 / negative: {cell(picture.negative)}"
    parts[-1] += f"\n- {cell(picture.made)}"
    return "\n\n".join(part for part in parts if part)


def _reproduce() -> str:
    return (
        "每张画面的全部参数在 `prompts.md`、`prompts.csv`、`prompts.json` 与 `recipes.json` 中，"
        "故事原文在 `story.yaml`，底模与 LoRA 的摘要、软件版本、设备与精度在 `reproduce.json`，"
        "所有文件的校验值在 `SHA256SUMS` 中。`python replay.py --base 底模文件夹` 仅凭此文件夹与底模即可重新生成。\n\n"
        "Everything that decides each picture stands in `prompts.md`, `prompts.csv`, `prompts.json` and "
        "`recipes.json`, the story in `story.yaml`, hashes of base and LoRA, versions, device and precision in "
        "`reproduce.json`, and the checksums of all files in `SHA256SUMS`. `python replay.py --base FOLDER` "
        "paints everything again from this folder and the base model alone."
    )


def _licence(card: Card) -> str:
    if not card.base:
        return (
            "预览模型与故事工坊均以 Apache-2.0 许可发布。\n\n"
            "The preview model and Story Studio are published under Apache-2.0."
        )
    return (
        f"此 LoRA 是可图（Kolors）权重的模型衍生品，受[可图模型许可协议]({KOLORS_LICENCE})约束，并非 Apache-2.0：\n\n"
        "- 分发时须附上模型来源（Kwai-Kolors/Kolors）和该协议的副本；\n"
        f"- 使用须遵守适用法律法规与[可图服务协议]({KOLORS_SERVICE})（协议第 3(a) 条），这一限制对后续用户同样有效；\n"
        "- 不得用此模型或其输出改进其他模型（协议第 3(b) 条）；\n"
        f"- 商业使用须先向许可人登记（{KOLORS_MAIL}）；月活跃用户超过 3 亿须另行申请许可。\n\n"
        "This LoRA is a derivative of the weights of Kolors and stands under the "
        f"[Kolors model licence]({KOLORS_LICENCE}), not under Apache-2.0:\n\n"
        "- whoever passes it on names its source (Kwai-Kolors/Kolors) and gives a copy of that agreement;\n"
        f"- its use must comply with the law and with [Kolors' service agreement]({KOLORS_SERVICE}) (section 3(a)), "
        "and later users are bound likewise;\n"
        "- neither it nor its pictures may be used to improve any other model (section 3(b));\n"
        f"- commercial use needs a registration with the licensor ({KOLORS_MAIL}); above 300 million monthly users, a "
        "licence of its own."
    )
