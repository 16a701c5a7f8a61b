import time

from story_engine.errors import FixInput
from story_engine.jobs.queue import starts
from story_engine.jobs.queue.starts import (
    START_LOG,
    must_wait,
    start_begins,
    start_failed,
    start_succeeded,
    start_trouble,
)


def later(monkeypatch, seconds):
    now = time.time()
    monkeypatch.setattr(starts.time, "time", lambda: now + seconds)


def test_one_start_in_vain_is_not_told_and_tried_again_at_once(layout, monkeypatch):
    start_begins(layout)
    later(monkeypatch, 10)

    assert start_trouble(layout) is None and not must_wait(layout)


def test_after_two_the_last_line_of_the_log_says_why(layout, monkeypatch):
    layout.logs.mkdir(parents=True)
    (layout.logs / START_LOG).write_text("Traceback …\nModuleNotFoundError: No module named 'x'\n\n", encoding="utf-8")
    start_begins(layout)
    start_begins(layout)
    assert start_trouble(layout) is None, "the second may still come up"

    later(monkeypatch, 3.5)

    trouble = start_trouble(layout)
    assert (trouble.count, trouble.reason) == (2, "ModuleNotFoundError: No module named 'x'")
    assert trouble.log.endswith(START_LOG)


def test_what_the_dispatcher_itself_says_goes_before_the_log(layout, monkeypatch):
    start_begins(layout)
    start_begins(layout)
    start_failed(layout, "the list of jobs is damaged")
    later(monkeypatch, 3.5)

    assert start_trouble(layout).reason == "the list of jobs is damaged"


def test_an_error_of_ours_is_told_in_the_reader_s_language(layout, monkeypatch):
    start_begins(layout)
    start_begins(layout)
    start_failed(layout, FixInput("cluster.certificate_missing", name="STORY_STUDIO_TLS_CA", path="/none.pem"))
    later(monkeypatch, 3.5)

    trouble = start_trouble(layout)

    assert "STORY_STUDIO_TLS_CA 指向 /none.pem" in trouble.text("zh") and "names /none.pem" in trouble.text("en")


def test_the_pauses_grow_to_a_minute(layout, monkeypatch):
    pauses = []
    for _ in range(9):
        start_begins(layout)
        now = time.time()
        pause = 0
        while must_wait(layout):
            pause += 1
            monkeypatch.setattr(starts.time, "time", lambda at=now + pause: at)
        pauses.append(pause)
        monkeypatch.undo()

    assert pauses[0] == 0 and pauses[1] == 4 and pauses[-1] == 60 and pauses == sorted(pauses)


def test_a_clock_that_is_set_back_keeps_nobody_waiting(layout, monkeypatch):
    for _ in range(5):
        start_begins(layout)
    later(monkeypatch, -3600)

    assert not must_wait(layout)


def test_a_dispatcher_that_serves_takes_the_count_back(layout, monkeypatch):
    start_begins(layout)
    start_begins(layout)
    start_succeeded(layout)
    later(monkeypatch, 10)

    assert start_trouble(layout) is None and not must_wait(layout)


def test_a_damaged_count_is_none(layout, monkeypatch):
    start_begins(layout)
    for content in (b"", b"{", b"[]", b'{"count": "x"}', b"\xff"):
        (layout.workspace / "dispatcher-starts.json").write_bytes(content)

        assert start_trouble(layout) is None and not must_wait(layout)
