"""The settings of a picture, taken over into a scene: what of them is wanted, with one undo."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from story_engine.domain.composing import compose_prompt
from story_engine.domain.edit import Edit
from story_engine.domain.guidance import Guidance
from story_engine.domain.imported_story import ImportedLora, ImportedStory, Note
from story_engine.domain.resolve import guidance_of, guidance_settings
from story_engine.domain.safe_name import same_file
from story_engine.domain.story import LARGEST_STRENGTH, MOST_LORAS, LoraUse, Scene, Settings, Story
from story_engine.errors import FixInput
from story_engine.flows import controls
from story_engine.flows.imported_files import read_file
from story_engine.flows.services import Services

OF_SCENE = ("prompt", "negative", "seed", "controls", "loras")
OF_STORY = ("sampler", "steps", "cfg_scale", "guidance", "size")
"""A story has one of each for all its scenes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What a picture says about how it was made, beside what the scene has."""

    source: str
    values: dict[str, object]
    """Name of `OF_SCENE` or `OF_STORY` → value of the picture, as far as it says one.

    `controls` are those of the picture whose control pictures are here; none at all where it was held to nothing.
    `size` is "1024x768", `guidance` a `Guidance`.

    `loras` are those of the picture that are in the library, where the story is painted by their model family.
    """
    present: dict[str, object]
    """The same names → what scene and story have now."""
    loras: tuple[ImportedLora, ...]
    notes: tuple[Note, ...]


def read(services: Services, slug: str, scene_id: str, *, name: str, content: bytes) -> Recalled:
    """What could be taken over from a picture (or from any file with one scene); nothing is changed.

    Raises:
        FixInput: the file says nothing about how it was made.
    """
    return of_scene(services, slug, scene_id, read_file(name, content)[0])


def of_scene(services: Services, slug: str, scene_id: str, imported: ImportedStory) -> Recalled:
    """The same of a file that has been read already.

    Raises:
        FixInput: it says nothing about how a picture was made.
    """
    if imported.whole is not None or not imported.scenes:
        raise FixInput("imports.no_metadata", name=imported.source)
    story = services.stories.load(slug)
    scene = _scene(story, scene_id)
    found = imported.scenes[0]
    settings = found.settings.given()
    values: dict[str, object] = {"prompt": _without_start(story, scene, found.prompt)}
    values["negative"] = _without(found.negative, story.negative)
    if found.seed is not None:
        values["seed"] = found.seed
    values |= {key: value for key, value in settings.items() if key in ("sampler", "steps", "cfg_scale", "guidance")}
    if "width" in settings and "height" in settings:
        values["size"] = f"{settings['width']}x{settings['height']}"
    notes = imported.notes
    if found.controls is not None:
        values["controls"], missing = controls.known_here(services, found.controls)
        notes = (*notes, *missing)
    uses = _loras_here(services, story, imported)
    if uses:
        values["loras"] = uses
    return Recalled(
        source=imported.source,
        values=values,
        present={key: _present(services, story, scene, key) for key in values},
        loras=imported.loras,
        notes=notes,
    )


def take_over(services: Services, slug: str, scene_id: str, recalled: Recalled, wanted: Collection[str]) -> int:
    """Write the wanted values into scene and story, all in one edit; the revision before it, for the undo."""
    story = services.stories.load(slug)
    scene = _scene(story, scene_id)
    edits: list[Edit] = []
    for name in (*OF_SCENE, *OF_STORY):
        if name not in wanted or name not in recalled.values:
            continue
        value = recalled.values[name]
        if name in OF_SCENE:
            edits.append(Edit(scene=scene_id, field=name, value=value, seen=getattr(scene, name)))
        elif isinstance(value, Guidance):
            family = services.families()[story.settings.family]
            guided = guidance_settings(story.settings, family, value)
            edits += [_setting(story.settings, field, each) for field, each in guided.items()]
        elif name == "size":
            for side, pixels in zip(("width", "height"), str(value).split("x"), strict=True):
                edits.append(_setting(story.settings, side, int(pixels)))
        else:
            edits.append(_setting(story.settings, name, value))
    if edits:
        services.stories.edit(slug, edits)
    return story.revision


def _loras_here(services: Services, story: Story, imported: ImportedStory) -> tuple[LoraUse, ...]:
    """The picture's LoRAs by their names in this library; none where one is missing, or for another model family."""
    if imported.family not in (None, story.settings.family):
        return ()
    names = {same_file(name): name for name in services.loras.names()}
    found = {}
    for lora in imported.loras[:MOST_LORAS]:
        name = names.get(same_file(lora.name)) or names.get(same_file(lora.path))
        if name is None and services.loras.has(lora.path):
            name = lora.path  # a checkpoint of a training
        if name is None:
            return ()
        strength = 1.0 if lora.as_trained is None else lora.as_trained
        found[name] = LoraUse(name=name, strength=max(-LARGEST_STRENGTH, min(LARGEST_STRENGTH, strength)))
    return tuple(found.values())


def _setting(settings: Settings, name: str, value: object) -> Edit:
    return Edit(scene=None, field="settings", part=(name,), value=value, seen=getattr(settings, name))


def _scene(story: Story, scene_id: str) -> Scene:
    for scene in story.scenes:
        if scene.id == scene_id:
            return scene
    raise FixInput("story.no_such_scene")


def _without_start(story: Story, scene: Scene, prompt: str) -> str:
    """The prompt without what style and characters put in front of it anyway: it must not be said twice."""
    before = compose_prompt(story, scene.model_copy(update={"prompt": ""}))
    own = _without(prompt, before)
    return own if own != prompt else _without(prompt, story.style)


def _without(text: str, start: str) -> str:
    text, start = text.strip(), start.strip()
    if not start or not text.startswith(start):
        return text
    rest = text[len(start) :]
    return rest.lstrip("，,、 ") if not rest or rest[0] in "，,、 。." else text


def _present(services: Services, story: Story, scene: Scene, name: str) -> object:
    if name == "guidance":
        return guidance_of(story.settings, services.families()[story.settings.family])
    if name == "loras":
        return story.loras_of(scene)
    if name in OF_SCENE:
        return getattr(scene, name)
    if name == "size":
        width, height = story.settings.width, story.settings.height
        return f"{width}x{height}" if width and height else None
    return getattr(story.settings, name)
