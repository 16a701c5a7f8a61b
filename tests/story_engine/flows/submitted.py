"""A story that is ready to be handed in: eight pictures with a LoRA for Kolors, scored by the challenge's scorer."""

from __future__ import annotations

import dataclasses
import zipfile
from functools import partial
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save_file

from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.catalog.scorers import PresentScorer
from story_engine.config import Config
from story_engine.domain.edit import Edit
from story_engine.domain.recipe import LoraPart
from story_engine.domain.story import LoraUse
from story_engine.domain.take import Score
from story_engine.flows.services import Services
from story_engine.formats.infotext import picture_texts
from story_engine.lora_files.names import kohya_name
from story_engine.lora_files.shapes import base_shapes
from story_engine.store.layout import Layout
from tests.agreeing_script import agreeing_script
from tests.builders import a_recipe, a_take

LORA = "ink"
SCORER = PresentScorer("aesthetic", "0123456789ab", Path("nowhere"))


def kolors_lora(
    path: Path, *, seed: int = 0, metadata: dict[str, str] | None = None, layers: int | None = None
) -> Path:
    """A LoRA of rank 1 with the shapes of Kolors' attention layers, as kohya's trainers write it."""
    generator = torch.Generator().manual_seed(seed)
    tensors: dict[str, torch.Tensor] = {}
    shapes = base_shapes(Layout(path.parent, path.parent))["kolors"]
    names = [name for name in shapes if name.rpartition(".")[2] in ("to_q", "to_k", "to_v", "to_out")]
    for name in names[:layers]:
        outputs, inputs = shapes[name][0], shapes[name][1]
        tensors[f"{kohya_name(name)}.lora_down.weight"] = torch.randn(1, inputs, generator=generator)
        tensors[f"{kohya_name(name)}.lora_up.weight"] = torch.randn(outputs, 1, generator=generator)
        tensors[f"{kohya_name(name)}.alpha"] = torch.tensor(0.5)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, metadata)
    return path


def ready_services(folder: Path) -> Services:
    """A fresh workspace whose scores are the challenge's."""
    services = open_services(Config(workspace=folder / "workspace", stories=folder / "stories"))
    # Scores are made up here; that the script really runs is the business of test_gate.py.
    script = partial(agreeing_script, services.layout, scorer=SCORER)
    return dataclasses.replace(services, present_scorer=lambda: SCORER, challenge_script=script)


def ready_story(
    services: Services, file: Path, *, scenes: int = 8, score: float = 6.5, title: str = "橘猫的一天"
) -> str:
    """Everything painted, scored and typed; its slug."""
    name = flows.loras.add_file(services, file.name, file, name=LORA, trigger="水墨")
    slug = flows.shelf.create(services, title)
    story = services.stories.load(slug)
    while len(story.scenes) < scenes:
        story = services.stories.add_scene(slug)
    settings = story.settings.model_copy(update={"family": "kolors"})
    services.stories.edit(
        slug,
        [
            Edit(scene=None, field="settings", value=settings, seen=story.settings),
            Edit(scene=None, field="loras", value=(LoraUse(name=name),), seen=()),
        ],
    )
    for index, scene in enumerate(story.scenes):
        edits = {"prompt": f"水墨，小猫，{index}", "title": f"题{index}", "caption": f"第{index}幕"}
        services.stories.edit(
            slug, [Edit(scene=scene.id, field=key, value=text, seen=getattr(scene, key)) for key, text in edits.items()]
        )
        paint(services, slug, scene.id, seed=index, score=score)
    introduce(services, slug)
    flows.hand_in.write(services, slug, "team", "橘猫队", seen="")
    return slug


def paint(
    services: Services, slug: str, scene: str, *, seed: int, score: float, lora: str | None = LORA, **changes
) -> str:
    """A take of the scene with the LoRA as it is now, scored; its id."""
    loras = () if lora is None else (LoraPart(name=lora, sha256=services.loras.sha256(lora), strength=1.0),)
    prompt = changes.pop("prompt", f"水墨，小猫，{seed}")
    recipe = a_recipe(family="kolors", weights_hash="b" * 64, seed=seed, prompt=prompt, loras=loras, **changes)
    texts = picture_texts(recipe, story=slug, scene=scene, made_with={})
    take = services.takes.add(
        a_take(recipe, scene=scene, story=slug), Image.new("RGB", (256, 256), (seed * 9 % 256, 90, 120)), texts
    )
    rated = Score(picture_sha256=take.picture_sha256, scorer=SCORER.name, scorer_version=SCORER.version, value=score)
    services.scores.add([rated])
    flows.takes.pick(services, slug, scene, take.id)
    return take.id


def introduce(services: Services, slug: str, lora: str = LORA) -> None:
    """Type what no record says about the LoRA."""
    sha256 = services.loras.sha256(lora)
    for part, text in (
        ("introduction_zh", "水墨质感的二次元"),
        ("pictures", "自己画的 20 张画"),
        ("training", "500 步，学习率 1e-4"),
    ):
        flows.hand_in.write(services, slug, f"lora.{sha256}.{part}", text, seen="")


def states(services: Services, slug: str) -> dict[str, list[str]]:
    """State → codes of the checklist, once every LoRA has been examined."""
    plan = flows.export.plan(services, slug)
    if flows.export.examine_loras(services, plan):
        plan = flows.export.plan(services, slug)
    found: dict[str, list[str]] = {}
    for item in plan.items:
        found.setdefault(item.state, []).append(item.code.removeprefix("submit."))
    return found


def unzipped(path: Path) -> dict[str, bytes]:
    """Names inside the bundle's one folder → content."""
    with zipfile.ZipFile(path) as bundle:
        folders = {name.partition("/")[0] for name in bundle.namelist()}
        assert len(folders) == 1, folders
        return {name.partition("/")[2]: bundle.read(name) for name in bundle.namelist()}
