"""What one person of a class may have, and that it is their own affair alone."""

from dataclasses import replace

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, Config
from story_engine.errors import Wait
from story_engine.flows import members
from story_engine.store.members import enrol

STORY = "orange-cat-en"


@pytest.fixture
def config(tmp_path):
    return Config(
        workspace=tmp_path / "class",
        stories=PROJECT_FOLDER / "stories",
        user_header="x-user",
        user_disk_gb=1,
        user_jobs=3,
    )


@pytest.fixture
def people(config):
    return [
        replace(open_services(enrol(config, name)), start_dispatcher=lambda: None) for name in ("alice", "bob", "carol")
    ]


def test_whoever_has_as_many_jobs_waiting_as_they_may_is_told_so_and_others_go_on(people):
    alice, bob, _ = people
    jobs = [flows.queue.redo(alice, STORY, f"s{number}").job for number in (1, 2, 3)]

    with pytest.raises(Wait) as refused:
        flows.queue.redo(alice, STORY, "s4")

    assert (refused.value.code, refused.value.values) == ("members.too_many_jobs", {"waiting": 3, "limit": 3})
    assert len(alice.ledger.jobs()) == 3
    assert flows.queue.redo(bob, STORY, "s4").job is not None
    alice.ledger.request_cancel(jobs[0])
    assert flows.queue.redo(alice, STORY, "s4").job is not None
    with pytest.raises(Wait):
        flows.queue.retry(alice, jobs[0])


def test_what_is_asked_for_again_while_it_waits_is_no_further_job(people):
    alice, *_ = people
    first = [flows.queue.render(alice, STORY, scenes=[f"s{number}"]).job for number in (1, 2, 3)]

    again = [flows.queue.render(alice, STORY, scenes=[f"s{number}"]).job for number in (1, 2, 3)]

    assert again == first


def test_a_share_of_the_disk_that_is_used_up_begins_nothing_more_and_is_one_person_s_affair(people, monkeypatch):
    alice, bob, _ = people
    homes = {alice.layout.workspace.parent: 10**9 + 1, bob.layout.workspace.parent: 10}
    monkeypatch.setattr(members, "size_of", homes.__getitem__)
    members._used.cache_clear()
    asked = [
        lambda who: flows.queue.redo(who, STORY, "s1"),
        lambda who: flows.dataset_import.bring_files(who, "mine", [("a.png", b"1" * 100)]),
        lambda who: flows.dataset_import.bring_sample(who, "mine", "ink", language="en"),
        lambda who: flows.loras.add_file(who, "a.safetensors", b"1" * 100),
        lambda who: flows.export.begin(who, STORY),
    ]

    refused = []
    for ask in asked:
        with pytest.raises(Wait) as error:
            ask(alice)
        refused.append((error.value.code, error.value.values))

    assert refused == [("members.disk_share", {"used": "1.0", "limit": 1})] * len(asked)
    assert flows.queue.redo(bob, STORY, "s1").job is not None
    members._used.cache_clear()


def test_settings_are_told_what_one_has_of_what_one_may_have(config, people):
    alice, *_ = people
    members._used.cache_clear()
    flows.queue.redo(alice, STORY, "s1")

    share = flows.members.share(alice)

    assert (share.most_bytes, share.waiting, share.most_waiting) == (10**9, 1, 3)
    assert 0 < share.used_bytes < 10**8
    assert flows.members.share(open_services(config)) is None


def test_models_of_the_class_are_no_part_of_what_one_person_keeps(config, people):
    alice, *_ = people
    big = config.workspace / "models" / "big.safetensors"
    big.parent.mkdir(parents=True)
    big.write_bytes(b"0" * 3_000_000)

    members._used.cache_clear()
    use = alice.layout
    assert use.models == config.workspace / "models"
    assert flows.members.share(alice).used_bytes < 3_000_000
