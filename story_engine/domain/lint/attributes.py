"""A figure's looks from panel to panel: what contradicts, and what is forgotten in a few of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from story_engine.domain.edit import Edit
from story_engine.domain.lint.finding import PromptFinding
from story_engine.domain.lint.portraits import Portrait, portraits
from story_engine.domain.lint.segments import in_place_of, is_chinese, separator_in
from story_engine.domain.lint.traits import BODY, Fact, is_several
from story_engine.domain.lint.vocabulary import lexicon
from story_engine.domain.story import Story

_LEAST = 3
"""Panels that must say something before one that differs is called odd."""
_USUAL = 0.6
_MANY_CHANGES = 3
_SHARE_TO_MISS = {"coat": 0.5, "hair_colour": 0.5, "eyes": 0.6, "hair_length": 0.75, "hair_style": 0.75}
_SHARE_OF_CLOTHES = 0.6
_SHARE_OF_THE_REST = 0.75


def looks(story: Story) -> Iterator[PromptFinding]:
    """Contradictions within a panel and between panels, and what is left out."""
    for seen in portraits(story).values():
        for portrait in seen:
            yield from _within(portrait)
        slots = dict.fromkeys(fact.slot for portrait in seen for fact in portrait.facts)
        missed: set[tuple[int, object]] = set()
        for slot in slots:
            yield from _between(slot, seen)
            for portrait, finding in _forgotten(slot, seen):
                said = (portrait.number, finding.values["found"])
                if said not in missed:  # colour and length of one hair are missed once
                    yield finding
                missed.add(said)


def _within(portrait: Portrait) -> Iterator[PromptFinding]:
    """Two colours of the same hair, eyes or coat in one picture, or of a garment that the character's words name."""
    for slot in ("hair_colour", "eyes", "coat", "hair_length"):
        stated = [fact for fact in portrait.facts if fact.slot == slot]
        if not stated or is_several(portrait.panel.own.words):
            continue
        first = stated[0]
        own = [fact for fact in stated[1:] if fact.text == portrait.panel.own and fact.value != first.value]
        odd = [fact for fact in own if fact.text != first.text or not _joined(first, fact)]
        if odd:
            yield _contradiction(portrait, first, odd[:1])
    for first in (fact for fact in portrait.facts if fact.slot.startswith("wear:") and fact.text != portrait.panel.own):
        own = [each for each in portrait.facts if each.slot == first.slot and each.text == portrait.panel.own]
        other = [each for each in own if each.value and first.value and each.value != first.value]
        if other:
            yield _contradiction(portrait, first, other[:1])


def _joined(first: Fact, second: Fact) -> bool:
    """Whether the two stand together as one statement ("black and white")."""
    between = first.text.words[first.span[1] : second.span[0]].strip().casefold()
    return between in ("", "and", "和", "与", "、", "&", "-", "色", "/", "with", "带", "to", "到")


def _between(slot: str, seen: Sequence[Portrait]) -> Iterator[PromptFinding]:
    stated = [(portrait, fact) for portrait in seen if (fact := portrait.of(slot)) is not None and fact.value]
    counts = Counter(fact.value for _, fact in stated)
    if len(stated) < _LEAST or len(counts) < 2:
        return
    usual, most = counts.most_common(1)[0]
    values = [fact.value for _, fact in stated]
    restless = len(counts) >= _LEAST and sum(a != b for a, b in pairwise(values)) >= _MANY_CHANGES
    if (most < 2 or most < _USUAL * len(stated)) and not restless:
        return
    if _is_development(slot, values, usual) and not restless:
        return
    main = next(fact for _, fact in stated if fact.value == usual)
    for portrait, fact in stated:
        if fact.value != usual and fact.text == portrait.panel.own:
            yield _contradiction(portrait, main, [fact])


def _is_development(slot: str, values: Sequence[str], usual: str) -> bool:
    """Hair that grows, an outfit that is changed for good or for a while: told by the story, and no slip."""
    if slot == "hair_length":
        levels = [int(lexicon("hair").entries[value]["level"]) for value in values]
        return levels in (sorted(levels), sorted(levels, reverse=True))
    runs = [(value, len(list(run))) for value, run in groupby(values)]
    at_an_end = runs[0][0] != usual or runs[-1][0] != usual
    if slot.startswith("wear:"):
        return all(
            length > 1 or place in (0, len(runs) - 1) for place, (value, length) in enumerate(runs) if value != usual
        )
    return at_an_end and len(runs) == 2 and min(length for _, length in runs) > 1


def _contradiction(portrait: Portrait, main: Fact, odd: Sequence[Fact]) -> PromptFinding:
    text = portrait.panel.own
    new = text.words
    for fact in reversed(odd):
        new = in_place_of(new, *fact.span, _in_tongue_of(fact.words, main))
    values: dict[str, object] = {
        "found": odd[0].phrase,
        "usual": main.phrase,
        "figure": portrait.figure.text.words[slice(*portrait.figure.head)],
    }
    places = tuple(text.place.at(*fact.span) for fact in odd)
    edits = (text.place.edit(text.words, new),)
    return PromptFinding(code="lint.look_contradicts", state="warning", values=values, places=places, edits=edits)


def _in_tongue_of(words: str, main: Fact) -> str:
    """The usual value in the language, and the length, of the words that it replaces."""
    table = lexicon("colours") if main.value in lexicon("colours").entries else lexicon("hair")
    if "+" in main.value or (words.isascii() == main.words.isascii() and (len(words) > 1) == (len(main.words) > 1)):
        return main.words
    entry = table.entries[main.value]
    names: list[str] = entry["en"] if words.isascii() else entry["zh"]
    return next((name for name in names if words.isascii() or (len(name) > 1) == (len(words) > 1)), main.words)


def _forgotten(slot: str, seen: Sequence[Portrait]) -> Iterator[tuple[Portrait, PromptFinding]]:
    stated = [(portrait, fact) for portrait in seen if (fact := portrait.of(slot)) is not None]
    counts = Counter(fact.value for _, fact in stated)
    if len(seen) < _LEAST or not counts:
        return
    usual, most = counts.most_common(1)[0]
    if most < 2 or len(stated) < _share(slot) * len(seen) or most < _USUAL * len(stated):
        return
    source, main = next((portrait, fact) for portrait, fact in stated if fact.value == usual)
    for portrait in seen:
        if portrait.of(slot) is not None or _says_so_elsewhere(portrait, slot, usual):
            continue
        yield portrait, _missing(portrait, source, main, most)


def _share(slot: str) -> float:
    garment = slot.partition(":")[2]
    if garment:
        return _SHARE_OF_CLOTHES if garment in BODY else _SHARE_OF_THE_REST
    return _SHARE_TO_MISS[slot]


def _says_so_elsewhere(portrait: Portrait, slot: str, value: str) -> bool:
    """Another outfit is no forgotten one; and a colour that stands alone somewhere may be meant."""
    garment = slot.partition(":")[2]
    if garment in BODY and any(fact.slot.partition(":")[2] in BODY for fact in portrait.facts):
        return True
    words = portrait.panel.own.words
    alone = [
        each
        for each in lexicon("colours").find(words)
        if each.id in value.split("+") and not words[each.end : each.end + 1].strip(" ，,。.、;；!！\n")
    ]
    return not garment and slot in ("coat", "hair_colour") and bool(alone)


def _missing(portrait: Portrait, source: Portrait, main: Fact, count: int) -> PromptFinding:
    figure, text = portrait.figure, portrait.panel.own
    values: dict[str, object] = {
        "found": main.phrase,
        "figure": figure.text.words[slice(*figure.head)],
        "count": count,
    }
    place = text.place.at(figure.start, figure.head[1]) if portrait.is_typed else text.place.at(0, len(text.words))
    edits = tuple(_edit(portrait, source, main))
    return PromptFinding(code="lint.look_forgotten", state="warning", values=values, places=(place,), edits=edits)


def _edit(portrait: Portrait, source: Portrait, main: Fact) -> Iterator[Edit]:
    """The usual words in place of the bare ones; what does not stand in front of the figure is put at the end."""
    figure, text, usual = portrait.figure, portrait.panel.own, source.figure
    same_tongue = is_chinese(text.words) == is_chinese(main.text.words)
    in_front = usual.text == main.text and usual.region <= main.span[0] < usual.head[1]
    if not same_tongue:
        return
    if in_front and portrait.is_typed and not figure.traits():
        yield text.place.edit(text.words, in_place_of(text.words, figure.start, figure.head[1], usual.phrase))
    else:
        separator = separator_in(text.words)
        ending = "。" if text.words.rstrip().endswith("。") else ""
        kept = text.words.rstrip().removesuffix("。")
        yield text.place.edit(text.words, f"{kept}{separator}{main.phrase}{ending}")
