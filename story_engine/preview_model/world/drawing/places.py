"""Every place of the world by its name."""

from __future__ import annotations

from collections.abc import Callable

from story_engine.preview_model.world.drawing import (
    places_indoor,
    places_outdoor,
    places_palace,
    places_show,
    places_wild,
)
from story_engine.preview_model.world.drawing.backdrop import Backdrop, Layout

PLACE_DRAWERS: dict[str, Callable[[Backdrop], Layout]] = {
    "living_room": places_indoor.living_room,
    "bookshelf": places_indoor.bookshelf,
    "magic_light": places_palace.magic_light,
    "palace_hall": places_palace.palace_hall,
    "throne_room": places_palace.throne_room,
    "palace_chamber": places_palace.palace_chamber,
    "dark_corner": places_palace.dark_corner,
    "audience": places_show.audience,
    "stage": places_show.stage,
    "practice_room": places_show.practice_room,
    "fitting_room": places_show.fitting_room,
    "starry_sky": places_outdoor.starry_sky,
    "forest": places_wild.forest,
    "beach": places_outdoor.beach,
    "street": places_outdoor.street,
    "snow_mountain": places_wild.snow_mountain,
    "garden": places_outdoor.garden,
    "classroom": places_indoor.classroom,
    "kitchen": places_indoor.kitchen,
    "desert": places_wild.desert,
    "underwater": places_wild.underwater,
    "castle": places_outdoor.castle,
    "plain": places_indoor.plain,
}
"""Each draws its place on the backdrop and tells where figures stand."""
