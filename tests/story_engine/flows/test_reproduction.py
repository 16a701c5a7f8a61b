"""What of a bundle lets somebody paint it again, for takes of this version, of earlier ones, and of other weights."""

from __future__ import annotations

import hashlib
import json
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.domain.edit import Edit
from story_engine.domain.replay import NOT_RECORDED
from story_engine.domain.resolve import resolve
from story_engine.formats.certificate import certificate
from story_engine.formats.replay_script import replay_script
from tests.agreeing_script import agreeing_script
from tests.builders import a_take
from tests.bundles import a_replay_of
from tests.story_engine.flows.submitted import kolors_lora, paint, ready_services, ready_story

MADE_WITH = {
    "device": "cpu",
    "device_name": "a processor",
    "instructions": "AVX2",
    "threads": "2",
    "python": "3.11",
    "batch": "1 of 2",
    "torch": "2.9",
    "diffsynth": "1.1.9",
}


@pytest.fixture
def services(tmp_path, monkeypatch):
    monkeypatch.setattr("story_engine.bootstrap.run_challenge_script", agreeing_script)
    return open_services(Config(workspace=tmp_path / "workspace", stories=tmp_path / "stories"))


@pytest.fixture
def painted(services) -> str:
    """Eight scenes; the last take is of an earlier version, and the one before of other weights."""
    slug = flows.shelf.create(services, "猫的一天")
    for index, scene in enumerate(services.stories.load(slug).scenes):
        services.stories.edit(slug, [Edit(scene=scene.id, field="prompt", value=f"小猫，{index}", seen=scene.prompt)])
    story = services.stories.load(slug)
    for index, scene in enumerate(story.scenes):
        recipe = resolve(story, scene, 0, family=services.families()["preview"], loras={})
        if index == 6:
            recipe = recipe.model_copy(update={"weights_hash": "f" * 64})
        take = a_take(recipe, scene=scene.id, story=slug, made_with=MADE_WITH if index < 7 else {"device": "cpu"})
        services.takes.add(take, Image.new("RGB", (256, 256), (index * 30, 90, 120)), {})
    return slug


def unzipped(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def exported(services, slug, path) -> dict[str, bytes]:
    return unzipped(flows.export.export(services, slug, out=path, anyway=True))


def test_conditions_hashes_and_what_was_not_recorded_stand_beside_each_picture(services, painted, tmp_path):
    entries = exported(services, painted, tmp_path / "b.zip")

    known = json.loads(entries["reproduce.json"])
    first, other, early = (known["pictures"][f"images/{n:02}.png"] for n in (1, 7, 8))
    assert first["threads"] == "2" and first["batch"] == "1 of 2" and first["precision"] == "float32"
    assert first["versions"] == {"diffsynth": "1.1.9", "torch": "2.9"}
    assert first["picture_sha256"] == hashlib.sha256(entries["images/01.png"]).hexdigest()
    pixels = np.asarray(Image.open(BytesIO(entries["images/01.png"])).convert("RGB")).tobytes()
    assert first["pixels_sha256"] == hashlib.sha256(pixels).hexdigest()
    assert early["device"] == "cpu" and {early[name] for name in ("threads", "batch", "python")} == {NOT_RECORDED}
    assert other["recipe"] == json.loads(entries["recipes.json"])["images/07.png"]["id"]
    by_hash = {base["weights_hash"]: base for base in known["bases"]}
    assert by_hash["f" * 64]["files"] == {}  # other weights than those that are here say nothing of this picture
    [here] = [base for hashed, base in by_hash.items() if hashed != "f" * 64]
    folder = Path("story_engine/preview_model/weights")
    assert {name: file["sha256"] for name, file in here["files"].items()} == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.safetensors")
    }
    assert entries["replay.py"] == replay_script()
    assert "certificate.md" not in entries


def test_the_certificate_goes_into_the_bundle_of_the_same_pictures_and_no_other(services, painted, tmp_path):
    plan = flows.export.plan(services, painted)
    report = a_replay_of(plan)
    services.replays.keep(report)

    first = flows.export.export(services, painted, out=tmp_path / "1.zip", anyway=True).read_bytes()
    second = flows.export.export(services, painted, out=tmp_path / "2.zip", anyway=True).read_bytes()

    assert first == second
    assert unzipped(tmp_path / "1.zip")["certificate.md"].decode() == certificate(report)
    assert flows.replay.holds_certificate(tmp_path / "1.zip", report)
    later = report.model_copy(update={"finished_at": "2026-11-29T10:00:00+00:00"})
    assert not flows.replay.holds_certificate(tmp_path / "1.zip", later)

    scene = services.stories.load(painted).scenes[0]
    recipe = resolve(services.stories.load(painted), scene, 3, family=services.families()["preview"], loras={})
    take = services.takes.add(
        a_take(recipe, scene=scene.id, story=painted, number=3), Image.new("RGB", (256, 256), "red"), {}
    )
    flows.takes.pick(services, painted, scene.id, take.id)

    assert "certificate.md" not in exported(services, painted, tmp_path / "3.zip")


def test_a_damaged_report_is_none(services, painted):
    plan = flows.export.plan(services, painted)
    assert flows.replay.known(services, plan.pictures) is None
    from story_engine.domain.replay import pictures_key

    key = pictures_key((each.name, each.view.take.picture_sha256, each.view.take.id) for each in plan.pictures)
    services.layout.replays.mkdir(parents=True)
    for damaged in (b"", b"{", b"\xff\xfe", b'{"pictures": 3}'):
        (services.layout.replays / f"{key}.json").write_bytes(damaged)
        assert flows.replay.known(services, plan.pictures) is None


def test_a_lora_that_was_converted_for_the_bundle_is_found_by_what_recipes_call_it(tmp_path):
    lora = kolors_lora(tmp_path / "ink.safetensors")
    services = ready_services(tmp_path / "studio")
    slug = ready_story(services, lora)
    plain = exported(services, slug, tmp_path / "plain.zip")
    loose = services.layout.loras / "loose.ckpt"
    loose.write_bytes(plain["lora/ink.ckpt"])
    loose.with_suffix(".json").write_text('{"alpha": 0.5}')
    for index, scene in enumerate(services.stories.load(slug).scenes):
        paint(services, slug, scene.id, seed=100 + index, score=7.0, lora="loose")

    converted = exported(services, slug, tmp_path / "converted.zip")

    for entries, file in ((plain, "lora/ink.safetensors"), (converted, "lora/loose.safetensors")):
        [known] = json.loads(entries["reproduce.json"])["loras"]
        used = {
            part["sha256"] for take in json.loads(entries["recipes.json"]).values() for part in take["recipe"]["loras"]
        }
        assert known["file"] == file and used == {known["sha256"]}
        assert known["file_sha256"] == hashlib.sha256(entries[file]).hexdigest()
        assert (known["file_sha256"] == known["sha256"]) == (entries is plain)
