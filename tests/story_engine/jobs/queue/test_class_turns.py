"""What a member of a class is told of the jobs of others: how many, never which."""

from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.job import OthersBefore, Progress
from story_engine.domain.job_result import RenderResult
from story_engine.domain.job_spec import RenderSpec
from story_engine.jobs.queue import class_ledger, class_turns
from story_engine.jobs.queue.bell import ring
from story_engine.jobs.queue.class_ledger import ClassLedger
from story_engine.jobs.queue.class_turns import Standing, others_before
from story_engine.jobs.queue.presence import announce, withdraw
from story_engine.store.layout import Layout
from story_engine.store.members import enrol


def test_who_waits_is_told_what_runs_and_who_is_served_before_in_the_order_of_turns():
    lists = [
        Standing("busy", turn=9, waiting=3, running=[("render", None)]),
        Standing("late", turn=5, waiting=2),
        Standing("early", turn=1, waiting=1),
        Standing("idle", turn=0, waiting=0),
    ]

    assert others_before(lists) == {
        "early": OthersBefore(running=1, waiting=0),
        "late": OthersBefore(running=1, waiting=1),
        "busy": OthersBefore(running=0, waiting=2),
    }


def test_a_training_is_said_with_its_own_estimate_to_the_minute():
    def told(progress):
        lists = [Standing("a", 1, 0, [("train", progress)]), Standing("b", 0, 1)]
        return others_before(lists)["b"]

    assert told(Progress(stage="training", eta_seconds=1234.5)).training_seconds == 21 * 60
    assert told(Progress(stage="training", eta_seconds=3.0)).training_seconds == 60
    assert told(Progress(stage="encoding")) == OthersBefore(running=1, waiting=0, trainings=1)
    assert told(None).trainings == 1


def test_a_page_reads_its_own_place_alone_and_nothing_where_nobody_serves(tmp_path, monkeypatch):
    monkeypatch.setattr(class_turns, "_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(class_ledger, "_LOOK_SECONDS", 0.0)
    (tmp_path / "stories").mkdir()
    config = Config(workspace=tmp_path / "class", stories=tmp_path / "stories", user_header="x-user")
    alice, bob = (open_services(enrol(config, name)) for name in ("alice", "bob"))
    ledger = ClassLedger(Layout.of(config))
    try:
        for who in (alice, bob):
            spec = RenderSpec(story="a", items=(), score=False)
            who.ledger.submit(spec, key="k", priority=0, user=who.user, story="a", scenes=())
            ring(Layout.of(config), who.layout.workspace)
        claim = ledger.claim()
        waits = bob if str(alice.layout.workspace) == claim.workspace else alice
        runs = alice if waits is bob else bob
        ledger.tidy()
        assert waits.others_before() is None, "no dispatcher serves: what lies there is of yesterday"
        announce(Layout.of(config), "running")
        assert waits.others_before() == OthersBefore(running=1, waiting=0)
        assert runs.others_before() is None
        assert open_services(config).others_before() is None
        ledger.done(claim.job, claim.attempt, RenderResult(takes=(), found=0, seconds=1.0))
        ledger.tidy()
        assert waits.others_before() == OthersBefore(running=0, waiting=0)
    finally:
        withdraw(Layout.of(config))
        ledger.close()
