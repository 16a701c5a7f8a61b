"""What a scene has besides its title and its prompt, each under its name: shown where it is, or folded away."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from pages.parts.shared import folded, inputs
from pages.parts.shared.fields import Field
from pages.parts.shared.wording import plain, say
from pages.parts.story import controls, panel_note, recall, scene_loras, speech, who
from story_engine.domain.braces import named
from story_engine.domain.desk import FOLDED, SceneField
from story_engine.domain.story import Scene, Story
from story_engine.domain.views import ResolvedText

_LONGEST_NAMED = 40


def draw(slug: str, story: Story, scene: Scene, sent: ResolvedText, names: Collection[SceneField]) -> None:
    """The fields of these names, in their order."""
    for name in FOLDED:
        if name in names:
            _draw_one(slug, story, scene, sent, name)


def draw_folded(slug: str, story: Story, scene: Scene, sent: ResolvedText, shown: Collection[SceneField]) -> None:
    """Those that are to be `shown`, and the others behind one line that says what is in them."""
    draw(slug, story, scene, sent, shown)
    hidden = [name for name in FOLDED if name not in shown]
    if not hidden:
        return
    said = " · ".join(_said(story, scene, sent, hidden))
    with folded.expander(say("fold.title"), key=f"more-fields-{slug}-{scene.id}", note=said) as fold:
        if fold.open:
            draw(slug, story, scene, sent, hidden)


def _said(story: Story, scene: Scene, sent: ResolvedText, hidden: Collection[SceneField]) -> list[str]:
    """What the folded fields hold: nothing that is written is out of sight. The count leads, as texts may be cut."""
    said = {
        "sent": _counted(sent),
        "caption": f"“{_short(scene.caption)}”" if scene.caption else "",
        "speech": say("fold.speech", n=len(scene.speech)) if scene.speech else "",
        "note": say("fold.note", note=_short(scene.note)) if scene.note else "",
        "who": _short(", ".join(_names(story, scene))),
        "loras": say("fold.own_loras") if scene.loras is not None else "",
        "controls": say("fold.controls", n=len(scene.controls)) if scene.controls else "",
        "recall": "",
    }
    return [text for name, text in said.items() if name in hidden and text]


def _counted(sent: ResolvedText) -> str:
    count = say("sent.tokens", n=sent.prompt_tokens, limit=sent.token_limit)
    if sent.prompt_cut is not None or sent.negative_cut is not None:
        count = f":orange[:material/content_cut: {count}]"
    return f"{count} · {say('fold.unknown', n=len(sent.unknown_words))}" if sent.unknown_words else count


def _names(story: Story, scene: Scene) -> list[str]:
    names = {character.id: character.name or character.id for character in story.characters}
    shown = dict.fromkeys((*(part.character for part in scene.characters), *named(scene.prompt, story.characters)))
    return [names.get(each, each) for each in shown]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return plain(line if len(line) <= _LONGEST_NAMED else f"{line[:_LONGEST_NAMED]}…")


def _draw_one(slug: str, story: Story, scene: Scene, sent: ResolvedText, name: SceneField) -> None:
    if name == "caption":
        inputs.text_input(
            Field(slug, scene.id, "caption"),
            scene.caption,
            label=say("scene.caption"),
            placeholder=say("scene.caption_hint"),
        )
    elif name == "speech":
        speech.draw(slug, scene)
    elif name == "note":
        panel_note.draw(slug, scene)
    elif name == "who":
        who.draw(slug, story, scene)
    elif name == "loras":
        scene_loras.draw(slug, story, scene)
    elif name == "controls":
        controls.draw(slug, story, scene)
    elif name == "sent":
        _draw_sent(slug, scene, sent)
    else:
        recall.draw(slug, scene)


def _draw_sent(slug: str, scene: Scene, sent: ResolvedText) -> None:
    """Token count always; the text itself, and the negative prompt, when unfolded."""
    count = say("sent.tokens", n=sent.prompt_tokens, limit=sent.token_limit)
    cut = sent.prompt_cut is not None or sent.negative_cut is not None
    with st.container(gap="xsmall"):  # a place of its own: the field below stays the same when this comes or goes
        if sent.unknown_words:
            words = plain("、".join(sent.unknown_words))
            st.caption(f":material/help: {say('sent.unknown', words=words)}")
        if cut:
            st.caption(f":orange[:material/content_cut: {say('sent.cut', limit=sent.token_limit)}]")
    with folded.expander(say("sent.title"), key=f"sent-{slug}-{scene.id}", note=count) as fold:
        if fold.open:
            inputs.text_area(
                Field(slug, scene.id, "negative"),
                scene.negative,
                label=say("scene.negative"),
                placeholder=say("scene.negative_hint"),
            )
            _draw_text(say("sent.prompt", n=sent.prompt_tokens, limit=sent.token_limit), sent.prompt, sent.prompt_cut)
            _draw_text(
                say("sent.negative", n=sent.negative_tokens, limit=sent.token_limit), sent.negative, sent.negative_cut
            )


def _draw_text(label: str, text: str, cut: int | None) -> None:
    st.caption(label)
    st.code(text[:cut] or " ", language=None, wrap_lines=True)
    if cut is not None:
        st.caption(f":orange[:material/content_cut: {say('sent.not_read')}]")
        st.code(text[cut:], language=None, wrap_lines=True)
