"""One word everywhere: what finding and replacing would change in a story, as edits that can be looked at first.

`{name}` and `{id}` of a character, ids and names of outfits stay as they are: they are no words but references.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from story_engine.domain.braces import references
from story_engine.domain.edit import Edit
from story_engine.domain.search import Search
from story_engine.domain.story import LoraUse, Settings, Speech, Story
from story_engine.domain.story_text import Place, StoryText, painted_texts
from story_engine.domain.value import Value

SCOPES = ("prompts", "negatives", "captions", "characters", "loras", "strengths", "settings")
"""Where to look. `prompts` and `negatives` hold the shared words too."""


class Replacement(Value):
    """One text before and after."""

    scope: str
    place: Place
    before: str
    after: str
    count: int
    """How often the word stood in it."""
    spans: tuple[tuple[int, int], ...] = ()
    """Where it stood in `before`."""
    edit: Edit


def replacements(story: Story, search: Search, scopes: Sequence[str] = SCOPES) -> tuple[Replacement, ...]:
    """What would change, in the order of the story; nothing when the word stands nowhere."""
    found = [
        change
        for scope, text in _texts(story)
        if scope in scopes and (change := _in_text(story, search, scope, text)) is not None
    ]
    if "captions" in scopes:
        found += _in_speech(story, search)
    if "loras" in scopes or "strengths" in scopes:
        found += _in_loras(story, search, scopes)
    if "settings" in scopes:
        found += _in_settings(story, search)
    return tuple(found)


def kept_references(story: Story, search: Search, scopes: Sequence[str] = SCOPES) -> int:
    """How often the word stands inside of a reference, where it is left alone."""
    kept = 0
    for scope, text in _texts(story):
        if scope in scopes:
            fixed = _fixed(story, text)
            kept += sum(_touches(span, fixed) for span in search.spans(text.words))
    return kept


def _texts(story: Story) -> Iterator[tuple[str, StoryText]]:
    for text in painted_texts(story):
        yield ("characters" if text.place.part else "negatives" if text.is_negative else "prompts"), text
    for scene in story.scenes:
        yield "captions", StoryText(place=Place(scene=scene.id, field="caption"), words=scene.caption)


def _fixed(story: Story, text: StoryText) -> tuple[tuple[int, int], ...]:
    return tuple((each.start, each.end) for each in references(text.words, story.characters))


def _in_text(story: Story, search: Search, scope: str, text: StoryText) -> Replacement | None:
    fixed = _fixed(story, text)
    spans = tuple(span for span in search.spans(text.words) if not _touches(span, fixed))
    new, behind = "", 0
    for start, end in spans:
        new += text.words[behind:start] + search.put
        behind = end
    new += text.words[behind:]
    if new == text.words:
        return None
    edit = text.place.edit(text.words, new)
    return Replacement(
        scope=scope, place=text.place, before=text.words, after=new, count=len(spans), spans=spans, edit=edit
    )


def _in_speech(story: Story, search: Search) -> Iterator[Replacement]:
    """What is said in bubbles, and by whom: one list for each scene."""
    ids = {character.id for character in story.characters}
    for scene in story.scenes:
        changed = tuple(
            Speech.model_construct(
                text=_put(search, each.text),
                speaker=each.speaker if each.speaker in ids else _put(search, each.speaker),
            )
            for each in scene.speech
        )
        before, after = ("\n".join(_spoken(each) for each in said) for said in (scene.speech, changed))
        if before != after:
            edit = Edit(scene=scene.id, field="speech", value=changed, seen=scene.speech)
            place = Place(scene=scene.id, field="speech")
            count = sum(old != new for old, new in zip(scene.speech, changed, strict=True))
            yield Replacement(scope="captions", place=place, before=before, after=after, count=count, edit=edit)


def _spoken(speech: Speech) -> str:
    return f"{speech.speaker}: {speech.text}" if speech.speaker else speech.text


def _put(search: Search, words: str) -> str:
    for start, end in reversed(search.spans(words)):
        words = words[:start] + search.put + words[end:]
    return words


def _touches(span: tuple[int, int], fixed: tuple[tuple[int, int], ...]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in fixed)


def _in_loras(story: Story, search: Search, scopes: Sequence[str]) -> Iterator[Replacement]:
    lists = [(None, story.loras), *((scene.id, scene.loras) for scene in story.scenes)]
    for scene, uses in lists:
        changed = tuple(_use(use, search, scopes) for use in uses or ())
        if uses and changed != uses:
            count = sum(old != new for old, new in zip(uses, changed, strict=True))
            edit = Edit(scene=scene, field="loras", value=changed, seen=uses)
            scope = "loras" if [use.name for use in uses] != [use.name for use in changed] else "strengths"
            yield Replacement(
                scope=scope,
                place=Place(scene=scene, field="loras"),
                before=_said(uses),
                after=_said(changed),
                count=count,
                edit=edit,
            )


def _use(use: LoraUse, search: Search, scopes: Sequence[str]) -> LoraUse:
    name, strength = use.name, use.strength
    if "loras" in scopes:
        name = _put(search, name)
    wanted, put = _number(search.find), _number(search.put)
    if "strengths" in scopes and put is not None and wanted == strength:
        strength = put
    # Not checked here: the story's own checks say what is wrong with the new name or strength, and where.
    return LoraUse.model_construct(name=name, strength=strength)


def _in_settings(story: Story, search: Search) -> Iterator[Replacement]:
    """A setting is one value: it is found when it is the whole of what is looked for."""
    for name in Settings.model_fields:
        value = getattr(story.settings, name)
        if value is None or not search.find or search.spans(str(value)) != ((0, len(str(value))),):
            continue
        new: object = search.put if isinstance(value, str) else _whole(search.put)
        if new == value:
            continue
        place = Place(field="settings", part=(name,))
        edit = Edit(scene=None, field="settings", part=(name,), value=new, seen=value)
        yield Replacement(scope="settings", place=place, before=str(value), after=search.put, count=1, edit=edit)


def _said(uses: Sequence[LoraUse]) -> str:
    return ", ".join(f"{use.name} × {use.strength:g}" for use in uses)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _whole(text: str) -> object:
    """A number as its setting has it; the text itself where it is none, for the story's checks to refuse."""
    number = _number(text)
    return text if number is None else int(number) if number == int(number) else number
