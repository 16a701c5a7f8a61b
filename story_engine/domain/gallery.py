"""All pictures of a workspace: which of them somebody looks for, in what order, and what is shown of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from story_engine.domain.take import Take

Order = Literal["newest", "oldest", "best", "worst", "story"]
ORDERS: tuple[Order, ...] = get_args(Order)
Shelf = Literal["here", "trash", "gone"]
"""Whether a picture's story is on the shelf, in the trash, or deleted for good."""


class PictureKey(NamedTuple):
    """Which take of which scene of which story; one recipe may have been painted for several."""

    story: str
    scene: str
    take: str

    @classmethod
    def of(cls, take: Take) -> PictureKey:
        """Of a take."""
        return cls(take.story, take.scene, take.id)

    @classmethod
    def read(cls, text: str) -> PictureKey | None:
        """From "story/scene/take"; None where it is none."""
        parts = text.split("/")
        return cls(*parts) if len(parts) == 3 and all(parts) else None

    def __str__(self) -> str:
        """As it is written down."""
        return "/".join(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; nothing given, nothing left out."""

    words: str = ""
    """Of prompt, story's title and scene's title; all of them have to be there."""
    story: str | None = None
    """Slug."""
    lora: str | None = None
    """Name of one that was used; "" for pictures without any."""
    seed: int | None = None
    score_from: float | None = None
    score_to: float | None = None
    favourites: bool = False
    key: PictureKey | None = None
    """This one alone."""
    order: Order = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryPicture:
    """One picture with what is known about it now."""

    take: Take
    picture: Path
    """PNG, the master."""
    thumbnail: Path
    """JPEG for the page."""
    score: float | None
    """Of the present scorer."""
    is_favourite: bool
    story_title: str
    """The slug, where the story is gone for good."""
    scene_title: str
    scene_number: int | None
    """1 = first; None where the story has no such scene any more."""
    shelf: Shelf

    @property
    def key(self) -> PictureKey:
        """Which it is."""
        return PictureKey.of(self.take)

    @property
    def can_be_opened(self) -> bool:
        """Whether its story is there and has its scene."""
        return self.shelf == "here" and self.scene_number is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryOfPictures:
    """A story that has pictures."""

    slug: str
    title: str
    shelf: Shelf
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryPage:
    """Some of the pictures that were found."""

    pictures: tuple[GalleryPicture, ...]
    found: int
    """How many there are in all."""
    total: int
    """How many the workspace has."""
    stories: tuple[StoryOfPictures, ...]
    """All that have pictures, by title."""
    loras: tuple[str, ...]
    """All that a picture was made with."""
    scorer: str
