"""Bring what you have: files and pasted text, what would be made of them, and then the story."""

from __future__ import annotations

import hashlib

import streamlit as st

from pages.parts.shared import frame
from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, language, plain, say
from story_engine import flows
from story_engine.domain.family import SAMPLER_TITLES
from story_engine.domain.guidance import BY_NOISE
from story_engine.domain.shared_wording import CharacterBlock, SharedWording
from story_engine.errors import StudioError
from story_engine.flows.story_import import Proposal

KINDS = ["ipynb", "py", "md", "csv", "tsv", "html", "htm", "txt", "json", "yaml", "png", "jpg", "jpeg", "webp", "zip"]
LARGEST_UPLOAD_MB = 500
_COUNT, _SEEN = "bring-count", "bring-seen"
_NOTES_IN_SIGHT = 4


def draw() -> None:
    """Folded away; opened, it takes files and text, shows what they hold, and makes a story of it."""
    with st.expander(say("bring.title"), icon=":material/move_to_inbox:", key="bring", on_change="rerun") as folded:
        if not folded.open:
            return
        st.caption(say("bring.text"))
        count = st.session_state.get(_COUNT, 0)
        left, right = st.columns(2, gap="medium")
        uploads = left.file_uploader(
            say("bring.files"),
            type=KINDS,
            accept_multiple_files=True,
            key=f"bring-files-{count}",
            max_upload_size=LARGEST_UPLOAD_MB,
        )
        text = right.text_area(
            say("bring.paste"), key=f"bring-text-{count}", height=140, placeholder=say("bring.paste_hint")
        )
        if not uploads and not text.strip():
            return
        proposal = _seen([(upload.name, upload.getvalue()) for upload in uploads], text)
        if isinstance(proposal, StudioError):
            st.error(plain(proposal.text(language())), icon=":material/error:")
        else:
            _draw_proposal(proposal, count)


def _seen(files: list[tuple[str, bytes]], text: str) -> Proposal | StudioError:
    """What is proposed; looked at once for the same files and text."""
    digest = hashlib.sha256(text.encode("utf-8", "replace"))
    for name, content in files:
        digest.update(b"\0" + name.encode("utf-8", "replace") + b"\0" + hashlib.sha256(content).digest())
    known = st.session_state.get(_SEEN)
    if known is not None and known[0] == digest.hexdigest():
        found: Proposal | StudioError = known[1]
        return found
    try:
        found = flows.story_import.inspect(services(), files, text)
    except StudioError as error:
        found = error
    st.session_state[_SEEN] = (digest.hexdigest(), found)
    return found


def _draw_proposal(proposal: Proposal, count: int) -> None:
    st.markdown(f"**{say('bring.found', n=len(proposal.story.scenes))}**")
    scenes = proposal.story.scenes
    columns = {
        "#": [str(number) for number in range(1, len(scenes) + 1)],
        say("scene.seed"): [str(scene.seed) for scene in scenes],
        say("scene.title"): [scene.title for scene in scenes],
        say("scene.prompt"): [scene.prompt for scene in scenes],
        say("scene.negative"): [scene.negative for scene in scenes],
    }
    shown = {name: values for name, values in columns.items() if any(values)}
    st.dataframe(shown, hide_index=True, width="stretch", key=f"bring-scenes-{count}")
    _draw_settings(proposal)
    _draw_notes(proposal)
    blocks = _draw_blocks(proposal, count) if not proposal.blocks.is_empty else SharedWording()
    _draw_make(proposal, blocks, count)


def _draw_settings(proposal: Proposal) -> None:
    settings = proposal.story.settings
    size = f"{settings.width} × {settings.height}" if settings.width and settings.height else None
    parts = {
        say("settings.steps"): settings.steps,
        say("settings.cfg_scale"): None if settings.cfg_scale is None else f"{settings.cfg_scale:g}",
        say("bring.size"): size,
        say("settings.guidance"): say("settings.guidance_by_noise") if settings.guidance == BY_NOISE else None,
        say("settings.sampler"): SAMPLER_TITLES.get(settings.sampler or ""),
        "LoRA": ", ".join(f"{use.name} × {use.strength:g}" for use in proposal.story.loras) or None,
    }
    shown = [f"{name} {value}" for name, value in parts.items() if value is not None]
    if shown:
        st.caption(plain(" · ".join(shown)))


def _draw_notes(proposal: Proposal) -> None:
    """What was passed over, and what has to be known; files that nothing could be made of first."""
    for _, error in proposal.refused:
        st.caption(f":material/error: {plain(error.text(language()))}")
    texts = [plain(flows.story_import.text_of(note, language())) for note in proposal.notes]
    for text in texts[:_NOTES_IN_SIGHT]:
        st.caption(f":material/info: {text}")
    if len(texts) > _NOTES_IN_SIGHT:
        with st.expander(say("bring.more_notes", n=len(texts) - _NOTES_IN_SIGHT), type="compact"):
            for text in texts[_NOTES_IN_SIGHT:]:
                st.caption(text)


def _draw_blocks(proposal: Proposal, count: int) -> SharedWording:
    """What is said alike, each with a tick: written once, no prompt changes."""
    blocks = proposal.blocks
    st.markdown(f"**{say('bring.blocks')}**", help=say("bring.blocks_help"))
    negative = style = ""
    if blocks.style and st.checkbox(say("bring.block_style", words=plain(blocks.style)), True, key=f"b-style-{count}"):
        style = blocks.style
    if blocks.negative and st.checkbox(
        say("bring.block_negative", words=plain(blocks.negative)), True, key=f"b-negative-{count}"
    ):
        negative = blocks.negative
    characters: list[CharacterBlock] = []
    for place, block in enumerate(blocks.characters):
        label = say("bring.block_character", words=plain(block.character.description), n=len(block.scenes))
        if st.checkbox(label, True, key=f"b-who-{count}-{place}"):
            characters.append(block)
    return SharedWording(negative=negative, style=style, characters=tuple(characters))


def _draw_make(proposal: Proposal, blocks: SharedWording, count: int) -> None:
    families = {family.name: family for family in flows.machine.inspect(services()).families}
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    title = left.text_input(say("home.new_title"), proposal.title, key=f"bring-title-{count}", max_chars=200)
    usual = proposal.family if proposal.family in families else next(iter(families))
    family = right.segmented_control(
        say("home.new_family"),
        list(families),
        format_func=family_title,
        default=usual,
        key=f"bring-family-{count}",
        required=True,
    )
    chosen = families.get(family or usual)
    ready = next((each.name for each in families.values() if each.ready), None)
    stand_in = None
    if chosen is not None and not chosen.ready and ready is not None:
        label = say("bring.stand_in", family=family_title(chosen.name), stand_in=family_title(ready))
        stand_in = ready if st.checkbox(plain(label), True, key=f"bring-stand-in-{count}") else None
    if st.button(say("bring.make", n=len(proposal.story.scenes)), key="bring-make", type="primary"):
        slug = flows.story_import.create(
            services(), proposal, title=title or say("home.untitled"), family=family, stand_in=stand_in, blocks=blocks
        )
        st.session_state[_COUNT] = count + 1
        st.session_state.pop(_SEEN, None)
        frame.go("story", story=slug)
