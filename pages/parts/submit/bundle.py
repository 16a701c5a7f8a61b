"""The bundle: made, downloaded, and what is in it."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import streamlit as st

from pages.parts.shared import notices, zip_download
from pages.parts.shared.services import services
from pages.parts.shared.wording import say, size
from pages.parts.story import head
from story_engine import flows
from story_engine.domain.views import CheckItem


def draw(slug: str, items: tuple[CheckItem, ...]) -> None:
    """The button, and what it has written."""
    blocked = any(item.state == "blocks" for item in items)
    ready = f"bundle-{slug}"
    with st.container(key="card-export", gap="small"):
        st.subheader(say("submit.bundle"), anchor=False)
        st.caption(say("submit.bundle_text"))
        st.button(
            say("submit.export"),
            key="export",
            type="primary",
            icon=":material/inventory_2:",
            disabled=blocked,
            on_click=notices.attempt,
            args=(_export, slug, ready),
        )
        if blocked:
            st.caption(say("submit.blocked"))
        path: Path | None = st.session_state.get(ready)
        if path is not None and path.is_file():
            zip_download.draw(path, key="download-bundle")
            _draw_files(path)


def _draw_files(path: Path) -> None:
    with ZipFile(path) as bundle:
        listed = "\n".join(f"{entry.filename}  ({size(entry.file_size)})" for entry in bundle.infolist())
    with st.expander(say("submit.files"), type="compact"):
        st.code(listed, language=None, wrap_lines=True)


def _export(slug: str, ready: str) -> None:
    st.session_state[ready] = flows.export.export(services(), slug, threshold=head.threshold())
