"""Man and woman both for one person."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from story_engine.domain.lint.figures import Figure, figures
from story_engine.domain.lint.finding import PromptFinding, in_text
from story_engine.domain.lint.segments import in_place_of, is_within, quoted, segments, without
from story_engine.domain.story import Story
from story_engine.domain.story_text import StoryText, painted_texts

_EITHER = re.compile(
    r"男[孩生人]?\s*[/／|]\s*女[孩生人]?(?![厕洗装士鞋款])|女[孩生人]?\s*[/／|]\s*男[孩生人]?(?![厕洗装士鞋款])"
    r"|他\s*[/／]\s*她|她\s*[/／]\s*他"
    r"|(?<![A-Za-z])(?:he\s*/\s*she|she\s*/\s*he|his\s*/\s*her|her\s*/\s*his|boy\s*/\s*girl|girl\s*/\s*boy"
    r"|man\s*/\s*woman|woman\s*/\s*man|male\s*/\s*female|female\s*/\s*male)(?![A-Za-z])",
    re.IGNORECASE,
)
_MALE = re.compile(r"[男他]|\b(?:he|his|boy|man|male)\b", re.IGNORECASE)
_WORDS = {
    "male": re.compile(r"男性|男(?=的)|(?<![A-Za-z])male", re.IGNORECASE),
    "female": re.compile(r"女性|女(?=的)|female", re.IGNORECASE),
}
_ALONE = re.compile(r"独自|单人|只有一个人|孤身|(?<![A-Za-z])(?:solo|alone|single person)(?![A-Za-z])", re.IGNORECASE)
_HIS = re.compile(
    r"(?<![其A-Za-z])他的(?=头发|长发|短发|脸|眼睛|眼神|神情|表情|裙)"
    r"|(?<![A-Za-z])his(?= (?:\w+ )?(?:hair|face|eyes|dress|expression))",
    re.IGNORECASE,
)
_HERS = re.compile(
    r"她的(?=头发|长发|短发|脸|眼睛|眼神|神情|表情|胡子)"
    r"|(?<![A-Za-z])her(?= (?:\w+ )?(?:hair|face|eyes|beard|expression))",
    re.IGNORECASE,
)
_NAMED = re.compile(r"[a-z,] [A-Z][a-z]+|[小阿老][明刚强华军伟杰宝东龙虎飞林王李张刘陈赵黄周吴]|[先]生|叔|伯|舅")
"""Somebody by name, whose hair it may be."""
_OTHER = {"male": "female", "female": "male"}


def both_genders(story: Story) -> Iterator[PromptFinding]:
    """Such as "boy/girl", "a male girl", "a boy, girl with long hair", and "his hair" where all are women."""
    texts = [text for text in painted_texts(story) if not text.is_negative]
    counts = Counter(figure.gender for text in texts for figure in figures(text))
    present = set(counts)
    usual = max(("male", "female"), key=lambda gender: counts[gender])
    usual = "" if counts["male"] == counts["female"] else usual
    for text in texts:
        spoken = quoted(text.words)
        for match in _EITHER.finditer(text.words):
            if not is_within(match.start(), spoken):
                yield in_text("lint.gender_both", text, match.span(), _decided(text.words, match, usual))
        people = [figure for figure in figures(text) if figure.gender and not is_within(figure.head[0], spoken)]
        yield from _described_as_the_other(text, people)
        yield from _set_beside(text, people, usual)
        yield from _possessive(text, people, present)


def _decided(words: str, match: re.Match[str], usual: str) -> str | None:
    """The half that the story's other words speak for; nothing where they speak for neither."""
    halves = re.split(r"\s*[/／|]\s*", match.group())
    wanted = [half for half in halves if bool(_MALE.search(half)) == (usual == "male")]
    return in_place_of(words, *match.span(), wanted[0]) if usual and wanted else None


def _described_as_the_other(text: StoryText, people: list[Figure]) -> Iterator[PromptFinding]:
    """Such as "a male girl": the word in front goes."""
    for figure in people:
        match = _WORDS[_OTHER[figure.gender]].search(text.words, figure.region, figure.head[0])
        if match is not None:
            new = without(text.words, match.start(), match.end())
            yield in_text("lint.gender_both", text, (match.start(), figure.head[1]), new)


def _set_beside(text: StoryText, people: list[Figure], usual: str) -> Iterator[PromptFinding]:
    """Such as "one boy, girl with long hair": what is one, and then another without being a second one."""
    parts = segments(text.words)
    only = _ALONE.search(text.words) is not None
    for first, second in pairwise(people):
        if first.gender == second.gender or second.is_one or first.is_many or second.is_many:
            continue
        of_first, of_second = (
            next((number for number, part in enumerate(parts) if part.start <= each.head[0] < part.end), -1)
            for each in (first, second)
        )
        ends = of_first >= 0 and parts[of_first].end == first.head[1]
        begins = of_second == of_first + 1 and parts[of_second].start == second.outset
        bare = begins and re.match(r"\s*(?:$|with\b)", text.words[second.head[1] : parts[of_second].end])
        if (first.is_one and ends and bare) or (only and not first.is_one and ends and begins):
            new = without(text.words, first.outset, first.head[1]) if second.gender == usual else None
            yield in_text("lint.gender_both", text, (first.outset, second.head[1]), new)


def _possessive(text: StoryText, people: list[Figure], present: set[str]) -> Iterator[PromptFinding]:
    """Such as "his hair" of a woman, in a story in which there is no man whose hair it could be."""
    for gender, pattern, right in (("female", _HIS, ("她的", "her")), ("male", _HERS, ("他的", "his"))):
        if (
            _NAMED.search(text.words)
            or not people
            or {each.gender for each in people} != {gender}
            or _OTHER[gender] in present
            or "" in present
        ):
            continue
        for match in pattern.finditer(text.words):
            new = in_place_of(text.words, *match.span(), right[match.group().isascii()])
            yield in_text("lint.gender_both", text, match.span(), new)
