"""Ways for pictures to come in: uploads, a folder, a sample set, a ModelScope dataset."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared import notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import language, say
from story_engine import flows
from story_engine.domain.picture_import import SAMPLE_PICTURES, SAMPLE_STYLES
from story_engine.flows.dataset_view import DatasetView


def draw(view: DatasetView) -> None:
    """Four cards."""
    name = view.name
    grid = st.grid(2, min_column_width=360, gap="medium")
    for part in (_draw_upload, _draw_folder, _draw_samples, _draw_modelscope):
        if part is _draw_folder and services().is_member:
            continue  # the machine's folders are not those of whoever visits it
        with grid.cell():
            part(name)


def _draw_upload(name: str) -> None:
    with st.container(key="card-dataset-upload", gap="small"):
        st.header(say("dataset_upload"), anchor=False)
        # A new key after each import empties the uploader: what has been taken in is not offered twice.
        key = f"dataset-files-{name}-{st.session_state.get('dataset-uploads', 0)}"
        files = st.file_uploader(
            say("dataset_upload_label"),
            accept_multiple_files=True,
            key=key,
            help=say("dataset_upload_hint"),
        )
        st.caption(say("dataset_upload_text"))
        st.caption(say("dataset_upload_limit", n=st.get_option("server.maxUploadSize")))
        st.button(
            say("dataset_bring_in"),
            key="dataset-bring-files",
            type="primary",
            disabled=not files,
            on_click=notices.attempt,
            args=(_bring_files, name, key),
        )


def _draw_folder(name: str) -> None:
    with st.container(key="card-dataset-folder", gap="small"):
        st.header(say("dataset_folder"), anchor=False)
        key = f"dataset-folder-{name}"
        st.text_input(say("dataset_folder_label"), key=key, placeholder="/home/me/pictures")
        st.caption(say("dataset_folder_text"))
        st.button(
            say("dataset_bring_in"),
            key="dataset-bring-folder",
            on_click=lambda: notices.attempt(ask(flows.dataset_import.bring_folder), name, st.session_state[key]),
        )


def _draw_samples(name: str) -> None:
    with st.container(key="card-dataset-samples", gap="small"):
        st.header(say("dataset_samples"), anchor=False)
        st.caption(say("dataset_samples_text", n=SAMPLE_PICTURES))
        with st.container(horizontal=True):
            for style in SAMPLE_STYLES:
                st.button(
                    say(f"dataset_style_{style}"),
                    key=f"dataset-sample-{style}",
                    icon=":material/palette:",
                    on_click=notices.attempt,
                    args=(ask(flows.dataset_import.bring_sample), name, style),
                    kwargs={"language": language()},
                )


def _draw_modelscope(name: str) -> None:
    with st.container(key="card-dataset-modelscope", gap="small"):
        st.header(say("dataset_modelscope"), anchor=False)
        key = f"dataset-hub-{name}"
        st.text_input(say("dataset_modelscope_label"), key=f"{key}-name", placeholder="AI-ModelScope/lowres_anime")
        left, right = st.columns(2)
        left.text_input(say("dataset_modelscope_subset"), key=f"{key}-subset", placeholder="default")
        right.text_input(say("dataset_modelscope_split"), key=f"{key}-split", placeholder="train")
        st.caption(say("dataset_modelscope_text"))
        st.button(
            say("dataset_bring_in"),
            key="dataset-bring-modelscope",
            on_click=lambda: notices.attempt(_bring_modelscope, name, key),
        )


def _bring_files(name: str, key: str) -> None:
    uploads = st.session_state[key] or []
    flows.dataset_import.bring_files(services(), name, [(upload.name, upload.getvalue()) for upload in uploads])
    st.session_state["dataset-uploads"] = st.session_state.get("dataset-uploads", 0) + 1


def _bring_modelscope(name: str, key: str) -> None:
    state = st.session_state
    flows.dataset_import.bring_modelscope(
        services(), name, state[f"{key}-name"], subset=state[f"{key}-subset"], split=state[f"{key}-split"]
    )
