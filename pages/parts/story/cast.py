"""Characters and their outfits: written once, used by name in the scenes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

import streamlit as st

from pages.parts.shared import fields, inputs, notices, trouble, typing
from pages.parts.shared.fields import Field
from pages.parts.shared.services import services
from pages.parts.shared.wording import plain, say
from pages.parts.story import looks
from pages.parts.story import outfits as parts
from pages.parts.story.outfits import OutfitName, OutfitWords
from story_engine import flows
from story_engine.domain.edit import Edit
from story_engine.domain.story import Character, Story
from story_engine.errors import EditConflict, Wait


@dataclass(frozen=True, slots=True)
class CharacterText(Field):
    """The name or the description of a character."""

    character: str

    @property
    def key(self) -> str:
        """Of the widget."""
        return f"cast:{self.story}:{self.character}:{self.name}"

    @property
    def saved_at(self) -> typing.When:
        """Not while a name is blank: prompts that name it follow, and would name the id."""
        return "words" if self.name == "name" else "pause"

    def value_in(self, story: Story) -> object:
        """The text; None when the character is gone."""
        found = parts.character(story, self.character)
        return None if found is None else getattr(found, self.name)

    def edits(self, value: object, seen: object) -> list[Edit]:
        """The one text alone."""
        return [parts.edit((self.character, self.name), value, seen)]


def draw(slug: str, story: Story) -> None:
    """Every character with its outfits, and a way to add one."""
    if not story.characters:
        st.markdown(say("cast.none"))
    for character in story.characters:
        with st.container(border=True, key=f"character-{character.id}", gap="small"):
            _draw_character(slug, character)
            looks.draw(slug, story, character)
    _draw_identities(slug, story)
    looks.draw_settings(slug, story)
    st.button(
        say("cast.add"), key="cast-add", icon=":material/person_add:", on_click=notices.attempt, args=(_add, slug)
    )


def _draw_identities(slug: str, story: Story) -> None:
    """How far the panels begin alike, by the tokens that are really sent."""
    names = {character.id: plain(character.name or character.id) for character in story.characters}
    for each in flows.identity.identities(story):
        code, icon = ("cast.same_odd", "info") if each.odd else ("cast.same_all", "check_circle")
        values = {"same": each.same, "panels": each.panels, "tokens": each.tokens, "name": names[each.character]}
        odd = {"odd": say("panel.and").join(map(str, each.odd))} if each.odd else {}
        with st.container(horizontal=True, vertical_alignment="center", key=f"same-{each.character}"):
            st.caption(f":material/{icon}: {say(code, **values, **odd)}")
            if each.odd and flows.identity.out_of_place(story, each.character):
                st.button(
                    say("cast.put_in_front", name=names[each.character]),
                    key=f"put-in-front-{slug}-{each.character}",
                    icon=":material/vertical_align_top:",
                    type="tertiary",
                    on_click=notices.attempt,
                    args=(_put_in_front, slug, each.character, names[each.character]),
                )


def _draw_character(slug: str, character: Character) -> None:
    for column, name in zip(st.columns([3, 7]), ("name", "description"), strict=True):
        with column:
            inputs.text_input(
                CharacterText(slug, None, name, character.id),
                getattr(character, name),
                label=say(f"cast.{name}"),
                placeholder=say(f"cast.{name}_hint"),
            )
    for outfit, words in character.outfits.items():
        _draw_outfit(slug, character, outfit, words)
    with st.container(horizontal=True):
        st.button(
            say("cast.add_outfit"),
            key=f"outfit-add-{character.id}",
            icon=":material/checkroom:",
            type="tertiary",
            on_click=notices.attempt,
            args=(_add_outfit, slug, character.id),
        )
        st.button(
            say("cast.remove", name=plain(character.name or character.id)),
            key=f"cast-remove-{character.id}",
            icon=":material/delete:",
            type="tertiary",
            on_click=notices.attempt,
            args=(_remove, slug, character),
        )


def _draw_outfit(slug: str, character: Character, outfit: str, words: str) -> None:
    its_name = OutfitName.of(slug, character, outfit)
    its_words = OutfitWords.of(slug, character, outfit)
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"outfit-{character.id}-{its_name.outfit}"):
        inputs.text_input(its_name, outfit, label=say("cast.outfit"), width=160, trouble_below=False)
        inputs.text_input(
            its_words, words, label=say("cast.outfit_words"), placeholder=say("cast.outfit_hint"), trouble_below=False
        )
        st.button(
            say("cast.remove_outfit", name=plain(outfit)),
            key=f"icon-outfit-remove-{character.id}-{its_name.outfit}",
            icon=":material/close:",
            type="tertiary",
            on_click=notices.attempt,
            args=(_remove_outfit, its_words),
        )
    trouble.show_trouble(its_name)
    trouble.show_trouble(its_words)


def _put_in_front(slug: str, character: str, name: str) -> None:
    fields.save_all()
    before = services().stories.load(slug).revision
    flows.identity.put_in_front(services(), slug, character)
    undo = notices.Undo(kind="revision", token=str(before), story=slug)
    notices.tell("done.put_in_front", name=name, undo=undo)


def _add(slug: str) -> None:
    taken = {character.id for character in services().stories.load(slug).characters}
    fresh = next(name for number in range(1, len(taken) + 2) if (name := f"character-{number}") not in taken)
    made = Character(id=fresh, name=say("cast.new", n=len(taken) + 1))
    services().stories.edit(slug, [parts.edit((fresh,), made, None)])
    typing.focus(CharacterText(slug, None, "name", fresh).key)


def _add_outfit(slug: str, character: str) -> None:
    found = parts.character(services().stories.load(slug), character)
    taken = found.outfits if found is not None else {}
    names = (say("cast.new_outfit", n=number) for number in count(len(taken) + 1))
    fresh = next(name for name in names if name not in taken)
    services().stories.edit(slug, [parts.edit((character, "outfits", fresh), "", None)])
    if found is not None:
        typing.focus(OutfitName.of(slug, found, fresh).key)


def _remove(slug: str, seen: Character) -> None:
    fields.save_all()
    before = services().stories.load(slug).revision
    _take_away(slug, (seen.id,), _as_saved(slug, seen), seen.name or seen.id)
    typing.focus("cast-add")
    notices.tell("done.character_removed", undo=notices.Undo(kind="revision", token=str(before), story=slug))


def _remove_outfit(words: OutfitWords) -> None:
    name = words.called
    _take_away(words.story, (words.character, "outfits", name), fields.seen(words), name)
    typing.focus(f"outfit-add-{words.character}")


def _as_saved(slug: str, character: Character) -> Character:
    """The character as it was drawn, with what this tab has typed into it since."""
    texts = (CharacterText(slug, None, name, character.id) for name in ("name", "description"))
    changed = {text.name: fields.seen(text) for text in texts if fields.seen(text) is not None}
    words = {outfit: fields.seen(OutfitWords.of(slug, character, outfit)) for outfit in character.outfits}
    outfits = {outfit: character.outfits[outfit] if said is None else str(said) for outfit, said in words.items()}
    return character.model_copy(update={**changed, "outfits": outfits})


def _take_away(slug: str, part: tuple[str, ...], seen: object, called: str) -> None:
    """Remove a part that is still as this tab shows it.

    Raises:
        Wait: another tab has changed it; what it says now is better read before it goes.
    """
    try:
        services().stories.edit(slug, [parts.edit(part, None, seen)])
    except EditConflict as error:
        raise Wait("story.part_changed", part=called) from error
