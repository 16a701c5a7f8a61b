"""What a page asks for by itself is done while it is the page that is shown, and not after it was left."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from pages.parts.shared import left_pages
from story_engine.config import PROJECT_FOLDER

STORY, SETTINGS = "story", "settings"


@pytest.fixture
def on_settings(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A session, and its runner, that have drawn Settings; `answered` is what reaches Streamlit."""
    answered: list[object] = []
    monkeypatch.setattr(AppSession, "request_rerun", lambda session, state: answered.append(state))
    monkeypatch.setattr(ScriptRunner, "_run_script", lambda runner, data: answered.append(data))
    left_pages.ensure()
    pages = PagesManager(str(PROJECT_FOLDER / "Home.py"))
    pages.set_current_page_script_hash(SETTINGS)
    return SimpleNamespace(_pages_manager=pages, answered=answered)


@pytest.mark.parametrize("page", [STORY, SETTINGS])
def test_a_part_is_drawn_again_for_the_page_that_is_shown_only(on_settings: SimpleNamespace, page: str):
    arrives = ClientState(page_script_hash=page, fragment_id="queue", is_auto_rerun=True)
    has_waited = RerunData(page_script_hash=page, fragment_id_queue=["queue"])

    AppSession.request_rerun(on_settings, arrives)
    ScriptRunner._run_script(on_settings, has_waited)

    assert on_settings.answered == ([arrives, has_waited] if page == SETTINGS else [])


def test_whole_pages_are_drawn_whoever_asks(on_settings: SimpleNamespace):
    whole = ClientState(page_script_hash=STORY)
    to_another_page = RerunData(page_script_hash=STORY)

    AppSession.request_rerun(on_settings, whole)
    AppSession.request_rerun(on_settings, None)
    ScriptRunner._run_script(on_settings, to_another_page)

    assert on_settings.answered == [whole, None, to_another_page]
