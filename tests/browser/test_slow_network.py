"""What the app says reaches the browser late, as over a phone's network or from a machine that paints beside it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import WebSocketRoute
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.conftest import App, Visitor, wait_for

STORY = "orange-cat-en"


class Network:
    """Between the app and one browser window; while it is `stuck`, what the app sends waits."""

    def __init__(self) -> None:
        self.stuck = False
        self._waiting: list[bytes] = []
        self._browser: WebSocketRoute | None = None

    def carry(self, browser: WebSocketRoute) -> None:
        self._browser = browser
        browser.connect_to_server().on_message(self._arrive)

    def _arrive(self, sent: str | bytes) -> None:
        assert isinstance(sent, bytes)
        self._waiting.append(sent)
        if not self.stuck:
            self.deliver()

    def deliver(self) -> None:
        self.stuck = False
        while self._waiting:
            self._browser.send(self._waiting.pop(0))

    def runs_waiting(self) -> int:
        """How many runs of a page have come to their end meanwhile."""
        done = ForwardMsg.FINISHED_SUCCESSFULLY
        messages = [ForwardMsg.FromString(each) for each in self._waiting]
        return sum(each.WhichOneof("type") == "script_finished" and each.script_finished == done for each in messages)


def test_whoever_is_quicker_than_the_network_still_gets_to_the_page(app: App, visit: Callable[..., Visitor]):
    """Streamlit names what a page has in common with an earlier one, and browsers forget what is three pages ago."""
    person, network = visit(), Network()
    person.page.route_web_socket("**/_stcore/stream", network.carry)
    person.open(f"Story?story={STORY}")
    person.press("nav-gallery")
    person.page.get_by_role("heading", name="Gallery", level=1).wait_for()
    person.settle()

    network.stuck = True
    for seen, key in ((1, "nav-settings"), (2, "nav-story")):
        person.at(key).get_by_role("button").click()
        wait_for(lambda seen=seen: person.page.wait_for_timeout(50) or network.runs_waiting() == seen, what=key)
    network.deliver()

    person.page.get_by_role("heading", name="The Orange Kitten's Journey", level=1).wait_for()
    assert not person.page.get_by_role("dialog").count()
