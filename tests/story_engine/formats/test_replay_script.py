"""The script that lies in every bundle, run as a judge would: in a process that knows nothing of the Studio."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from story_engine.catalog.families import families
from story_engine.catalog.weights_hash import file_hashes
from story_engine.domain.recipe import LoraPart, Recipe, Start
from story_engine.domain.replay import BaseRecord, LoraRecord, PictureRecord, Reproduction, WeightsFile
from story_engine.formats.picture_distance import pixels_sha256
from story_engine.formats.replay_script import replay_script
from story_engine.inference.render import Renderer
from story_engine.kolors.family import KOLORS
from story_engine.kolors.networks import load_unet
from story_engine.store.layout import Layout
from story_engine.store.references import ReferenceStore
from tests.builders import a_take
from tests.bundles import write_sums
from tests.story_engine.inference.small_kolors import publish_small_kolors
from tests.story_engine.inference.small_loras import save_kohya

SHIM = Path(__file__).parent / "small_diffsynth"
LIMIT_LINES = 120
EACH = """
import runpy, sys
base, *bundles = sys.argv[1:]
for bundle in bundles:
    sys.argv = ["replay.py", "--base", base]
    try:
        runpy.run_path(f"{bundle}/replay.py", run_name="__main__")
    except SystemExit as end:
        print("ends with", end.code, flush=True)
"""
"""The scripts of several bundles in one process: DiffSynth takes six seconds to come."""
BY_NOISE = {"guidance_above": 0.5, "guidance_below": 20.0, "negative_below": 2.0}
"""Of four steps, at noise 29, 5.6, 0.66 and 0.03: the first and last unguided, one away from the empty prompt, one from
the negative."""
LINE = re.compile(r"(images/\d+\.png): ([\d.]+)% of values differ, at most by (\d+), mean ([\d.]+)")


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    folder = tmp_path_factory.mktemp("studio")
    layout = Layout(folder / "workspace", folder / "stories")
    publish_small_kolors(layout)
    unet = load_unet(layout.models / KOLORS.home, device="cpu", dtype=torch.float32)
    generator = torch.Generator().manual_seed(5)
    halves = {}
    for name, module in unet.named_modules():
        if name.endswith((".to_q", ".to_k", ".to_v", ".to_out", ".act_fn.proj", ".ff")):
            down = torch.randn(4, module.in_features, generator=generator) * 0.3
            halves[name] = (down, torch.randn(module.out_features, 4, generator=generator) * 0.3)
    assert any(".ff" in name for name in halves) and any("blocks.21" in name for name in halves)
    (layout.loras / "ink").mkdir(parents=True)
    save_kohya(halves, layout.loras / "ink" / "adapter.safetensors")
    return layout


def a_recipe(layout: Layout, **changes) -> Recipe:
    fields = {
        "prompt": "水墨画，一只橙色的猫",
        "negative": "模糊",
        "seed": 7,
        "sampler": "ddim",
        "steps": 3,
        "cfg_scale": 4.0,
        "width": 256,
        "height": 320,
        "noise": "cpu",
        "family": "kolors",
        "weights_hash": families(layout)["kolors"].weights_hash,
        "precision": "float32",
    }
    return Recipe(**(fields | changes))


def a_bundle(layout: Layout, folder: Path, recipes: list[Recipe]) -> Path:
    """The files that the script reads, painted by the Studio's own renderer, alone in their batches."""
    renderer = Renderer(layout, threads=1)
    made_with = renderer.made_with() | {"batch": "1 of 1"}
    (folder / "images").mkdir(parents=True)
    takes, records = {}, {}
    for number, recipe in enumerate(recipes, start=1):
        name = f"images/{number:02}.png"
        [picture] = renderer.render([recipe])
        picture.save(folder / name)
        content = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        takes[name] = a_take(recipe, picture_sha256=content, made_with=made_with).model_dump(mode="json")
        records[name] = PictureRecord(
            recipe=recipe.digest,
            picture_sha256=content,
            pixels_sha256=pixels_sha256(picture),
            precision=recipe.precision,
            noise=recipe.noise,
            threads=made_with["threads"],
        )
    adapter = layout.loras / "ink" / "adapter.safetensors"
    (folder / "lora").mkdir()
    (folder / "lora" / "ink.safetensors").write_bytes(adapter.read_bytes())
    files = {name: WeightsFile(sha256=sha256, size_bytes=0) for name, sha256 in file_hashes(layout, KOLORS).items()}
    used = hashlib.sha256(adapter.read_bytes()).hexdigest()
    reproduction = Reproduction(
        bases=(BaseRecord(family="kolors", weights_hash=recipes[0].weights_hash, files=files),),
        loras=(LoraRecord(name="ink", sha256=used, file="lora/ink.safetensors", file_sha256=used),),
        pictures=records,
    )
    (folder / "recipes.json").write_text(json.dumps(takes), encoding="utf-8")
    (folder / "reproduce.json").write_text(reproduction.model_dump_json(), encoding="utf-8")
    (folder / "replay.py").write_bytes(replay_script())
    write_sums(folder)
    return folder


def run(*words: str | Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A Python of its own, with the Studio out of reach."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV"))}
    environment |= {"PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"} | ({"PYTHONPATH": str(path)} if path else {})
    return subprocess.run(
        [sys.executable, *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=SHIM,
        env=environment,
        check=False,
    )


def distances(said: str) -> dict[str, tuple[float, int]]:
    return {found[1]: (float(found[2]), int(found[3])) for found in LINE.finditer(said)}


def ink(layout: Layout, strength: float) -> tuple[LoraPart, ...]:
    content = hashlib.sha256((layout.loras / "ink" / "adapter.safetensors").read_bytes()).hexdigest()
    return (LoraPart(name="ink", sha256=content, strength=strength),)


@pytest.fixture(scope="module")
def said(layout: Layout, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the script says of a bundle as it was made, and of one whose picture somebody changed."""
    folder = tmp_path_factory.mktemp("bundles")
    size = a_recipe(layout).width, a_recipe(layout).height
    reference = ReferenceStore(layout).keep(Image.radial_gradient("L").convert("RGB").resize(size))
    recipes = [
        a_recipe(layout),
        a_recipe(layout, sampler="euler", steps=3, seed=1),
        a_recipe(layout, sampler="dpmpp_2m_karras", steps=4, seed=2**32 - 1),
        a_recipe(layout, loras=ink(layout, 0.8)),
        a_recipe(layout, sampler="dpmpp_2m_karras", steps=3, loras=ink(layout, -1.5), prompt="a cat"),
        a_recipe(layout, cfg_scale=1.0, steps=1),
        a_recipe(layout, noise="device:cpu", steps=2),
        a_recipe(layout, sampler="dpmpp_2m_karras", steps=4, **BY_NOISE),
        a_recipe(layout, noise="device:cpu", steps=3, guidance_below=8.0, negative_below=1.0),
        a_recipe(layout, steps=2, start=Start(reference=reference, strength=0.5)),
    ]
    bundle = a_bundle(layout, folder / "as made", recipes)
    pictures = [np.asarray(Image.open(each)) for each in sorted((bundle / "images").iterdir())]
    assert len(pictures) == len(recipes)
    assert (pictures[0] != pictures[3]).mean() > 0.1, "the LoRA changes nothing, so this test would not see it missing"
    [constant] = Renderer(layout, threads=1).render([a_recipe(layout, sampler="dpmpp_2m_karras", steps=4)])
    assert (np.asarray(constant) != pictures[7]).mean() > 0.1, "levels change nothing, so this test would not see them"
    changed = a_bundle(layout, folder / "changed", [a_recipe(layout, steps=1)])
    with Image.open(changed / "images" / "01.png") as picture:
        values = np.asarray(picture).copy()
    values[:10, :10] = 255 - values[:10, :10]
    Image.fromarray(values).save(changed / "images" / "01.png")
    write_sums(changed)

    done = run("-c", EACH, layout.models / KOLORS.home, bundle, changed, path=SHIM)

    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split("ends with ")


def test_it_paints_what_the_studio_painted_with_every_sampler_with_and_without_lora(said):
    found = distances(said[0])

    assert len(found) == 9
    assert {name: largest for name, (_, largest) in found.items() if largest} == {}, said[0]
    assert said[1].startswith("Read pictures, not painted: ['images/10.png']. Use: python -m story_engine replay")


def test_it_reports_how_far_another_picture_is(said):
    share, largest = distances(said[1])["images/01.png"]

    assert share == pytest.approx(100 * 100 / (256 * 320), rel=0.02) and largest > 1
    assert said[2] == "1\n"


def test_it_refuses_changed_files_other_weights_and_what_it_cannot_paint(layout, tmp_path):
    bundle = a_bundle(layout, tmp_path / "bundle", [a_recipe(layout, steps=1)])
    known = bundle / "reproduce.json"
    facts = json.loads(known.read_text())
    line = ("-X", "importtime", bundle / "replay.py", "--base", layout.models / KOLORS.home)

    (bundle / "recipes.json").write_text((bundle / "recipes.json").read_text() + " ")
    assert "recipes.json" in run(*line).stderr

    facts["bases"][0]["files"]["text_encoder/config.json"]["sha256"] = "0" * 64
    known.write_text(json.dumps(facts))
    write_sums(bundle)
    assert "config.json" in run(*line).stderr

    facts["bases"][0]["family"] = "preview"
    known.write_text(json.dumps(facts))
    write_sums(bundle)
    done = run(*line)
    assert "python -m story_engine replay" in done.stderr and done.returncode == 1
    assert "| torch" not in done.stderr, "what is refused is refused before anything large is loaded"


def test_it_is_short_and_imports_nothing_of_the_studio():
    text = replay_script().decode()
    lines = text.splitlines()

    assert len(lines) < LIMIT_LINES
    assert not [line for line in lines if len(line) > LIMIT_LINES]
    compile(text, "replay.py", "exec")
    assert not re.findall(r"^\s*(?:from|import) story_engine", text, re.MULTILINE)
