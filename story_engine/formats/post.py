"""The post on Kolors' brand page: title, link and the pictures, ready to paste."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from story_engine.formats.markdown import address, line, paragraphs
from story_engine.formats.model_card import CardLora, CardPicture

BRAND_PAGE = "https://modelscope.cn/brand/view/Kolors?branch=0&tree=11"
_MODEL_PAGE = re.compile(
    r"https?://(?:www\.)?modelscope\.cn/models/([\w.-]+)/([\w.-]+?)(?:/(?:summary|files)?)?(?:[?#].*)?"
)


def post(
    *, team: str, story: str, link: str, words: str, loras: Sequence[CardLora], pictures: Sequence[CardPicture]
) -> str:
    """`post.md`: the challenge's title (team, link of the LoRA, the work), then the pictures in order.

    Where the link leads to a page of ModelScope, pictures are addressed there, so that the text can be pasted as it is
    once the bundle has been uploaded; else they are the bundle's own files.
    """
    title = " + ".join(each for each in (line(team), address(link) if link else "", line(story)) if each)
    parts = [f"# {title}", paragraphs(words)]
    for lora in loras:
        trigger = f"，触发词：{line(lora.trigger)}" if lora.trigger else ""
        parts.append(f"LoRA：{line(lora.title)}{trigger}")
        parts.append(paragraphs(lora.introduction_zh or lora.introduction_en))
    for number, picture in enumerate(pictures, start=1):
        parts.append(f"**{number}. {line(picture.title)}**")
        parts.append(f"![{line(picture.title)}]({_place(link, picture.file)})")
        parts.append(paragraphs(picture.caption))
    return "\n\n".join(part for part in parts if part) + "\n"


def _place(link: str, file: str) -> str:
    found = _MODEL_PAGE.fullmatch(link.strip())
    if found is None:
        return file
    owner, name = (quote(part) for part in found.groups())
    return f"https://modelscope.cn/models/{owner}/{name}/resolve/master/{file}"
