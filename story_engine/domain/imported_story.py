"""What a file of another tool says about a story, before anything is made of it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pydantic import Field

from story_engine.domain.control import ControlUse
from story_engine.domain.family import LARGEST_CFG_SCALE, MOST_STEPS, SIZE_MULTIPLE
from story_engine.domain.guidance import Guidance
from story_engine.domain.story import LARGEST_SEED, LONGEST_PROMPT, MOST_SCENES, Story
from story_engine.domain.value import Value

SMALLEST_SIDE, LARGEST_SIDE = 256, 2048
LONGEST_NOTE_VALUE = 120
LONGEST_TITLE = 200
LONGEST_CAPTION = 2_000
MOST_NOTES = 60
SETTING_NAMES = ("sampler", "steps", "cfg_scale", "width", "height", "noise", "guidance")


class Note(Value):
    """Something a person should know about the import: a message code with its values."""

    code: str
    values: dict[str, str | int | float] = Field(default_factory=dict)


class ImportedSettings(Value):
    """How a picture was made, as far as the file says so and the Studio can do the same."""

    sampler: str | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    width: int | None = None
    height: int | None = None
    noise: str | None = None
    """"cpu" or "device"."""
    guidance: Guidance | None = None
    """At which noise levels; known of our own pictures only."""

    def given(self) -> dict[str, object]:
        """What the file says."""
        return {name: getattr(self, name) for name in SETTING_NAMES if getattr(self, name) is not None}


class ImportedLora(Value):
    """A LoRA that the pictures used, by the name or path that the file gives."""

    path: str
    rank: int | None = None
    alpha: float | None = None
    """That it was loaded with."""
    trained_alpha: float | None = None
    """That it was trained with, where the same file has the training."""
    scale: float | None = None
    """What B @ A was multiplied with, where the file says that."""
    strength: float | None = None
    """1.0 = as trained, where the file says it that way."""

    @property
    def name(self) -> str:
        """What a library would call it: the file without folders and ending."""
        return self.path.replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or self.path

    @property
    def as_trained(self) -> float | None:
        """Strength with 1.0 = as trained: alpha 2 of a training with alpha 4 is 0.5."""
        if self.strength is not None:
            return self.strength
        if self.alpha is not None and self.trained_alpha:
            return self.alpha / self.trained_alpha
        if self.scale is not None and self.trained_alpha and self.rank:
            return self.scale * self.rank / self.trained_alpha
        return None


class ImportedScene(Value):
    """One picture of the file."""

    title: str = ""
    prompt: str = ""
    negative: str = ""
    seed: int | None = None
    caption: str = ""
    settings: ImportedSettings = ImportedSettings()
    controls: tuple[ControlUse, ...] | None = None
    """That it was held to; None: the file says nothing of them. Known of our own pictures only."""
    place: str = ""
    """Where in the file it stands, in any language: `[7] L3` (cell, line), `L3`, `#2` (row, node, picture)."""


class ImportedStory(Value):
    """Everything that was read from one file, or from several."""

    source: str
    """Name of the file."""
    kind: str
    """"notebook", "python", "table", "picture", "comfyui", "prompts", "text", "story"."""
    title: str = ""
    scenes: tuple[ImportedScene, ...] = ()
    loras: tuple[ImportedLora, ...] = ()
    family: str | None = None
    """The model family that the pictures were made with, where the file says so."""
    notes: tuple[Note, ...] = ()
    """What was passed over, changed, or should be looked at."""
    whole: Story | None = None
    """The story itself, where the file holds one of ours."""


def note(code: str, **values: object) -> Note:
    """A note whose values are short and can be written down: they come from files of other people."""
    kept = {name: value if _is_plain(value) else _brief(str(value)) for name, value in values.items()}
    return Note.model_validate({"code": code, "values": kept})


def scene(
    *,
    prompt: object,
    negative: object = "",
    seed: object = None,
    title: object = "",
    caption: object = "",
    place: str = "",
    **settings: object,
) -> tuple[ImportedScene, list[Note]]:
    """A scene of values as a file has them, and notes about those that no story can have.

    Args:
        prompt: words; longer ones than a story may have are cut.
        negative: words.
        seed: a whole number, perhaps as text.
        title: of the scene.
        caption: of the scene.
        place: where in the file, for notes.
        settings: fields of `ImportedSettings`, perhaps as text.
    """
    notes: list[Note] = []
    seed_number = whole(seed)
    if seed_number is not None and not 0 <= seed_number <= LARGEST_SEED:
        if seed_number >= 0:
            notes.append(note("imports.seed_wrapped", place=place, seed=str(seed_number)))
            seed_number %= LARGEST_SEED + 1
        else:  # -1 is every tool's word for "any"
            seed_number = None
    kept: dict[str, object] = {}
    for name, value in settings.items():
        if value is None or value == "":
            continue
        fitting = _fitting(name, value)
        if fitting is None:
            notes.append(note("imports.setting_unusable", place=place, name=name, value=value))
        else:
            kept[name] = fitting
    found = ImportedScene(
        title=one_line(title, LONGEST_TITLE),
        prompt=_words(prompt, place, notes),
        negative=_words(negative, place, notes),
        seed=seed_number,
        caption=one_line(caption, LONGEST_CAPTION),
        settings=ImportedSettings.model_validate(kept),
        place=place,
    )
    return found, notes


def together(stories: Iterable[ImportedStory]) -> ImportedStory:
    """Several files as one story: scenes in the order of the files."""
    every = [story for story in stories if story.scenes or story.notes or story.loras]
    notes = [each for story in every for each in story.notes]
    scenes = [
        each.model_copy(update={"place": f"{story.source}: {each.place}" if each.place else story.source})
        for story in every
        for each in story.scenes
    ]
    families = {story.family for story in every if story.family}
    filled = [story for story in every if story.scenes]
    return ImportedStory(
        source=", ".join(story.source for story in filled) or (every[0].source if every else ""),
        kind=filled[0].kind if filled else "text",
        title=next((story.title for story in filled if story.title), ""),
        scenes=tuple(scenes),
        loras=unlike(each for story in every for each in story.loras),
        family=families.pop() if len(families) == 1 else None,
        notes=tuple(notes),
    )


def within_limit(story: ImportedStory) -> ImportedStory:
    """At most as many scenes as a story may have; how many are left out is a note."""
    over = len(story.scenes) - MOST_SCENES
    if over <= 0:
        return story
    more = note("imports.too_many_scenes", count=len(story.scenes), most=MOST_SCENES, over=over)
    return story.model_copy(update={"scenes": story.scenes[:MOST_SCENES], "notes": (*story.notes, more)})


def unlike(loras: Iterable[ImportedLora]) -> tuple[ImportedLora, ...]:
    """Each LoRA once."""
    return tuple(dict.fromkeys(loras))


def whole(value: object) -> int | None:
    """A whole number, also where it is written as text or as 7.0; None where it is none."""
    found = number(value)
    if found is None or not found.is_integer():
        return None
    text = str(value).strip()
    return int(text) if text.lstrip("+-").isdecimal() else int(found)


def number(value: object) -> float | None:
    """A finite number, also where it is written as text; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > 40:
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < 1e30 else None  # leaves NaN and infinity out, too


def one_line(value: object, longest: int) -> str:
    """Text without line breaks, of at most `longest` characters."""
    return " ".join(readable(value).split())[:longest]


def readable(value: object) -> str:
    """Text that can be written to a file: without zero bytes and halves of characters."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return "".join(each for each in text if each in "\n\t" or not (each < " " or "\ud800" <= each <= "\udfff"))


def _words(value: object, place: str, notes: list[Note]) -> str:
    text = readable(value if isinstance(value, str) else "").strip()
    if len(text) > LONGEST_PROMPT:
        notes.append(note("imports.prompt_cut", place=place, count=len(text), most=LONGEST_PROMPT))
        return text[:LONGEST_PROMPT]
    return text


def _fitting(name: str, value: object) -> object | None:
    """The value as a story can have it; None where it cannot."""
    if name in ("sampler", "noise"):
        return value if isinstance(value, str) else None
    if name == "guidance":
        return value if isinstance(value, Guidance) else None
    if name == "cfg_scale":
        scale = number(value)
        return scale if scale is not None and 0 <= scale <= LARGEST_CFG_SCALE else None
    count = whole(value)
    if count is None:
        return None
    if name == "steps":
        return count if 1 <= count <= MOST_STEPS else None
    return count if SMALLEST_SIDE <= count <= LARGEST_SIDE and count % SIZE_MULTIPLE == 0 else None


def _is_plain(value: object) -> bool:
    """Whether it is a number that can be written down as it is."""
    return (isinstance(value, float) and math.isfinite(value)) or (isinstance(value, int) and abs(value) < 2**53)


def _brief(text: str) -> str:
    return one_line(text, LONGEST_NOTE_VALUE + 1)[:LONGEST_NOTE_VALUE]
