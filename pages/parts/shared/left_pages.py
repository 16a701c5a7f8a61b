"""A page that was left asks for nothing any more.

Parts of a page that look every second (`shared.live`, the queue) are asked for by the browser, with the page that it
shows. Where the network or the machine is slow, it shows the old page for a while after the server has drawn the next
one; Streamlit answers all the same, as the old page: the browser takes that for a change of page, clears what it has
just drawn, finds no place for the answer, and shows nothing but white until it is loaded anew. Such a request is
dropped, as Streamlit itself drops one whose part is no more; the new page asks for its own.
"""

from __future__ import annotations

import functools

from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

_LEFT = "left_pages_are_silent"


def ensure() -> None:
    """For all sessions of this process; once is enough, and more often changes nothing."""
    if hasattr(AppSession.request_rerun, _LEFT):
        return
    request, run = AppSession.request_rerun, ScriptRunner._run_script

    @functools.wraps(request)
    def request_of_this_page(session: AppSession, client_state: ClientState | None) -> None:
        is_part = client_state is not None and bool(client_state.fragment_id)
        if client_state is None or not is_part or _is_shown(session._pages_manager, client_state.page_script_hash):
            request(session, client_state)

    @functools.wraps(run)
    def run_of_this_page(runner: ScriptRunner, rerun_data: RerunData) -> None:
        # Asked for in time, but its turn came behind the run that led to another page.
        if not rerun_data.fragment_id_queue or _is_shown(runner._pages_manager, rerun_data.page_script_hash):
            run(runner, rerun_data)

    setattr(request_of_this_page, _LEFT, True)
    AppSession.request_rerun = request_of_this_page  # type: ignore[method-assign]
    ScriptRunner._run_script = run_of_this_page  # type: ignore[method-assign]


def _is_shown(pages: PagesManager, page_script_hash: str) -> bool:
    """Whether it is the page that the session's last run drew, or is drawing."""
    return pages.current_page_script_hash == page_script_hash
