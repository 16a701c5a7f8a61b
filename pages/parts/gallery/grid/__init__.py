"""Pictures side by side, as a component of its own: sixty of them as Streamlit's widgets would be 240 elements a run.

The pictures come by their addresses (`shared.picture_route`) and are loaded as they scroll into sight. What is chosen
and what is a favourite is sent as everything that has changed since Python last answered, with a number, so that two
quick clicks are two changes, and an answer to the first does not take back the second.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from pages.parts.shared import picture_route
from pages.parts.shared.component_data import given
from pages.parts.shared.wording import say
from story_engine.domain.gallery import GalleryPicture, PictureKey

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "story_studio_picture_grid",
    css=(_HERE / "component.css").read_text(encoding="utf-8"),
    js=(_HERE / "component.js").read_text(encoding="utf-8"),
)
_TEXTS = ("open", "select", "favourite", "list")


@dataclass(frozen=True, slots=True)
class Change:
    """What a person has changed in the grid."""

    turn: int
    chosen: frozenset[PictureKey] = frozenset()
    """Of the pictures in the grid."""
    favourites: Mapping[PictureKey, bool] = field(default_factory=dict)


def draw(
    pictures: Sequence[GalleryPicture],
    *,
    key: str,
    turn: int,
    chosen: Collection[PictureKey],
    on_open: Callable[[PictureKey], object],
    on_change: Callable[[Change], object],
) -> None:
    """The pictures with a tick, a heart and a way to see each of them large.

    Args:
        pictures: what is shown.
        key: of the component.
        turn: of the last change that was taken in.
        chosen: pictures that are ticked.
        on_open: given the picture that shall be seen large.
        on_change: given everything that has changed since `turn`.
    """
    known = {str(picture.key): picture.key for picture in pictures}

    def opened() -> None:
        asked = known.get(str(_sent(key, "opened")))
        if asked is not None:
            on_open(asked)

    def changed() -> None:
        change = _change(_sent(key, "changed"), known)
        if change is not None:
            on_change(change)

    _mount(
        key=key,
        data=given(
            turn=turn,
            pictures=[_shown(picture, picture.key in chosen) for picture in pictures],
            texts={name: say(f"gallery.grid_{name}", name="{name}") for name in _TEXTS},
        ),
        on_opened_change=opened,
        on_changed_change=changed,
    )


def caption(picture: GalleryPicture) -> str:
    """Story and scene of a picture, such as "The singer · 3"."""
    title = picture.story_title or say("home.untitled")
    place = picture.scene_title or (say("scene.number", n=picture.scene_number) if picture.scene_number else "")
    return f"{title} · {place}" if place else title


def _shown(picture: GalleryPicture, is_chosen: bool) -> dict[str, object]:
    recipe = picture.take.recipe
    facts = [say("gallery.seed", seed=recipe.seed)]
    if picture.score is not None:
        facts.append(f"★ {picture.score:z.2f}")
    return {
        "key": str(picture.key),
        "src": picture_route.thumbnail(picture.key),
        "name": f"{caption(picture)} · {facts[0]}",
        "title": caption(picture),
        "facts": " · ".join(facts),
        "chosen": is_chosen,
        "favourite": picture.is_favourite,
        "gone": picture.shelf != "here",
    }


def _sent(key: str, name: str) -> object:
    return getattr(st.session_state.get(key), name, None)


def _change(sent: object, known: Mapping[str, PictureKey]) -> Change | None:
    """What the browser sent, as far as it is about pictures of the grid."""
    if not isinstance(sent, Mapping) or not isinstance(sent.get("turn"), int | float):
        return None
    chosen, favourites = sent.get("chosen"), sent.get("favourites")
    return Change(
        turn=int(sent["turn"]),
        chosen=frozenset(known[each] for each in (chosen if isinstance(chosen, list) else []) if each in known),
        favourites={
            known[each]: bool(value)
            for each, value in (favourites.items() if isinstance(favourites, Mapping) else ())
            if each in known
        },
    )
