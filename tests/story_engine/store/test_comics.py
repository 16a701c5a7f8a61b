import pytest

from story_engine.domain.comic import ComicOptions
from story_engine.errors import FixInput
from story_engine.store.comics import ComicStore
from story_engine.store.layout import Layout


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "workspace", tmp_path / "stories")


def test_what_was_chosen_is_there_again(layout):
    chosen = ComicOptions(layout="column", paper="b5", vertical=True, per_page=3, sheet="strip")

    ComicStore(layout).keep("猫", chosen)

    assert ComicStore(layout).load("猫") == chosen
    assert ComicStore(layout).load("other") == ComicOptions()


def test_a_damaged_choice_is_the_default_and_can_be_chosen_again(layout):
    store = ComicStore(layout)
    for damage in (b"{", b'{"layout": "spiral"}', b"\xff\xfe", b'{"per_page": 1e99}', b"[" * 100_000):
        layout.comics("cat").parent.mkdir(parents=True, exist_ok=True)
        layout.comics("cat").write_bytes(damage)
        assert store.load("cat") == ComicOptions()
    store.keep("cat", ComicOptions(paper="b5"))
    assert store.load("cat").paper == "b5"


def test_a_name_that_leads_elsewhere_is_refused(layout):
    with pytest.raises(FixInput):
        ComicStore(layout).load("../cat")
