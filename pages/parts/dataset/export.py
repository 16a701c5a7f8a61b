"""What leaves a dataset, and data-juicer's settings on their way in."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.shared import notices, zip_download
from pages.parts.shared.services import services
from pages.parts.shared.wording import say
from story_engine import flows
from story_engine.flows.dataset_view import DatasetView


def draw(view: DatasetView) -> None:
    """The trainer's table, data-juicer's files, the zip."""
    name = view.name
    left, right = st.columns(2, gap="large")
    with left, st.container(key="card-dataset-export", gap="small"):
        st.header(say("dataset_export"), anchor=False)
        st.caption(say("dataset_export_text", n=len(view.kept)))
        _draw_zip(name, bool(view.kept))
        _file(
            "metadata.csv", "text/csv", flows.dataset_export.metadata_csv_of(services(), name), "dataset-metadata-csv"
        )
    with right, st.container(key="card-dataset-juicer", gap="small"):
        st.header(say("dataset_juicer"), anchor=False)
        st.caption(say("dataset_juicer_text"))
        _file(
            "metadata.jsonl",
            "application/jsonl",
            flows.dataset_export.metadata_jsonl_of(services(), name),
            "dataset-metadata-jsonl",
        )
        config = flows.dataset_export.config_of(services(), name).encode()
        _file("data_juicer_config.yaml", "application/yaml", config, "dataset-config")
        key = f"dataset-config-in-{st.session_state.get('dataset-configs', 0)}"
        given = st.file_uploader(say("dataset_config_in"), type=["yaml", "yml"], key=key, max_upload_size=1)
        st.button(
            say("dataset_config_use"),
            key="dataset-config-use",
            disabled=given is None,
            on_click=notices.attempt,
            args=(_use_config, name, key),
        )


def _draw_zip(name: str, is_possible: bool) -> None:
    ready = f"dataset-zip-{name}"
    if st.button(
        say("dataset_zip"), key="dataset-zip", type="primary", icon=":material/inventory_2:", disabled=not is_possible
    ):
        notices.attempt(_export, name, ready)
    path: Path | None = st.session_state.get(ready)
    if path is not None and path.is_file():
        zip_download.draw(path, key="dataset-zip-download")


def _file(name: str, kind: str, content: bytes, key: str) -> None:
    st.download_button(
        name, data=content, file_name=name, mime=kind, key=key, icon=":material/download:", on_click="ignore"
    )


def _export(name: str, ready: str) -> None:
    st.session_state[ready] = flows.dataset_export.export(services(), name)


def _use_config(name: str, key: str) -> None:
    flows.dataset_export.read_config(services(), name, st.session_state[key].getvalue())
    st.session_state["dataset-configs"] = st.session_state.get("dataset-configs", 0) + 1
    notices.tell("dataset_config_used")
