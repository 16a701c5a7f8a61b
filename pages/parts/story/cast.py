"""Characters and their outfits: written once, used by name in the scenes."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.engine import engine
from pages.parts.shared.wording import plain, say
from story_engine.domain.edit import Edit
from story_engine.domain.story import Character, Scene, Story


def draw(slug: str, story: Story) -> None:
    """Every character with its outfits, and a way to add one."""
    if not story.characters:
        st.markdown(say("cast.none"))
    for character in story.characters:
        with st.container(border=True, key=f"character-{character.id}", gap="small"):
            _draw_character(slug, character)
    st.button(
        say("cast.add"), key="cast-add", icon=":material/person_add:", on_click=notices.attempt, args=(_add, slug)
    )


def _draw_character(slug: str, character: Character) -> None:
    name, description = st.columns([3, 7])
    with name:
        _draw_field(slug, character.id, "name", character.name)
    with description:
        _draw_field(slug, character.id, "description", character.description)
    for outfit, words in character.outfits.items():
        with st.container(horizontal=True, vertical_alignment="bottom", key=f"outfit-{character.id}-{outfit}"):
            _draw_outfit(slug, character.id, outfit, words)
    with st.container(horizontal=True):
        st.button(
            say("cast.add_outfit"),
            key=f"outfit-add-{character.id}",
            icon=":material/checkroom:",
            type="tertiary",
            on_click=notices.attempt,
            args=(_change, slug, character.id, _with_new_outfit),
        )
        st.button(
            say("cast.remove", name=plain(character.name or character.id)),
            key=f"cast-remove-{character.id}",
            icon=":material/delete:",
            type="tertiary",
            on_click=notices.attempt,
            args=(_remove, slug, character.id),
        )


def _draw_field(slug: str, character: str, field: str, on_disk: str) -> None:
    key = f"cast:{slug}:{character}:{field}"
    _keep_in_step(key, on_disk)
    st.text_input(
        say(f"cast.{field}"),
        key=key,
        placeholder=say(f"cast.{field}_hint"),
        on_change=lambda: notices.attempt(
            _change, slug, character, lambda old: old.model_copy(update={field: st.session_state[key]})
        ),
    )


def _draw_outfit(slug: str, character: str, outfit: str, words: str) -> None:
    name_key, words_key = (f"cast:{slug}:{character}:outfit:{outfit}:{part}" for part in ("name", "words"))
    _keep_in_step(name_key, outfit)
    _keep_in_step(words_key, words)

    def save() -> None:
        name = st.session_state[name_key].strip() or outfit
        said = st.session_state[words_key]
        notices.attempt(
            _change,
            slug,
            character,
            lambda old: _with_outfits(old, _replaced(old.outfits, outfit, name, said)),
            renamed={outfit: name},
        )

    st.text_input(say("cast.outfit"), key=name_key, width=160, on_change=save)
    st.text_input(
        say("cast.outfit_words"), key=words_key, placeholder=say("cast.outfit_hint"), on_change=save, width="stretch"
    )
    st.button(
        say("cast.remove_outfit", name=plain(outfit)),
        key=f"icon-outfit-remove-{character}-{outfit}",
        icon=":material/close:",
        type="tertiary",
        on_click=lambda: notices.attempt(
            _change,
            slug,
            character,
            lambda old: _with_outfits(old, {name: said for name, said in old.outfits.items() if name != outfit}),
            renamed={outfit: None},
        ),
    )


def _keep_in_step(key: str, on_disk: str) -> None:
    """The widget shows what is on disk; what was typed is on disk by the time this runs."""
    if st.session_state.get(key) != on_disk:
        st.session_state[key] = on_disk


def _add(slug: str) -> None:
    story = engine().story(slug)
    taken = {character.id for character in story.characters}
    name = next(f"character-{number}" for number in range(1, len(taken) + 2) if f"character-{number}" not in taken)
    _save(slug, story, (*story.characters, Character(id=name, name=say("cast.new", n=len(taken) + 1))), story.scenes)


def _remove(slug: str, character: str) -> None:
    story = engine().story(slug)
    left = tuple(one for one in story.characters if one.id != character)
    scenes = tuple(
        scene.model_copy(update={"characters": tuple(a for a in scene.characters if a.character != character)})
        for scene in story.scenes
    )
    _save(slug, story, left, scenes)
    notices.tell("done.character_removed", undo=notices.Undo(kind="revision", token=str(story.revision), story=slug))


def _change(
    slug: str,
    character: str,
    change: Callable[[Character], Character],
    renamed: dict[str, str | None] | None = None,
) -> None:
    """Write one changed character; outfits that were renamed or removed change in the scenes too."""
    story = engine().story(slug)
    changed = tuple(change(one) if one.id == character else one for one in story.characters)
    scenes = tuple(_dressed(scene, character, renamed or {}) for scene in story.scenes)
    _save(slug, story, changed, scenes)


def _save(slug: str, story: Story, characters: tuple[Character, ...], scenes: tuple[Scene, ...]) -> None:
    edits = [Edit(scene=None, field="characters", value=characters, seen=story.characters)]
    edits += [
        Edit(scene=new.id, field="characters", value=new.characters, seen=old.characters)
        for old, new in zip(story.scenes, scenes, strict=True)
        if old.characters != new.characters
    ]
    engine().edit(slug, edits)


def _dressed(scene: Scene, character: str, renamed: dict[str, str | None]) -> Scene:
    return scene.model_copy(
        update={
            "characters": tuple(
                part.model_copy(update={"outfit": renamed[part.outfit]})
                if part.character == character and part.outfit is not None and part.outfit in renamed
                else part
                for part in scene.characters
            )
        }
    )


def _with_outfits(character: Character, outfits: dict[str, str]) -> Character:
    return character.model_copy(update={"outfits": outfits})


def _with_new_outfit(character: Character) -> Character:
    number = len(character.outfits) + 1
    while (name := say("cast.new_outfit", n=number)) in character.outfits:
        number += 1
    return _with_outfits(character, {**character.outfits, name: ""})


def _replaced(outfits: dict[str, str], old: str, new: str, words: str) -> dict[str, str]:
    if new != old and new in outfits:
        new = old  # another outfit has that name already; nothing is overwritten
    return {new if name == old else name: words if name == old else said for name, said in outfits.items()}
