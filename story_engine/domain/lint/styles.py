"""Styles and artists that change from panel to panel, or are left out in a few of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from story_engine.domain.edit import Edit
from story_engine.domain.lint.finding import PromptFinding
from story_engine.domain.lint.mentions import Mention, mentions
from story_engine.domain.lint.panel import Panel, panels, style_of
from story_engine.domain.lint.segments import in_place_of, segments, separator_in, without
from story_engine.domain.lint.vocabulary import lexicon
from story_engine.domain.story import Story

_LEAST_PANELS = 3
_USUAL = 0.75
"""Of the panels: a style in as many belongs to the story, and is missed in the rest."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What one panel says itself about one kind."""

    panel: Panel
    own: tuple[Mention, ...]
    given: frozenset[str]
    """Families that the shared style and the characters bring along."""

    @property
    def families(self) -> frozenset[str]:
        return self.given | {each.family for each in self.own}


def style_changes(story: Story) -> Iterator[PromptFinding]:
    """One finding for all artists that differ, one for all styles, one for each panel that lacks the usual one."""
    style = style_of(story)
    every = panels(story)
    if len(every) < 2:
        return
    for kind in ("artists", "styles"):
        said = []
        for panel in every:
            given = frozenset(
                each.family for text in (style, *panel.blocks) for each in mentions(text.words) if each.kind == kind
            )
            own = tuple(each for each in mentions(panel.own.words) if each.kind == kind)
            said.append(_Said(panel, own, given))
        yield from _changes(kind, said)
        yield from _forgotten(said)


def _changes(kind: str, said: Sequence[_Said]) -> Iterator[PromptFinding]:
    stating = [each for each in said if each.families]
    counts = Counter(family for each in stating for family in sorted(each.families))
    if len(counts) < 2:
        return
    shared = frozenset.intersection(*(each.given for each in said))
    usual = {family for family, count in counts.items() if count * 2 >= len(stating) and count > 1} | shared
    if not usual:
        usual = {_first(stating, counts)}
    odd = [(each, mention) for each in stating for mention in each.own if mention.family not in usual]
    if not odd:
        return
    main = next(
        (mention for each in stating for mention in each.own if mention.family in usual and mention.segment), None
    ) or next((mention for each in stating for mention in each.own if mention.family in usual), None)
    source = next((each for each in stating if main in each.own), None)
    spelled = source.panel.own.words[main.name[0] : main.name[1]] if main and source else ""
    places = tuple(each.panel.own.place.at(*mention.name) for each, mention in odd)
    names = dict.fromkeys(each.panel.own.words[slice(*mention.name)] for each, mention in odd)
    values: dict[str, object] = {
        "found": "、".join(names),
        "usual": spelled or "、".join(sorted(usual)),
        "count": len(odd),
    }
    edits = tuple(_edits(kind, [each for each in stating if any(each is one for one, _ in odd)], usual, main, spelled))
    yield PromptFinding(code=f"lint.{kind}_change", state="warning", values=values, places=places, edits=edits)


def _first(stating: Sequence[_Said], counts: Counter[str]) -> str:
    """The commonest family; the one that comes first, among equals."""
    most = max(counts.values())
    in_order = [mention.family for each in stating for mention in each.own]
    return next((family for family in in_order if counts[family] == most), next(iter(counts)))


def _edits(kind: str, said: Sequence[_Said], usual: set[str], main: Mention | None, spelled: str) -> Iterator[Edit]:
    """What is odd gives way to the usual; where that stands already, it goes."""
    for each in said:
        words = each.panel.own.words
        has_usual = bool(each.families & usual) or main is None
        for mention in reversed(each.own):
            if mention.family in usual:
                continue
            start, end = mention.name
            if has_usual and mention.segment is not None and mention.is_only:
                words = without(words, mention.segment.start, mention.segment.end)
            elif main is not None:
                words = in_place_of(words, start, end, _in_tongue_of(kind, words[start:end], main, spelled))
                has_usual = has_usual or mention.segment is not None
        if words != each.panel.own.words:
            yield each.panel.own.place.edit(each.panel.own.words, words)


def _in_tongue_of(kind: str, words: str, main: Mention, spelled: str) -> str:
    """The usual name in the language of the one that it replaces."""
    entry = lexicon(kind).entries.get(main.id)
    if entry is None or words.isascii() == spelled.isascii():
        return spelled
    names = entry["en"] if words.isascii() else entry["zh"]
    return str(names[0]).title() if names and words.isascii() and kind == "artists" else str((names or [spelled])[0])


def _forgotten(said: Sequence[_Said]) -> Iterator[PromptFinding]:
    counts = Counter(family for each in said for family in each.families)
    silent = [each for each in said if not each.families]
    for family, count in counts.items():
        if not silent or count < _LEAST_PANELS or count < _USUAL * len(said):
            continue
        source, part = next(
            ((each, one.segment) for each in said for one in each.own if one.family == family and one.segment),
            (None, None),
        )
        if source is None or part is None:
            continue
        is_first = segments(source.panel.own.words)[0] == part
        for each in silent:
            text = each.panel.own
            separator = separator_in(text.words)
            new = f"{part.words}{separator}{text.words}" if is_first else f"{text.words}{separator}{part.words}"
            yield PromptFinding(
                code="lint.style_forgotten",
                state="warning",
                values={"found": part.words, "count": count, "panels": len(said)},
                places=(text.place.at(0, len(text.words)),),
                edits=(text.place.edit(text.words, new),),
            )
