"""A bundle painted again from its files alone, with the real renderer and the smallest preview model."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from story_engine.catalog.families import families
from story_engine.domain.control import ControlPart
from story_engine.domain.job_spec import RenderItem, RenderSpec, ReplaySpec
from story_engine.domain.recipe import LoraPart, Start
from story_engine.domain.replay import LoraRecord, Reproduction
from story_engine.errors import Cancelled, ChooseAnother, FixInput, MadeWay, StudioError
from story_engine.formats.certificate import certificate, verdict
from story_engine.formats.edges import edges_of
from story_engine.jobs.work import render, replay
from story_engine.store.layout import Layout
from story_engine.store.loras import LoraStore
from story_engine.store.references import ReferenceStore
from story_engine.store.replays import ReplayStore
from story_engine.store.takes import TakeStore
from tests.bundles import write_sums
from tests.story_engine.inference.small_loras import random_halves, save_diffusers, save_kohya
from tests.story_engine.inference.small_preview import recipe, small_workspace


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORY_STUDIO_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Layout:
    layout = small_workspace(tmp_path_factory.mktemp("small"))
    (layout.loras / "ink").mkdir(parents=True)
    save_kohya(random_halves(), layout.loras / "ink" / "adapter.safetensors")
    return layout


@pytest.fixture(scope="module")
def bundle(layout, tmp_path_factory) -> Path:
    """Five pictures: one in a batch has company that is not handed in; one has a LoRA and is guided by noise level."""
    part = LoraPart(name="ink", sha256=LoraStore(layout).sha256("ink"), strength=0.7)
    recipes = [recipe(layout, seed=seed) for seed in range(4)]
    by_noise = {"sampler": "dpmpp_2m_karras", "guidance_above": 0.2, "negative_below": 1.0}
    recipes += [recipe(layout, seed=9, loras=(part,), **by_noise)]
    items = tuple(RenderItem(scene=f"s{n}", number=0, recipe=each) for n, each in enumerate(recipes))
    spec = RenderSpec(story="board", items=items, score=False)
    render.run(spec, job=1, report=lambda progress: None, should_stop=lambda: False, layout=layout)
    store = TakeStore(layout)
    takes = [take for group in store.takes("board").values() for take in group if take.scene != "s3"]
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "images").mkdir()
    (folder / "lora").mkdir()
    recipes_json = {}
    for number, take in enumerate(takes, start=1):
        name = f"images/{number:02}.png"
        shutil.copy(store.picture(take), folder / name)
        recipes_json[name] = take.model_dump(mode="json")
    shutil.copy(layout.loras / "ink" / "adapter.safetensors", folder / "lora" / "ink.safetensors")
    (folder / "recipes.json").write_text(json.dumps(recipes_json))
    write_sums(folder)
    return folder


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, f"队-可图Kolors训练-猫/{file.relative_to(folder).as_posix()}")
    return path


def replayed(layout, path, *, report=lambda progress: None, should_stop=lambda: False, **more):
    spec = ReplaySpec(bundle=str(path))
    return replay.run(spec, job=2, report=report, should_stop=should_stop, layout=layout, **more).report


def test_takes_record_threads_instructions_and_their_place_in_the_batch(layout, bundle):
    takes = TakeStore(layout).takes("board")

    made = [group[0].made_with for _, group in sorted(takes.items())]
    assert [each["batch"] for each in made] == ["1 of 2", "2 of 2", "1 of 2", "2 of 2", "1 of 1"]
    assert all(each["threads"] == "1" and each["instructions"] and each["safetensors"] for each in made)


def test_the_same_machine_paints_the_same_values_from_folder_and_zip(layout, bundle, tmp_path):
    told = []

    from_folder = replayed(layout, bundle, report=told.append)
    from_zip = replayed(layout, zipped(bundle, tmp_path / "b.zip"))

    for report in (from_folder, from_zip):
        assert [each.file for each in report.pictures] == [f"images/{n:02}.png" for n in range(1, 5)]
        assert [(each.differing, each.largest, each.mean) for each in report.pictures] == [(0.0, 0, 0.0)] * 4
        assert [each.score == each.score_again is not None for each in report.pictures] == [True] * 4
        assert [each.other_conditions for each in report.pictures] == [{}] * 4
        assert verdict(report) == "replay.all_identical"
    assert {"checking", "denoising", "decoding", "scoring"} <= {progress.stage for progress in told}
    assert ReplayStore(layout).find(from_zip.key) == from_zip


def test_a_lora_in_another_form_is_taken_from_where_the_bundle_says(layout, bundle, tmp_path):
    changed = Path(shutil.copytree(bundle, tmp_path / "changed"))
    used = hashlib.sha256((changed / "lora" / "ink.safetensors").read_bytes()).hexdigest()
    (changed / "lora" / "ink.safetensors").unlink()
    (changed / "lora" / "墨.safetensors").write_bytes(
        save_diffusers(random_halves(), tmp_path / "other.safetensors").read_bytes()
    )
    known = Reproduction(loras=(LoraRecord(name="ink", sha256=used, file="lora/墨.safetensors"),))
    (changed / "reproduce.json").write_text(known.model_dump_json(), encoding="utf-8")
    write_sums(changed)

    report = replayed(layout, changed)

    assert [each.largest for each in report.pictures] == [0] * 4
    assert report.loras == {"ink": hashlib.sha256((changed / "lora" / "墨.safetensors").read_bytes()).hexdigest()}


def test_another_picture_is_measured_and_the_certificate_says_so_in_both_languages(layout, bundle, tmp_path):
    changed = Path(shutil.copytree(bundle, tmp_path / "changed"))
    values = np.asarray(Image.open(changed / "images" / "02.png")).copy()
    values[:64] = 255 - values[:64]
    Image.fromarray(values).save(changed / "images" / "02.png")
    write_sums(changed)
    (changed / "notes | <b>.txt").write_text("added later")

    report = replayed(layout, changed)

    assert [each.is_identical for each in report.pictures] == [True, False, True, True]
    assert report.pictures[1].differing == pytest.approx(0.25, abs=0.01) and report.pictures[1].largest > 100
    assert report.pictures[1].score != report.pictures[1].score_again
    assert report.unlisted == ("notes | <b>.txt",)
    text = certificate(report)
    assert text == certificate(report) and "复现证书" in text and "Certificate of reproduction" in text
    assert "python replay.py" not in text  # which paints Kolors alone
    assert "python replay.py" in certificate(report.model_copy(update={"bases": {"kolors": "a" * 64}}))
    assert f"{report.pictures[1].largest} " in text or f"| {report.pictures[1].largest} |" in text
    assert report.key != replayed(layout, bundle).key


def test_what_is_wrong_with_a_bundle_is_said_with_the_files_name(layout, bundle, tmp_path):
    def changed(change) -> StudioError:
        folder = Path(shutil.copytree(bundle, tmp_path / f"b{len(list(tmp_path.iterdir()))}"))
        change(folder)
        with pytest.raises(StudioError) as caught:
            replayed(layout, folder)
        return caught.value

    def take(folder, **changes):
        takes = json.loads((folder / "recipes.json").read_text())
        takes["images/01.png"]["recipe"] |= changes
        (folder / "recipes.json").write_text(json.dumps(takes))
        write_sums(folder)

    def other_weights(folder):
        from story_engine.domain.recipe import Recipe

        takes = json.loads((folder / "recipes.json").read_text())
        for each in takes.values():
            each["recipe"]["weights_hash"] = "f" * 64
            each["id"] = Recipe(**each["recipe"]).digest
        (folder / "recipes.json").write_text(json.dumps(takes))
        write_sums(folder)

    def small_picture(folder):
        Image.new("RGB", (64, 64)).save(folder / "images" / "01.png")
        write_sums(folder)

    def no_lora(folder):
        (folder / "lora" / "ink.safetensors").unlink()
        write_sums(folder)

    def twice(folder):
        text = (folder / "recipes.json").read_text()
        (folder / "recipes.json").write_text(text[:-1] + ', "images/01.png": {}}')
        write_sums(folder)

    faults = {
        "replay.file_changed": lambda folder: (folder / "images" / "01.png").write_bytes(b"x"),
        "replay.file_missing": lambda folder: (folder / "images" / "01.png").unlink(),
        "replay.recipe_changed": lambda folder: take(folder, seed=99),
        "models.other_weights": other_weights,
        "replay.picture_size": small_picture,
        "replay.lora_missing": no_lora,
        "replay.unreadable": twice,
        "dataset.archive_link": lambda folder: (folder / "images" / "99.png").symlink_to("/etc/passwd"),
        "replay.no_bundle": lambda folder: (folder / "SHA256SUMS").unlink(),
    }
    found = {wanted: changed(change).code for wanted, change in faults.items()}
    assert {wanted: code for wanted, code in found.items() if wanted != code} == {}


def test_a_zip_that_leads_outside_or_swells_is_refused(layout, bundle, tmp_path):
    def refused(name: str, content: bytes) -> str:
        path = zipped(bundle, tmp_path / f"{hashlib.md5(name.encode()).hexdigest()}.zip")
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        with pytest.raises(FixInput) as caught:
            replayed(layout, path)
        return caught.value.code

    assert refused("../outside.txt", b"x") == "dataset.archive_path"
    assert refused("队-可图Kolors训练-猫/bomb.bin", bytes(50_000_000)) == "dataset.archive_bomb"
    assert not (tmp_path / "outside.txt").exists()
    with pytest.raises(ChooseAnother):
        replayed(layout, tmp_path / "none.zip")


def test_it_stops_when_asked_and_leaves_nothing_behind(layout, bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(replay.tempfile, "tempdir", str(tmp_path))

    with pytest.raises(Cancelled):
        replayed(layout, bundle, should_stop=lambda: True)

    assert not list(tmp_path.iterdir())


@pytest.mark.thorough
def test_it_makes_way_between_its_pictures_and_paints_the_rest_at_its_next_turn(layout, bundle):
    kept, steps = layout.workspace / "cache" / "replays", []

    def heard(progress):
        if progress.stage == "denoising":
            steps.append(progress.total)

    with pytest.raises(MadeWay):
        replayed(layout, bundle, report=heard, should_pause=lambda: True)
    finished = len(list(kept.glob("*/*.png")))
    assert finished == 2, "the two that are painted together"
    whole = steps.pop()

    steps.clear()
    report = replayed(layout, bundle, report=heard, should_pause=lambda: False)

    assert max(steps) < whole, "only what is left"
    assert [(each.differing, each.largest) for each in report.pictures] == [(0.0, 0)] * 4
    assert not list(kept.iterdir())


def test_a_picture_that_begins_with_another_one_is_painted_again_from_the_one_in_the_bundle(layout, tmp_path):
    reference = ReferenceStore(layout).keep(Image.radial_gradient("L").convert("RGB"))
    begun = recipe(layout, seed=2, start=Start(reference=reference, strength=0.5))
    spec = RenderSpec(story="begun", items=(RenderItem(scene="s1", number=0, recipe=begun),), score=False)
    render.run(spec, job=1, report=lambda progress: None, should_stop=lambda: False, layout=layout)
    store = TakeStore(layout)
    (take,) = store.takes_of("begun", "s1")
    folder = tmp_path / "bundle"
    for name in ("images", "references"):
        (folder / name).mkdir(parents=True)
    shutil.copy(store.picture(take), folder / "images" / "01.png")
    (folder / "recipes.json").write_text(json.dumps({"images/01.png": take.model_dump(mode="json")}))
    (folder / "references" / f"{reference}.png").write_bytes(b"another picture")
    write_sums(folder)
    with pytest.raises(FixInput, match=reference):
        replayed(layout, folder)
    (folder / "references" / f"{reference}.png").write_bytes(ReferenceStore(layout).content(reference))
    write_sums(folder)
    ReferenceStore(layout).path(reference).unlink()

    assert [each.largest for each in replayed(layout, folder).pictures] == [0]


@pytest.mark.thorough
def test_a_picture_that_is_held_to_lines_is_painted_again_from_the_lines_in_the_bundle(tmp_path):
    layout = Layout(tmp_path / "workspace", tmp_path / "stories")
    lines = ReferenceStore(layout).keep(edges_of(Image.radial_gradient("L").point(lambda value: 255 * (value > 90))))
    adapter = families(layout)["preview"].controls["edges"]
    part = ControlPart(kind="edges", picture=lines, weights_hash=adapter, weight=1.0, end=0.9)
    held = recipe(layout, seed=2, controls=(part,))
    spec = RenderSpec(story="held", items=(RenderItem(scene="s1", number=0, recipe=held),), score=False)
    render.run(spec, job=1, report=lambda progress: None, should_stop=lambda: False, layout=layout)
    (take,) = TakeStore(layout).takes_of("held", "s1")
    folder = tmp_path / "bundle"
    for name in ("images", "references"):
        (folder / name).mkdir(parents=True)
    shutil.copy(TakeStore(layout).picture(take), folder / "images" / "01.png")
    (folder / "recipes.json").write_text(json.dumps({"images/01.png": take.model_dump(mode="json")}))
    (folder / "references" / f"{lines}.png").write_bytes(ReferenceStore(layout).content(lines))
    write_sums(folder)
    ReferenceStore(layout).path(lines).unlink()

    assert [each.largest for each in replayed(layout, folder).pictures] == [0]
