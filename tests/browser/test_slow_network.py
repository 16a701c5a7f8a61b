"""What the app says reaches the browser late, as over a phone's network or from a machine that paints beside it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import WebSocketRoute
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from story_engine import flows
from tests.browser.conftest import App, Visitor, wait_for

STORY = "orange-cat-en"


class Network:
    """Between the app and one browser window; while it is `stuck`, what the app sends waits."""

    def __init__(self) -> None:
        self.stuck = False
        self.looks = 0
        """How often the browser has asked by itself how far the work is."""
        self._waiting: list[bytes] = []
        self._browser: WebSocketRoute | None = None

    def carry(self, browser: WebSocketRoute) -> None:
        self._browser = browser
        app = browser.connect_to_server()
        app.on_message(self._arrive)
        browser.on_message(lambda sent: self._leave(app, sent))

    def _leave(self, app: WebSocketRoute, sent: str | bytes) -> None:
        assert isinstance(sent, bytes)
        self.looks += BackMsg.FromString(sent).rerun_script.is_auto_rerun
        app.send(sent)

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


def meanwhile(person: Visitor, reached: Callable[[], bool], *, what: str) -> None:
    """Until `reached()`, with the browser and its network at work."""
    wait_for(lambda: person.page.wait_for_timeout(50) or reached(), what=what)


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
        meanwhile(person, lambda seen=seen: network.runs_waiting() == seen, what=key)
    network.deliver()

    person.page.get_by_role("heading", name="The Orange Kitten's Journey", level=1).wait_for()
    assert not person.page.get_by_role("dialog").count()


def test_a_page_that_was_left_while_pictures_are_painted_does_not_come_back_when_its_last_looks_arrive(
    app: App, visit: Callable[..., Visitor]
):
    """They were asked for while the other page was already drawn: Streamlit answered them, and the page went white."""
    person, network = visit(), Network()
    person.page.route_web_socket("**/_stcore/stream", network.carry)
    flows.queue.render(app.services, STORY, takes=8, overrides={"family": "preview"})
    person.open(f"Story?story={STORY}")
    person.at("live-bar").get_by_role("progressbar").wait_for()

    network.stuck = True
    person.at("nav-settings").get_by_role("button").click()
    meanwhile(person, lambda: network.runs_waiting() > 0, what="Settings is drawn")
    looks = network.looks
    meanwhile(person, lambda: network.looks >= looks + 4, what="the browser looks at what is painted")
    network.deliver()

    person.page.get_by_role("heading", name="Settings", level=1).wait_for()
    looks = network.looks
    meanwhile(person, lambda: network.looks >= looks + 2, what="it looks on, from the new page")
    assert person.at("nav-settings").get_by_role("button").is_disabled()
    assert person.at("nav-story").get_by_role("button").is_enabled()
    for job in flows.queue.jobs(app.services):
        app.services.ledger.request_cancel(job.id)
