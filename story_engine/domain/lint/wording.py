"""One figure in several wordings: to a model, each of them is another figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from story_engine.domain.edit import Edit
from story_engine.domain.lint.figures import Figure, figures
from story_engine.domain.lint.finding import PromptFinding
from story_engine.domain.lint.portraits import Portrait, coat_of, portraits
from story_engine.domain.lint.segments import in_place_of
from story_engine.domain.lint.traits import facts
from story_engine.domain.story import Story
from story_engine.domain.story_text import Place, StoryText

_LEAST = 3
_LEAST_TYPED = 5
_LITTLE = "的小大老一"
"""Letters that may come and go."""


def wordings(story: Story) -> Iterator[PromptFinding]:
    """One finding for a figure that is typed in several wordings, one wherever a character of the story is typed."""
    blocks = _blocks(story)
    for group, seen in portraits(story).items():
        typed = [each for each in seen if each.is_typed and _is_described(each.figure)]
        if group in blocks:
            yield from _by_hand(*blocks[group], typed)
        else:
            yield from _differing(typed)
            yield from _slips(typed)


def _is_described(figure: Figure) -> bool:
    return figure.start < figure.head[0]


def _differing(typed: Sequence[Portrait]) -> Iterator[PromptFinding]:
    if len(typed) < _LEAST:
        return
    levels = [each.figure.level for each in typed]
    grows = levels == sorted(levels) and len(set(levels)) > 1
    signatures = [_signature(each.figure, with_head=not grows) for each in typed]
    counts = Counter(signatures)
    if len(counts) < 2:
        return
    most = max(counts.values())
    best = [each for each, one in zip(typed, signatures, strict=True) if counts[one] == most]
    main = best[0] if most > 1 else max(best, key=lambda each: len(each.figure.phrase))
    usual = _signature(main.figure, with_head=not grows)
    odd = [each for each, one in zip(typed, signatures, strict=True) if one != usual]
    names = dict.fromkeys(each.figure.phrase for each in (main, *odd))
    values: dict[str, object] = {"found": " / ".join(names), "usual": main.figure.phrase, "count": len(names)}
    places = tuple(each.panel.own.place.at(each.figure.start, each.figure.head[1]) for each in odd)
    edits = tuple(
        each.panel.own.place.edit(
            each.panel.own.words,
            in_place_of(each.panel.own.words, each.figure.start, each.figure.head[1], main.figure.phrase),
        )
        for each in odd
        if each.figure.phrase.isascii() == main.figure.phrase.isascii()
    )
    yield PromptFinding(code="lint.wordings", state="warning", values=values, places=places, edits=edits)


def _slips(typed: Sequence[Portrait]) -> Iterator[PromptFinding]:
    """One letter too many or too few in what is else always written alike ("年帅气的男孩")."""
    whole = [each.figure.text.words[each.figure.outset : each.figure.head[1]] for each in typed]
    counts = Counter(whole)
    if len(typed) < _LEAST or not counts:
        return
    usual, most = counts.most_common(1)[0]
    for portrait, words in zip(typed, whole, strict=True):
        if most * 2 < len(typed) or most < 2 or not _is_slip(words, usual):
            continue
        text, figure = portrait.panel.own, portrait.figure
        new = in_place_of(text.words, figure.outset, figure.head[1], usual)
        yield PromptFinding(
            code="lint.wordings",
            state="warning",
            values={"found": f"{usual} / {words}", "usual": usual, "count": 2},
            places=(text.place.at(figure.outset, figure.head[1]),),
            edits=(text.place.edit(text.words, new),),
        )


def _is_slip(words: str, usual: str) -> bool:
    shorter, longer = sorted((words, usual), key=len)
    if words.isascii() or len(longer) - len(shorter) != 1 or len(shorter) < _LEAST_TYPED:
        return False
    at = next((place for place in range(len(shorter)) if shorter[place] != longer[place]), len(shorter))
    return shorter[at:] == longer[at + 1 :] and longer[at] not in _LITTLE


def _signature(figure: Figure, *, with_head: bool) -> tuple[object, ...]:
    """The lasting words: their traits, how their colours are spelled, and the name of the figure.

    Colours and hair that are missing or contradict are findings of their own.
    """
    traits = tuple(sorted({each.id for each in figure.traits()}))
    return (traits, figure.head_words if with_head else "")


def _blocks(story: Story) -> dict[str, tuple[str, Figure]]:
    """Group → the one character of that kind; kinds that two characters share are left out."""
    found: dict[str, list[tuple[str, Figure]]] = {}
    for character in story.characters:
        place = Place(field="characters", part=(character.id, "description"))
        for figure in figures(StoryText(place=place, words=character.description))[:1]:
            found.setdefault(figure.group, []).append((character.id, figure))
    return {group: each[0] for group, each in found.items() if len(each) == 1}


def _by_hand(character: str, block: Figure, typed: Sequence[Portrait]) -> Iterator[PromptFinding]:
    """A character that has words of its own, typed again: by its colours and hair it must be the same one."""
    looks = _looks(block)
    for portrait in typed:
        figure = portrait.figure
        if character in portrait.panel.cast or not looks or not _looks(figure) & looks or _looks(figure) - looks:
            continue
        text = portrait.panel.own
        new = in_place_of(text.words, figure.outset, figure.head[1], f"{{{character}}}")
        edits: tuple[Edit, ...] = (text.place.edit(text.words, new),)
        values: dict[str, object] = {
            "found": text.words[figure.outset : figure.head[1]].strip(),
            "put": f"{{{character}}}",
            "character": character,
        }
        place = text.place.at(figure.outset, figure.head[1])
        yield PromptFinding(code="lint.typed_by_hand", state="warning", values=values, places=(place,), edits=edits)


def _looks(figure: Figure) -> frozenset[tuple[str, str]]:
    inside = [fact for fact in facts(figure.text) if figure.region <= fact.span[0] < figure.head[1]]
    return frozenset((fact.slot, fact.value) for fact in (*inside, *coat_of(figure)))
