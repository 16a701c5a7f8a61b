import json
import random
import zipfile
from types import SimpleNamespace

import pytest

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.edit import Edit
from story_engine.domain.job_spec import DownloadSpec
from tests.shipped import copy_shipped_stories
from tests.story_engine.domain.test_scrub import planted

SECRETS = 200


@pytest.fixture
def services(tmp_path):
    config = Config(workspace=tmp_path / "Li Lei's studio" / "workspace", stories=tmp_path / "stories", user="lilei")
    copy_shipped_stories(config.stories)
    return open_services(config)


def everything_in(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_none_of_200_secrets_gets_out_wherever_they_were_planted(services, monkeypatch):
    rng = random.Random(11)
    secrets = [planted(rng) for _ in range(SECRETS)]
    logs = services.config.workspace / "logs"
    logs.mkdir(parents=True)
    for number, (secret, around) in enumerate(secrets):
        place, text = number % 5, around.format(secret)
        if place == 0:
            monkeypatch.setenv(f"SOME_TOKEN_{number}", secret.splitlines()[0])
            monkeypatch.setenv(f"STORY_STUDIO_{number}", text)
        elif place == 1:
            job = services.ledger.submit(
                DownloadSpec(family="kolors"), key=f"d{number}", priority=0, user="lilei", story=None, scenes=()
            )
            services.ledger.request_cancel(job)
            (logs / f"child-{number}.log").write_text(f"job {job}: {text}\n{services.config.workspace}/x\n")
        elif place == 2:
            with (logs / "dispatcher.log").open("a") as log:
                log.write(f"2026-11-28 ERROR by lilei: {text}\nTraceback …\n")
        elif place == 3:
            scene = services.stories.load("singer").scenes[0]
            services.stories.edit("singer", [Edit(scene="s1", field="prompt", value=text, seen=scene.prompt)])
        else:
            folder = services.config.workspace / "loras"
            folder.mkdir(exist_ok=True)
            name = "".join(character for character in text if character.isalnum())[:60]
            (folder / f"{name}.safetensors").write_bytes(b"no LoRA")

    inside = everything_in(flows.diagnostics.save_diagnostics(services))

    whole = "\n".join(inside.values())
    found = [part for secret, _ in secrets for part in secret.splitlines() if len(part) > 4 and (part in whole)]
    assert not found
    assert str(services.config.workspace) not in whole and "lilei" not in whole and "Li Lei" not in whole


def test_it_says_what_a_helper_needs(services):
    services.ledger.submit(DownloadSpec(family="kolors"), key="d", priority=0, user="me", story=None, scenes=())

    inside = everything_in(flows.diagnostics.save_diagnostics(services))

    report = json.loads(inside["report.json"])
    assert report["packages"]["diffsynth"] == "1.1.9"
    assert [(job["kind"], job["state"]) for job in report["jobs"]] == [("download", "queued")]
    assert {story["settings"]["family"] for story in report["stories"]} == {"kolors", "preview"}
    assert "Taken out" in inside["README.txt"]


def test_a_damaged_workspace_is_described_all_the_same(services):
    (services.config.stories / "singer.yaml").write_bytes(b"\xff\xfe\x00scenes: [")
    services.config.workspace.mkdir(parents=True)
    (services.config.workspace / "logs").write_text("a file where a folder should be")

    report = json.loads(everything_in(flows.diagnostics.save_diagnostics(services))["report.json"])

    assert any("error" in story for story in report["stories"])


def test_a_free_disk_that_reads_like_a_telephone_number_is_told_as_it_is(services, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=17340123456))

    report = json.loads(everything_in(flows.diagnostics.save_diagnostics(services))["report.json"])

    assert report["disk_free_bytes"] == 17340123456
