"""One figure in one panel: where it is named, and everything that the panel says about its looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from story_engine.domain.lint.figures import Figure, figures
from story_engine.domain.lint.panel import Panel, panels
from story_engine.domain.lint.traits import Fact, colours, facts
from story_engine.domain.story import Story

_OTHER = ("另", "another", "other")


@dataclass(frozen=True, slots=True)
class Portrait:
    """Somebody, as a panel has them."""

    number: int
    """Of the panel, from 0."""
    panel: Panel
    group: str
    figure: Figure
    """The mention that says most."""
    facts: tuple[Fact, ...]
    is_typed: bool
    """Whether the mention stands in the scene's own words, and not in a character's."""

    def of(self, slot: str) -> Fact | None:
        """The first statement about a slot."""
        return next((fact for fact in self.facts if fact.slot == slot), None)


def portraits(story: Story) -> dict[str, tuple[Portrait, ...]]:
    """Group → its portraits, panel by panel.

    Panels with many of a kind are left out, and kinds of which two are told apart: which is which, nobody can tell.
    """
    found: dict[str, list[Portrait]] = {}
    pairs: set[str] = set()
    for number, panel in enumerate(panels(story)):
        for portrait in _of_panel(number, panel, pairs):
            found.setdefault(portrait.group, []).append(portrait)
    return {group: tuple(each) for group, each in found.items() if group not in pairs}


def _of_panel(number: int, panel: Panel, pairs: set[str]) -> Iterator[Portrait]:
    blocks = [figure for text in panel.blocks for figure in figures(text)]
    own = [figure for figure in figures(panel.own) if figure.kind != "anyone"]
    groups = list(dict.fromkeys(figure.group for figure in (*blocks, *own)))
    said = list(_assigned(panel, own))
    for group in groups:
        defined = [figure for figure in blocks if figure.group == group]
        typed = [figure for figure in own if figure.group == group and not _is_another(figure, defined)]
        mentions = [*defined, *typed]
        if _are_two(typed) or len({each.text.place.part[:1] for each in defined}) > 1:
            pairs.add(group)
        if any(each.is_many for each in mentions):
            continue
        figure = max(mentions, key=lambda each: (each.text != panel.own, each.head[1] - each.region, -each.head[0]))
        stated = [fact for fact, owner in said if owner == group]
        for each in mentions:
            stated += coat_of(each)
        first = sorted(stated, key=lambda fact: (fact.text == panel.own, fact.span))
        yield Portrait(number, panel, group, figure, tuple(first), figure.text == panel.own)


def _is_another(figure: Figure, defined: Sequence[Figure]) -> bool:
    """Whether it is met by the character that the panel shows: "a black kitten" beside an orange one."""
    coats = {fact.value for each in defined for fact in coat_of(each)}
    return figure.is_one and bool(coats) and any(fact.value not in coats for fact in coat_of(figure))


def _are_two(mentions: Sequence[Figure]) -> bool:
    """Whether there are two, each by itself: "one … and one …", "another", a red one and a black one."""
    if sum(each.is_one for each in mentions) > 1:
        return True
    if any(each.text.words[each.outset : each.head[0]].lower().startswith(_OTHER) for each in mentions):
        return True
    coats = {frozenset(fact.value for fact in coat_of(each)) for each in mentions} - {frozenset()}
    return len(coats) > 1 and len({each.text.place for each in mentions}) == 1


def coat_of(figure: Figure) -> list[Fact]:
    """Colours right in front of an animal or a thing."""
    if figure.kind == "person":
        return []
    words = figure.text.words
    found = colours(words, figure.region, figure.head[0])
    taken = [fact.whole for fact in facts(figure.text) if fact.slot != "coat"]
    free = [each for each in found if not any(start <= each.start < end for start, end in taken)]
    if not free:
        return []
    value = "+".join(sorted({each.id for each in free}))
    return [
        Fact(figure.text, "coat", value, (free[0].start, free[-1].end), (figure.start, figure.head[1])),
    ]


def _assigned(panel: Panel, own: Sequence[Figure]) -> Iterator[tuple[Fact, str]]:
    """Each statement with whom it is about: those of a character's block belong to it, others to who stands nearest."""
    for text in panel.blocks:
        inside = figures(text)
        owner = inside[0].group if inside else _owner_of(panel, text.place.part[0])
        for fact in facts(text):
            yield fact, owner
    anchors = [(figure.head[0], figure.group, figure.region) for figure in own]
    for each in panel.named:
        anchors.append((each.start, _owner_of(panel, each.character), each.start))
    anchors.sort()
    in_front = [_owner_of(panel, name) for name in panel.cast]
    people = {
        figure.group for text in (*panel.blocks, panel.own) for figure in figures(text) if figure.kind == "person"
    }
    for fact in facts(panel.own):
        around = [group for head, group, region in anchors if region <= fact.span[0] < head]
        # Hair and clothes are a person's, where there is one: "the prince meets a fox, golden hair".
        human = fact.slot.startswith(("hair", "wear:"))
        near = [each for each in anchors if not human or each[1] in people] or anchors
        before = [group for head, group, _ in near if head <= fact.span[0]]
        after = [group for head, group, _ in near if head > fact.span[0]]
        owner = next(iter([*around, *before[::-1], *in_front[:1], *after]), "")
        yield fact, owner


def _owner_of(panel: Panel, character: str) -> str:
    """The group of a character: the first figure that its own words name."""
    for text in panel.blocks:
        if text.place.part[:1] == (character,) and (inside := figures(text)):
            return inside[0].group
    return f"character:{character}"
