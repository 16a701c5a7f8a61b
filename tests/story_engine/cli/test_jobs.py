import json

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.catalog.published import downloads
from story_engine.cli.main import DONE, PUT_RIGHT, run
from story_engine.config import read_config
from story_engine.jobs.queue.starts import start_begins, start_failed
from story_engine.store.layout import Layout
from tests.local_hub import accept_kolors


@pytest.fixture
def services(tmp_path, monkeypatch):
    monkeypatch.setenv("STORY_STUDIO_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("STORY_STUDIO_STORIES", str(tmp_path / "stories"))
    monkeypatch.setattr("story_engine.bootstrap.start_dispatcher", lambda config: None)
    services = open_services(read_config())
    accept_kolors(services.layout)
    return services


def cancelled(services, count):
    for _ in range(count):
        services.ledger.request_cancel(flows.models.download(services, "kolors"))


def test_jobs_are_listed_with_what_the_list_takes_up(services, capsys):
    job = flows.models.download(services, "kolors")

    assert run(["jobs", "list", "--json"]) == DONE

    report = json.loads(capsys.readouterr().out)
    assert [(each["id"], each["kind"], each["state"], each["result"]) for each in report["jobs"]] == [
        (job, "download", "queued", {})
    ]
    assert report["size_bytes"] > 4096


def test_a_list_of_jobs_that_nobody_does_says_why(services, capsys):
    flows.models.download(services, "kolors")
    layout = Layout.of(services.config)
    for _ in range(2):
        start_begins(layout)
    start_failed(layout, "the disk is read-only")
    starts = layout.workspace / "dispatcher-starts.json"
    starts.write_text(json.dumps(json.loads(starts.read_text()) | {"at": 5.0}))  # long ago

    assert run(["jobs", "list"]) == DONE

    assert "the disk is read-only" in capsys.readouterr().err


def test_finished_jobs_are_forgotten_on_request_as_far_as_is_asked(services, capsys):
    cancelled(services, 55)

    assert run(["jobs", "prune", "--json"]) == DONE
    assert json.loads(capsys.readouterr().out)["forgotten"] == 0
    assert run(["jobs", "prune", "--keep", "0"]) == DONE
    assert "5 forgotten, 50 kept" in capsys.readouterr().out


def test_the_environment_says_how_many_finished_jobs_stay(services, capsys, monkeypatch):
    cancelled(services, 55)
    monkeypatch.setenv("STORY_STUDIO_JOBS_KEPT", "52")

    assert run(["jobs", "prune", "--json"]) == DONE

    assert json.loads(capsys.readouterr().out)["forgotten"] == 3


@pytest.mark.parametrize("value", ["many", "-1", "9" * 40, "٣"])
def test_a_number_that_is_none_is_refused_by_its_name(services, capsys, monkeypatch, value):
    monkeypatch.setenv("STORY_STUDIO_JOB_DAYS_KEPT", value)

    assert run(["jobs", "prune"]) == PUT_RIGHT

    assert "STORY_STUDIO_JOB_DAYS_KEPT" in capsys.readouterr().err


def test_numbers_beyond_all_dates_and_counts_keep_everything(services, capsys):
    cancelled(services, 55)

    assert run(["jobs", "prune", "--keep", str(10**30), "--days", str(10**30), "--json"]) == DONE

    assert json.loads(capsys.readouterr().out)["kept"] == 55


def test_what_waits_is_moved_cancelled_and_tried_again(services, capsys):
    free = [name for name, package in downloads().items() if package.licence is None]
    jobs = [flows.models.download(services, name) for name in ("kolors", free[0])]

    assert run(["jobs", "move", str(jobs[1]), "--to", "first", "--json"]) == DONE
    assert json.loads(capsys.readouterr().out) == {"waiting": [jobs[1], jobs[0]]}
    assert run(["jobs", "cancel", str(jobs[0])]) == DONE
    assert run(["jobs", "move", str(jobs[0])]) == PUT_RIGHT
    printed = capsys.readouterr()
    assert "does not wait any more" in printed.err
    assert run(["jobs", "queue", "--json"]) == DONE
    found = json.loads(capsys.readouterr().out)
    assert {part: [each["id"] for each in found[part]] for part in found} == {
        "running": [],
        "waiting": [jobs[1]],
        "stopped": [jobs[0]],
    }
    assert run(["jobs", "retry", str(jobs[0])]) == DONE
    assert run(["jobs", "queue"]) == DONE
    assert capsys.readouterr().out.count("waiting ") == 2
