"""The closed world of the preview model: everything its drawings can show, as plain values.

A drawing is decided by one `DrawnScene`. The drawing code paints it, the caption grammar puts it into words, and the
judges of the benchmark read it back from a picture; all three know only this module.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SUBJECTS = (
    "cat",
    "dog",
    "rabbit",
    "panda",
    "fox",
    "horse",
    "dragon",
    "robot",
    "girl",
    "boy",
    "emperor",
    "maid",
    "prince",
    "warrior",
)
PEOPLE = frozenset({"girl", "boy", "emperor", "maid", "prince", "warrior"})

PLACES = (
    "living_room",
    "bookshelf",
    "magic_light",
    "palace_hall",
    "throne_room",
    "palace_chamber",
    "dark_corner",
    "audience",
    "stage",
    "practice_room",
    "fitting_room",
    "starry_sky",
    "forest",
    "beach",
    "street",
    "snow_mountain",
    "garden",
    "classroom",
    "kitchen",
    "desert",
    "underwater",
    "castle",
    "plain",
)
"""`dark_corner` holds the glowing door, `palace_chamber` the silk cushion, `bookshelf` the glowing old book,
`starry_sky` the shooting star; `plain` is an empty backdrop for prompts that name no place."""

STYLES = ("modern", "ink", "anime", "crayon", "papercut", "pixel")
SHOTS = ("full", "upper", "close", "long")
"""全身, 上半身, 特写, 远景."""
TIMES = ("day", "dusk", "night")
COLOURS = ("orange", "red", "yellow", "green", "blue", "purple", "pink", "white", "black", "grey", "brown")
"""Main colour: the coat of an animal, a robot's shell, a dragon's scales, the clothes of a person."""
HAIR_LENGTHS = ("short", "medium", "long")
HAIR_COLOURS = ("purple", "black", "brown", "blond", "red", "blue", "white", "pink")
OUTFITS = ("dress", "gown", "casual", "robe", "armour", "dragon_robe", "maid_dress")
ACTIONS = ("standing", "sitting", "chasing", "lying", "sleeping", "singing", "wishing", "holding_face", "reading")
"""`holding_face` is 双手托着腮; `chasing` is running after a thing."""
MOODS = ("calm", "happy", "surprised", "bored", "curious", "nervous", "longing", "sad")
VIEWS = ("front", "side")
PROPS = ("none", "yarn_ball", "toys", "book", "microphone", "flower", "balloon", "lantern", "ball", "umbrella")
DEGRADATIONS = ("none", "ugly", "deformed", "noisy", "blurry", "low_contrast")
"""What the challenge's negative list names: 丑陋、变形、嘈杂、模糊、低对比度."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One living thing in a drawing."""

    subject: str = "cat"
    colour: str = "orange"
    """Main colour, one of COLOURS (see there for what it covers)."""
    hair_colour: str = "black"
    """People only, one of HAIR_COLOURS."""
    hair_length: str = "short"
    """People only, one of HAIR_LENGTHS."""
    outfit: str = "casual"
    """People only, one of OUTFITS."""
    action: str = "standing"
    mood: str = "calm"
    view: str = "front"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnScene:
    """Everything that decides one training drawing."""

    main: Figure = field(default_factory=Figure)
    companions: tuple[Figure, ...] = ()
    """At most two: maids around the cat, a cat in front of the emperor."""
    place: str = "living_room"
    style: str = "modern"
    shot: str = "full"
    time: str = "day"
    prop: str = "none"
    prop_colour: str = "red"
    degradation: str = "none"
    seed: int = 0
    """Decides what no word decides: position, proportions, small furniture, hues within a colour's range."""
