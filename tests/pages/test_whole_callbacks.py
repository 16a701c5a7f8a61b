"""What is begun with a click or a text is carried out to its end, whatever the person does meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState
from streamlit.testing.v1 import AppTest

from pages.parts.shared import whole_callbacks
from story_engine.domain.edit import Edit
from story_engine.domain.story import Character
from story_engine.store.stories import StoryStore
from tests.pages.conftest import Studio

STORY = "singer"
MIMI = Character(id="mimi", name="Mimi", description="a girl", outfits={"Outfit 1": ""})
NAME, WORDS = (f"cast:{STORY}:mimi:outfit:Outfit 1:{part}" for part in ("name", "words"))


@pytest.fixture
def cast(studio: Studio) -> AppTest:
    studio.services.stories.edit(STORY, [Edit(scene=None, field="characters", part=("mimi",), value=MIMI, seen=None)])
    app = studio.page("story", story=STORY)
    app.segmented_control(key=f"drawer-{STORY}").set_value("cast").run()
    return app


@pytest.fixture
def next_event_comes(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """While the next edit is made, the server asks this run to stop, as it does for the person's next event."""
    edit = StoryStore.edit

    def stopping(*args: object, **values: object) -> object:
        monkeypatch.setattr(StoryStore, "edit", edit)
        ctx = get_script_run_ctx()
        assert ctx is not None and ctx.script_requests is not None
        ctx.script_requests.request_stop()
        return edit(*args, **values)  # type: ignore[arg-type]

    return lambda: monkeypatch.setattr(StoryStore, "edit", stopping)


def test_words_that_are_typed_while_an_outfits_new_name_is_saved_have_the_field_that_they_were_typed_into(
    studio: Studio, cast: AppTest, next_event_comes: Callable[[], None]
):
    next_event_comes()
    cast.text_input(key=NAME).set_value("rain").run()
    # A browser still shows the drawer; here it went with the run that stopped.
    cast.run().segmented_control(key=f"drawer-{STORY}").set_value("cast").run()
    assert cast.text_input(key=NAME).value == "rain"
    cast.text_input(key=WORDS).set_value("in a yellow coat").run()
    (mimi,) = (each for each in studio.services.stories.load(STORY).characters if each.id == "mimi")
    assert mimi.outfits == {"rain": "in a yellow coat"}


def test_what_a_click_has_to_say_is_said_though_the_next_event_came_into_it(
    studio: Studio, cast: AppTest, next_event_comes: Callable[[], None]
):
    next_event_comes()
    cast.button(key="cast-remove-mimi").click().run()
    cast.run()
    assert [each.id for each in studio.services.stories.load(STORY).characters if each.id == "mimi"] == []
    assert any(button.key and button.key.startswith("undo-") for button in cast.button)


def test_the_callbacks_of_one_session_wait_for_each_other_and_not_for_those_of_another(monkeypatch: pytest.MonkeyPatch):
    begun, go_on, order = threading.Event(), threading.Event(), []

    def carry_out(state: SafeSessionState, name: str) -> None:
        order.append(f"{name} begins")
        if name == "first":
            begun.set()
            go_on.wait(20)
        order.append(f"{name} ends")

    monkeypatch.setattr(SafeSessionState, "on_script_will_rerun", carry_out)
    whole_callbacks.ensure()
    mine, another = SessionState(), SessionState()
    runs = {name: SafeSessionState(mine, lambda: None) for name in ("first", "next")}
    threads = [threading.Thread(target=runs[name].on_script_will_rerun, args=(name,)) for name in runs]
    threads[0].start()
    assert begun.wait(20)
    threads[1].start()
    SafeSessionState(another, lambda: None).on_script_will_rerun("other")
    threads[1].join(0.3)
    go_on.set()
    for thread in threads:
        thread.join(20)

    assert order == ["first begins", "other begins", "other ends", "first ends", "next begins", "next ends"]
