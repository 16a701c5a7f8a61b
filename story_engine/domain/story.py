"""What the author writes: a story, its scenes, characters and settings."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from story_engine.domain.value import Value

SCHEMA = 1
"""Number of the story format that this program writes."""
LARGEST_SEED = 2**32 - 1
LARGEST_REVISION = 10**15
"""torch.manual_seed takes more, but notebooks, A1111 and ComfyUI agree on 32 bits."""
MOST_SCENES = 24
LONGEST_PROMPT = 20_000
"""Characters; a longer text is a pasted file, not a prompt."""


class Character(Value):
    """A named block of words: what never changes, and the outfits that change from scene to scene."""

    id: str
    name: str = ""
    description: str = ""
    """What never changes: "一个紫色短发小女孩"."""
    outfits: dict[str, str] = Field(default_factory=dict)
    """Name of the outfit → its words."""


class Appearance(Value):
    """One character in one scene, by reference."""

    character: str
    outfit: str | None = None


class LoraUse(Value):
    """A LoRA of the library in a story."""

    name: str
    strength: float = 1.0
    """1.0 = as trained (alpha / rank)."""


class Settings(Value):
    """How the pictures are made. What is left blank is the model family's default."""

    family: str = "preview"
    stand_in: str | None = None
    """Family to render with while `family` is not on this machine: the author's one clear choice."""
    sampler: str | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    width: int | None = None
    height: int | None = None
    noise: str = "cpu"
    """"cpu": drawn in float32 on the CPU, one seed is one picture everywhere; "device": as notebooks that seeded the
    device's own generator."""


class Scene(Value):
    """One entry of the story."""

    id: str
    title: str = ""
    prompt: str = ""
    negative: str = ""
    seed: int = 0
    pinned: bool = False
    caption: str = ""
    characters: tuple[Appearance, ...] = ()
    loras: tuple[LoraUse, ...] | None = None
    """None: the story's; none at all: `()`."""


class Story(Value):
    """What the author wrote."""

    schema_number: int = Field(default=SCHEMA, alias="schema")
    revision: int = 0
    title: str = ""
    style: str = ""
    """Words shared by all scenes, put in front of each prompt."""
    negative: str = ""
    """Negative words shared by all scenes."""
    characters: tuple[Character, ...] = ()
    settings: Settings = Settings()
    loras: tuple[LoraUse, ...] = ()
    scenes: tuple[Scene, ...] = ()

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

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
        """What the scene wears: its own LoRAs where it has any say in it, else the story's."""
        return self.loras if scene.loras is None else scene.loras

    def without_loras(self) -> Story:
        """The same story with no LoRA anywhere."""
        scenes = tuple(scene.model_copy(update={"loras": None}) for scene in self.scenes)
        return self.model_copy(update={"loras": (), "scenes": scenes})
