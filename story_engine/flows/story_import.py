"""A story from what somebody has already: looked at first, made when asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from story_engine.domain.family import FAMILY_NAMES
from story_engine.domain.findings import shown
from story_engine.domain.guidance import BY_NOISE, CONSTANT, USUAL, Guidance
from story_engine.domain.imported_story import (
    LONGEST_TITLE,
    SETTING_NAMES,
    ImportedLora,
    ImportedScene,
    ImportedStory,
    Note,
    note,
    one_line,
    together,
    within_limit,
)
from story_engine.domain.safe_name import same_file
from story_engine.domain.shared_wording import SharedWording, shared_wording, with_blocks
from story_engine.domain.story import LARGEST_STRENGTH, MOST_LORAS, LoraUse, Scene, Settings, Story, first_seed
from story_engine.domain.validation import checked
from story_engine.errors import FixInput, StudioError
from story_engine.flows import controls
from story_engine.flows.imported_files import read_file
from story_engine.flows.services import Services
from story_engine.formats.pasted_lines import read_lines
from story_engine.messages import message

MOST_FILES = 100
PASTED = "text"
"""What pasted text is called among the sources."""
_CHALLENGE_ALPHA = 4.0
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What would be made, before anything is."""

    title: str
    story: Story
    """Without blocks: every scene with all its words."""
    places: tuple[str, ...]
    """Where each scene comes from; empty for a story of our own, which is taken as it is."""
    blocks: SharedWording
    family: str | None
    """That the pictures were made with, where the files say so."""
    notes: tuple[Note, ...]
    refused: tuple[tuple[str, StudioError], ...]
    """Files that nothing could be made of, with the reason."""


def inspect(
    services: Services, files: Sequence[tuple[str, bytes]], text: str = "", *, each_line: bool = False
) -> Proposal:
    """What could be made of files (name, content) and pasted text; nothing is written.

    `each_line`: text in which nothing else can be read is a scene in each line.

    Raises:
        FixInput: nothing can be made of any of them.
    """
    if len(files) > MOST_FILES:
        raise FixInput("imports.too_many_files", count=len(files), most=MOST_FILES)
    given = sorted(files, key=lambda file: _natural(file[0]))
    if text.strip():
        given.append((PASTED, text.encode("utf-8", "replace")))
    read: list[ImportedStory] = []
    refused: list[tuple[str, StudioError]] = []
    for name, content in given:
        try:
            read += read_file(name, content)
        except StudioError as error:
            lines = read_lines(text) if each_line and name == PASTED else ()
            if lines:
                read.append(ImportedStory(source=PASTED, kind="text", scenes=lines))
            else:
                refused.append((name, error))
    if not read and refused:
        raise refused[0][1]
    return propose(services, read, refused)


def propose(
    services: Services, read: Sequence[ImportedStory], refused: Sequence[tuple[str, StudioError]] = ()
) -> Proposal:
    """What could be made of what has been read already. Raises as `inspect`."""
    stories = [story for story in read if story.whole is not None]
    if stories:
        return _whole(stories[0], len(read) - 1, refused)
    imported = within_limit(together(_once(read)))
    if not imported.scenes:
        if refused:
            raise refused[0][1]
        raise FixInput("imports.nothing_found", name=", ".join(story.source for story in read) or "–")
    notes = list(imported.notes)
    settings, more = _settings(imported.scenes)
    notes += more
    seedless = sum(scene.seed is None for scene in imported.scenes)
    if seedless:
        notes.append(note("imports.seeds_missing", count=seedless))
    uses, more = _loras(services, imported.loras)
    held = [controls.known_here(services, each.controls or ()) for each in imported.scenes]
    notes += [each for _, missing in held for each in missing]
    scenes = tuple(
        _scene(number, each).model_copy(update={"controls": uses})
        for number, (each, (uses, _)) in enumerate(zip(imported.scenes, held, strict=True), start=1)
    )
    title = imported.title or _title_of(read[0].source)
    story = Story(title=title, settings=settings, loras=uses, scenes=scenes)
    return Proposal(
        title=title,
        story=story,
        places=tuple(scene.place for scene in imported.scenes),
        blocks=shared_wording(story),
        family=imported.family,
        notes=_once_each([*notes, *more]),
        refused=tuple(refused),
    )


def create(
    services: Services,
    proposal: Proposal,
    *,
    title: str = "",
    family: str | None = None,
    stand_in: str | None = None,
    blocks: SharedWording | None = None,
) -> str:
    """Make a new story of it; its slug. The arguments are those of `made`."""
    story = made(proposal, title=title, family=family, stand_in=stand_in, blocks=blocks)
    return services.stories.create(story.title, story)


def made(
    proposal: Proposal,
    *,
    title: str = "",
    family: str | None = None,
    stand_in: str | None = None,
    blocks: SharedWording | None = None,
) -> Story:
    """The story that would be made.

    Args:
        proposal: of `inspect`.
        title: of the story; empty: the proposal's.
        family: to paint with; None: what the files say, else the preview model.
        stand_in: family to paint with while the first is not on this machine.
        blocks: of the proposal's, those that are wanted; None: none.
    """
    story = proposal.story
    if proposal.places:  # a story of our own says by itself what it is painted with
        story = for_family(story, family or proposal.family or "preview", made_with=proposal.family)
        story = with_blocks(story, blocks or SharedWording())
    elif family is not None:
        story = for_family(story, family, made_with=story.settings.family)
    if stand_in is not None and stand_in != story.settings.family:
        story = story.model_copy(update={"settings": story.settings.model_copy(update={"stand_in": stand_in})})
    wanted = story.model_copy(update={"title": one_line(title, LONGEST_TITLE) or proposal.title})
    return checked(wanted, file=shown(wanted.title))


def text_of(each: Note, language: str) -> str:
    """The text of a note, in `language`."""
    return message(each.code, language, **each.values)


def for_family(story: Story, family: str, *, made_with: str | None) -> Story:
    """The story for a model family; settings that were meant for a larger one give way to the preview model's own."""
    if family not in FAMILY_NAMES:
        raise FixInput("models.unknown_family", family=family, known=", ".join(FAMILY_NAMES))
    keeps = family == made_with or family != "preview"
    settings = (
        story.settings.model_copy(update={"family": family}) if keeps else Settings(family=family, guidance=USUAL)
    )
    return story.model_copy(update={"settings": settings})


def _whole(imported: ImportedStory, others: int, refused: Sequence[tuple[str, StudioError]]) -> Proposal:
    """A story of our own, as it is."""
    story = imported.whole
    if story is None:
        raise FixInput("imports.nothing_found", name=imported.source)
    notes = [*imported.notes, note("imports.whole_story", name=imported.source)]
    if others:
        notes.append(note("imports.files_left_out", count=others))
    return Proposal(
        title=story.title or _title_of(imported.source),
        story=story,
        places=(),
        blocks=SharedWording(),
        family=story.settings.family,
        notes=tuple(notes),
        refused=tuple(refused),
    )


def _once(stories: Sequence[ImportedStory]) -> list[ImportedStory]:
    """Scenes that one file has and another one has again (a notebook and its pictures, a table in three forms) once."""
    kept: list[ImportedStory] = []
    seen: dict[str, set[int | None]] = {}
    twice = 0
    for story in sorted(stories, key=lambda each: -len(each.scenes)):
        scenes = [each for each in story.scenes if not _is_known(each, seen)]
        twice += len(story.scenes) - len(scenes)
        for each in story.scenes:
            seen.setdefault(each.prompt, set()).add(each.seed)
        kept.append(story.model_copy(update={"scenes": tuple(scenes)}))
    if twice:
        kept.append(ImportedStory(source="", kind="text", notes=(note("imports.scenes_twice", count=twice),)))
    places = {id(story): at for at, story in enumerate(stories)}
    order = {story.source: places[id(story)] for story in stories}
    return sorted(kept, key=lambda each: order.get(each.source, len(stories)))


def _is_known(scene: ImportedScene, seen: dict[str, set[int | None]]) -> bool:
    seeds = seen.get(scene.prompt, set())
    return bool(seeds) and (scene.seed in seeds or scene.seed is None or None in seeds)


def _settings(scenes: Sequence[ImportedScene]) -> tuple[Settings, list[Note]]:
    """A story has one of each: what most scenes say; scenes that say something else are named."""
    chosen: dict[str, object] = {}
    notes: list[Note] = []
    for name in SETTING_NAMES:
        given = [(number, getattr(each.settings, name)) for number, each in enumerate(scenes, start=1)]
        counts = Counter(value for _, value in given if value is not None)
        if not counts:
            continue
        chosen[name] = counts.most_common(1)[0][0]
        others = [f"{number}: {value}" for number, value in given if value not in (None, chosen[name])]
        if others:
            notes.append(note("imports.setting_differs", name=name, value=str(chosen[name]), scenes=", ".join(others)))
    guidance = chosen.pop("guidance", None)
    if isinstance(guidance, Guidance) and not guidance.is_constant:
        chosen |= {"guidance": BY_NOISE, **guidance.model_dump()}
    else:
        # Pictures of a file that says how they were made are made again as they were; others as the model does best.
        chosen["guidance"] = CONSTANT if chosen.keys() & {"sampler", "steps", "cfg_scale"} else USUAL
    return Settings.model_validate(chosen), notes


def _loras(services: Services, loras: Sequence[ImportedLora]) -> tuple[tuple[LoraUse, ...], list[Note]]:
    """The LoRAs that are in the library under the same name, and what has to be known about all of them."""
    present = {same_file(name): name for name in services.loras.names()}
    uses: dict[str, LoraUse] = {}
    notes: list[Note] = []
    for lora in loras:
        strength = lora.as_trained
        if lora.alpha is not None and lora.trained_alpha:
            notes.append(
                note(
                    "imports.lora_alpha",
                    path=lora.path,
                    rank=lora.rank or "–",
                    alpha=f"{lora.alpha:g}",
                    trained=f"{lora.trained_alpha:g}",
                    percent=f"{100 * lora.alpha / lora.trained_alpha:.0f}",
                    strength=f"{lora.alpha / lora.trained_alpha:g}",
                )
            )
        elif lora.alpha is not None:
            half = f"{lora.alpha / _CHALLENGE_ALPHA:g}"
            notes.append(note("imports.lora_alpha_open", path=lora.path, alpha=f"{lora.alpha:g}", strength=half))
        name = present.get(same_file(lora.name)) or present.get(same_file(lora.path))
        if name is None:
            wanted_strength = f"{strength:g}" if strength is not None else "1"
            notes.append(note("imports.lora_not_here", path=lora.path, strength=wanted_strength))
        elif len(uses) < MOST_LORAS:
            wanted = 1.0 if strength is None else strength
            bounded = max(-LARGEST_STRENGTH, min(LARGEST_STRENGTH, wanted))
            uses.setdefault(name, LoraUse(name=name, strength=bounded))
    return tuple(uses.values()), notes


def _scene(number: int, imported: ImportedScene) -> Scene:
    return Scene(
        id=f"s{number}",
        title=imported.title,
        prompt=imported.prompt,
        negative=imported.negative,
        seed=first_seed(number) if imported.seed is None else imported.seed,
        caption=imported.caption,
    )


def _once_each(notes: Sequence[Note]) -> tuple[Note, ...]:
    kept: list[Note] = []
    for each in notes:
        if each not in kept:
            kept.append(each)
    return tuple(kept)


def _title_of(source: str) -> str:
    """A title from the name of a file: without folders and ending."""
    last = source.replace("\\", "/").rpartition("/")[2]
    return "" if source == PASTED else one_line(last.rpartition(".")[0] or last, LONGEST_TITLE)


def _natural(name: str) -> list[tuple[int, str]]:
    """So that 10.png comes after 9.png."""
    parts = _DIGITS.split(name.casefold())
    return [(int(part[:18]), "") if part.isdecimal() else (0, part) for part in parts]
