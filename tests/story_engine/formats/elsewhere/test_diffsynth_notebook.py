import hashlib
import json

import numpy as np
import torch
from safetensors.torch import save_file

from story_engine.catalog.families import families
from story_engine.domain.recipe import LoraPart
from story_engine.formats.elsewhere.diffsynth_notebook import as_notebook
from story_engine.formats.elsewhere.panel import PanelElsewhere, UsedLora
from story_engine.formats.notebook import read_notebook
from story_engine.inference.render import Renderer
from story_engine.kolors.family import KOLORS
from story_engine.kolors.networks import load_unet
from story_engine.store.layout import Layout
from tests.builders import a_recipe
from tests.story_engine.inference.small_kolors import publish_small_kolors, stock_pipeline

ODD = 'a "cat" \\ {x}\n第二行 \u2028 \x7f # %pip'


def code_of(text):
    """Source of the code cells, without the lines that only a notebook understands."""
    sources = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return [source for source in sources if not source.startswith("%")]


def random_lora(layout, name):
    """For the cross-attentions of the small Kolors, with alpha half of its rank."""
    tensors, random = {}, torch.Generator().manual_seed(1)
    for module, layer in load_unet(layout.models / KOLORS.home, device="cpu", dtype=torch.float32).named_modules():
        if module == "blocks.21.transformer_blocks.0.attn2.to_v":
            key = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_v"
            tensors[f"{key}.lora_down.weight"] = torch.randn(4, layer.in_features, generator=random)
            tensors[f"{key}.lora_up.weight"] = torch.randn(layer.out_features, 4, generator=random)
            tensors[f"{key}.alpha"] = torch.tensor(2.0)
    assert tensors
    layout.loras.mkdir(parents=True)
    path = layout.loras / f"{name}.safetensors"
    save_file(tensors, path)
    return LoraPart(name=name, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), strength=0.8)


def test_its_cells_paint_the_pictures_of_the_studio(tmp_path):
    layout = Layout(tmp_path / "workspace", tmp_path / "stories")
    publish_small_kolors(layout)
    family = families(layout)["kolors"]
    ink = random_lora(layout, "ink v1.5")
    fields = {"family": "kolors", "weights_hash": family.weights_hash, "width": 256, "height": 256, "steps": 4}
    recipes = [
        a_recipe(**fields, sampler="ddim", seed=3, prompt=ODD),
        a_recipe(**fields, sampler="euler", seed=4, loras=(ink,)),
        a_recipe(**fields, sampler="dpmpp_2m_karras", seed=5, negative="模糊"),
    ]
    panels = [
        PanelElsewhere(
            name=f"{number:02}",
            title="",
            recipe=recipe,
            loras=tuple(UsedLora(name=part.name, strength=part.strength, alpha=2.0) for part in recipe.loras),
        )
        for number, recipe in enumerate(recipes, start=1)
    ]
    renderer = Renderer(layout, threads=1)
    ours = renderer.render(recipes)

    load, *cells = code_of(as_notebook(panels, title="t", notes="n"))
    folder = layout.models / KOLORS.home
    spaces = {"UNET": str(folder / "unet" / "diffusion_pytorch_model.fp16.safetensors"), "LORAS": str(layout.loras)}
    exec(load.split("UNET =")[0], spaces)
    spaces["pipe"] = stock_pipeline(layout)
    painted = []
    for cell in cells:
        exec(cell.replace('image.save("', f'image.save("{tmp_path}/'), spaces)
        painted += [spaces["image"]] if "pipe(" in cell else []

    for mine, theirs, recipe in zip(ours, painted, recipes, strict=True):
        assert np.abs(np.asarray(mine, dtype=int) - np.asarray(theirs, dtype=int)).max() <= 1, recipe.sampler
        assert np.asarray(mine).std() > 2
    bare = renderer.render([recipes[1].model_copy(update={"loras": ()})])[0]
    assert np.abs(np.asarray(bare, dtype=int) - np.asarray(ours[1], dtype=int)).max() > 4


def test_it_is_read_back_as_the_same_scenes():
    panels = [
        PanelElsewhere(
            name=f"{n:02}",
            title=f"Scene {n}",
            recipe=a_recipe(prompt=f"{ODD} {n}", negative="模糊", seed=n, width=1024, height=768, sampler="ddim"),
        )
        for n in range(1, 9)
    ]

    story = read_notebook(as_notebook(panels, title="t", notes="n"), name="t.ipynb")

    assert [(scene.prompt, scene.negative, scene.seed) for scene in story.scenes] == [
        (panel.recipe.prompt, panel.recipe.negative, panel.recipe.seed) for panel in panels
    ]
