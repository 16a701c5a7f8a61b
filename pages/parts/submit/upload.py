"""Upload: the bundle's files into a repository of ModelScope, with a token that is written nowhere."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.shared import live, notices
from pages.parts.shared.services import ask, services
from pages.parts.shared.wording import plain, say, size
from story_engine import flows
from story_engine.domain.job import JobView
from story_engine.flows.bundle_plan import BundlePlan


def draw(plan: BundlePlan) -> None:
    """Repository, token, what would go, and what became of the last upload."""
    slug = plan.opened.slug
    path = flows.replay.bundle_of(services(), plan)
    last = _last(slug)
    with st.expander(say("submit.upload"), icon=":material/cloud_upload:", key="upload"):
        st.caption(say("submit.upload_text"))
        if path is None:
            st.caption(say("submit.replay_no_bundle"))
            return
        repository = st.text_input(
            say("submit.upload_repository"),
            key=f"upload-repository-{slug}",
            placeholder=f"OWNER/{plan.name}",
            help=say("submit.upload_repository_hint"),
        )
        if flows.upload.known_token(services()):
            st.caption(f":material/key: {say('submit.upload_token_environment')}")
        else:
            st.text_input(
                say("submit.upload_token"),
                key="upload-token",
                type="password",
                autocomplete="off",
                help=say("submit.upload_token_hint"),
            )
        private = st.checkbox(say("submit.upload_private"), key=f"upload-private-{slug}")
        with st.container(horizontal=True):
            st.button(
                say("submit.upload_start"),
                key="upload-start",
                icon=":material/cloud_upload:",
                disabled=not repository.strip() or (last is not None and last.is_active),
                on_click=notices.attempt,
                args=(_start, path, repository.strip(), private, slug),
            )
            shown = st.toggle(say("submit.upload_dry"), key=f"upload-dry-{slug}")
        if shown:
            with notices.shown_here():
                _draw_files(path)
        _draw_last(last)


def _draw_files(path: Path) -> None:
    files = flows.upload.what_would_go(path)
    total = size(sum(file.size_bytes for file in files))
    st.caption(say("submit.upload_total", count=len(files), size=total))
    st.code("\n".join(f"{file.name}  ({size(file.size_bytes)})" for file in files), language=None, wrap_lines=True)


def _draw_last(last: JobView | None) -> None:
    if last is None:
        return
    done = flows.upload.result_of(last)
    if done is not None:
        st.markdown(
            f":green[:material/check_circle:] {say('submit.upload_done', count=done.files, url=plain(done.url))}"
        )
    elif last.state == "failed":
        st.markdown(f":red[:material/error:] {plain(live.failure(last) or '')}")


def _last(slug: str) -> JobView | None:
    jobs = [job for job in flows.queue.jobs(services(), story=slug, active=False) if job.kind == "upload"]
    return jobs[-1] if jobs else None


def _start(path: Path, repository: str, private: bool, slug: str) -> None:
    """The field is emptied first: the token is then in memory for the upload alone."""
    token = str(st.session_state.pop("upload-token", ""))
    ask(flows.upload.start)(path, repository, token=token, private=private, story=slug)
