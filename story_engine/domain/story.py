"""What the author writes: a story, its scenes, characters and settings."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from story_engine.domain.control import MOST_CONTROLS, ControlUse
from story_engine.domain.family import FAMILY_NAMES, LARGEST_CFG_SCALE, MOST_STEPS, SAMPLERS, SIZE_MULTIPLE
from story_engine.domain.findings import Findings, choice, fields, name, number, shown, text, whole_number
from story_engine.domain.guidance import GUIDANCE, LARGEST_NOISE, USUAL
from story_engine.domain.look import Look, read_looks
from story_engine.domain.recipe import LARGEST_CAST_STRENGTH
from story_engine.domain.schema import ALWAYS_WRITTEN, AtMost
from story_engine.domain.value import Value

SCHEMA = 1
"""Number of the story format that this program writes."""
LARGEST_SEED = 2**32 - 1
"""torch.manual_seed takes more, but notebooks, A1111 and ComfyUI agree on 32 bits."""
LARGEST_REVISION = 10**15
MOST_SCENES = 24
MOST_CHARACTERS = 24
MOST_LORAS = 8
MOST_SPEECHES = 8
"""Bubbles in one panel; more leave no picture."""
LONGEST_PROMPT = 20_000
"""Characters; a longer text is a pasted file, not a prompt."""
LARGEST_STRENGTH = 5.0
SEEDS_APART = 100
"""Between the first seeds of neighbouring scenes; takes count on from them, and no two scenes shall share a noise."""


def _outfits(found: Findings, path: str, value: object) -> object:
    """A mapping of names to words."""
    if not isinstance(value, dict):
        found.add(path, "story.outfits_not_a_mapping", value=shown(value))
        return {}
    for key in value:
        name(found, f"{path}.{key}", key)
    return fields(found, path, value, {key: text(LONGEST_PROMPT) for key in value if isinstance(key, str)})


Name = Annotated[str, name]
"""Text that is safe as a file name."""
Title = Annotated[str, text(200)]
Prompt = Annotated[str, text(LONGEST_PROMPT)]
Said = Annotated[str, text(500)]
Speaker = Annotated[str, text(60)]
Side = Annotated[int | None, whole_number(256, 2048, "story.side_range", multiple=SIZE_MULTIPLE)]
"""Pixels."""
NoiseLevel = Annotated[float | None, number(0.0, LARGEST_NOISE, "story.noise_level_range")]
"""Noise per signal, σ; blank is the model family's own."""


class Character(Value):
    """A named block of words: what never changes, and the outfits that change from scene to scene."""

    id: Name
    name: Title = ""
    description: Prompt = ""
    """What never changes: "一个紫色短发小女孩"."""
    outfits: Annotated[dict[str, str], _outfits] = Field(default_factory=dict)
    """Name of the outfit → its words."""
    looks: Annotated[dict[str, Look], read_looks] = Field(default_factory=dict)
    """Name of the outfit, `AS_DESCRIBED` for none → the picture that shows how it looks."""


class Appearance(Value):
    """One character in one scene, by reference."""

    alone: ClassVar[str] = "character"
    """A file may say `mimi` for `{character: mimi}`, where there is nothing to choose."""
    character: Name
    outfit: Annotated[str | None, name] = None


class Speech(Value):
    """Something that is said in a scene: one speech bubble of the comic page."""

    alone: ClassVar[str] = "text"
    """A file may say the words alone, where nobody is named."""
    text: Said = ""
    speaker: Speaker = ""


class LoraUse(Value):
    """A LoRA of the library in a story."""

    name: Name
    strength: Annotated[float, number(-LARGEST_STRENGTH, LARGEST_STRENGTH, "story.strength_range")] = 1.0
    """1.0 = as trained (alpha / rank)."""


class Settings(Value):
    """How the pictures are made. What is left blank is the model family's default."""

    family: Annotated[str, choice(FAMILY_NAMES)] = "preview"
    stand_in: Annotated[str | None, choice(FAMILY_NAMES)] = None
    """Family to render with while `family` is not on this machine: the author's one clear choice."""
    sampler: Annotated[str | None, choice(SAMPLERS)] = None
    steps: Annotated[int | None, whole_number(1, MOST_STEPS, "story.steps_range")] = None
    cfg_scale: Annotated[float | None, number(0.0, LARGEST_CFG_SCALE, "story.cfg_scale_range")] = None
    width: Side = None
    height: Side = None
    noise: Annotated[str, choice(("cpu", "device"))] = "cpu"
    """"cpu": drawn in float32 on the CPU, one seed is one picture everywhere; "device": as notebooks that seeded the
    device's own generator."""
    guidance: Annotated[str | None, choice(GUIDANCE)] = None
    """"by_noise", "constant", or "usual": whichever the family that paints is best with. Blank is constant, as in
    stories of before there was a choice; new ones say "usual"."""
    cast_strength: Annotated[float | None, number(0.0, LARGEST_CAST_STRENGTH, "story.cast_strength_range")] = None
    """How strongly characters are held to their looks: 0 not at all, blank `USUAL_CAST_STRENGTH` (the family's own)."""
    cast_from: Annotated[float | None, number(0.0, 1.0, "story.cast_from_range")] = None
    """Share of the steps after which they are; blank is `USUAL_CAST_FROM`."""
    guidance_above: NoiseLevel = None
    guidance_below: NoiseLevel = None
    negative_below: NoiseLevel = None
    """Levels of guidance by noise level, as in recipes."""

    def for_family(self, family: str) -> Settings:
        """What is left of them where another family paints: its own values, for which noise stays what it is.

        A story that says how it is guided is guided as that family usually is.
        """
        if family == self.family:
            return self
        return Settings(family=family, noise=self.noise, guidance=None if self.guidance is None else USUAL)


class Scene(Value):
    """One entry of the story."""

    id: Annotated[Name, ALWAYS_WRITTEN]
    title: Title = ""
    prompt: Annotated[Prompt, ALWAYS_WRITTEN] = ""
    negative: Prompt = ""
    seed: Annotated[int, whole_number(0, LARGEST_SEED, "story.seed_range"), ALWAYS_WRITTEN] = 0
    pinned: bool = False
    caption: Annotated[str, text(2_000)] = ""
    note: Annotated[str, text(2_000)] = ""
    """What is wrong with the picture as it is, for the author: no model is sent it."""
    speech: Annotated[tuple[Speech, ...], AtMost(MOST_SPEECHES)] = ()
    """In the order in which it is said; no model is sent it."""
    characters: tuple[Appearance, ...] = ()
    loras: Annotated[tuple[LoraUse, ...] | None, AtMost(MOST_LORAS)] = None
    """None: the story's; none at all: `()`."""
    controls: Annotated[tuple[ControlUse, ...], AtMost(MOST_CONTROLS)] = ()
    """Pictures that its picture is held to."""


class Story(Value):
    """What the author wrote."""

    schema_number: Annotated[int, whole_number(SCHEMA, SCHEMA, "story.schema_unknown"), ALWAYS_WRITTEN] = Field(
        default=SCHEMA, alias="schema"
    )
    revision: Annotated[int, whole_number(0, LARGEST_REVISION, "story.revision_range"), ALWAYS_WRITTEN] = 0
    title: Annotated[Title, ALWAYS_WRITTEN] = ""
    style: Prompt = ""
    """Words shared by all scenes, put in front of each prompt."""
    negative: Prompt = ""
    """Negative words shared by all scenes."""
    characters: Annotated[tuple[Character, ...], AtMost(MOST_CHARACTERS)] = ()
    settings: Settings = Settings()
    loras: Annotated[tuple[LoraUse, ...], AtMost(MOST_LORAS)] = ()
    scenes: tuple[Scene, ...] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @property
    def is_blank(self) -> bool:
        """Whether nobody has written anything into its scenes yet."""
        return not any(
            (scene.title + scene.prompt + scene.negative + scene.caption + scene.note).strip()
            or scene.speech
            or scene.characters
            for scene in self.scenes
        )

    def scene(self, scene_id: str) -> Scene:
        """The scene called `scene_id`.

        Raises:
            KeyError: there is none; callers that take ids from outside check first.
        """
        for scene in self.scenes:
            if scene.id == scene_id:
                return scene
        raise KeyError(scene_id)

    def loras_of(self, scene: Scene) -> tuple[LoraUse, ...]:
        """What the scene uses: its own LoRAs where it has any say in it, else the story's."""
        return self.loras if scene.loras is None else scene.loras

    def without_loras(self) -> Story:
        """The same story with no LoRA anywhere."""
        scenes = tuple(scene.model_copy(update={"loras": None}) for scene in self.scenes)
        return self.model_copy(update={"loras": (), "scenes": scenes})


def without_looks(story: Story) -> Story:
    """The same story with no character held to a picture."""
    if not any(each.looks for each in story.characters):
        return story
    return story.model_copy(
        update={"characters": tuple(each.model_copy(update={"looks": {}}) for each in story.characters)}
    )


def first_seed(number: int) -> int:
    """The seed that the scene of this number (1 is the first) begins with, until somebody chooses another.

    The same noise behind every scene gives eight poses alike.
    """
    return (number - 1) * SEEDS_APART
