import pytest

from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.flows.dataset_view import cards
from tests.story_engine.store.test_datasets import filled


@pytest.fixture
def services(tmp_path):
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


@pytest.mark.parametrize("harm", ["cut", "null", "link", "folder", "deep"])
def test_a_damaged_dataset_is_a_card_with_its_reason_and_the_others_open(services, harm):
    store = services.datasets
    good, bad = filled(store, "a"), filled(store, "b")
    index = store.folder(bad) / "dataset.json"
    content = index.read_text()
    index.unlink()
    if harm == "cut":
        index.write_text(content[:-5])
    elif harm == "null":
        index.write_text(content.replace('"max_ratio":3.0', '"max_ratio":null'))
    elif harm == "link":
        index.symlink_to("/nowhere")
    elif harm == "folder":
        index.mkdir()
    else:
        index.write_text("[" * 100_000)

    found = {card.name: card for card in cards(services)}

    assert found[good].damage is None and found[good].pictures == 1
    assert found[bad].damage is not None and "dataset.json" in found[bad].damage.text("en")
    token = store.delete(bad)
    assert store.names() == (good,)
    assert store.restore(token) == bad
