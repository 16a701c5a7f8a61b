import ast
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

from story_engine.formats.elsewhere.diffusers_script import as_diffusers_script
from story_engine.formats.elsewhere.panel import PanelElsewhere, UsedLora
from tests.builders import a_recipe
from tests.story_engine.formats.elsewhere.small_diffusers import publish_small_pipeline

LAYER = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_v"


def a_panel(number, **changes):
    fields = {"family": "kolors", "seed": number, "steps": 2, "width": 64, "height": 64}
    return PanelElsewhere(name=f"{number:02}", title="A", recipe=a_recipe(**(fields | changes)))


def test_hostile_words_stay_words_and_are_read_back_whole():
    odd = 'a """ cat \\ {x} \\u0041 \u2028 "'

    written = as_diffusers_script([a_panel(1, prompt=odd)], title=odd, file="a.py", notes='"""')

    module = ast.parse(written)
    (text,) = [
        node.args[0].value
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "loads"
    ]
    assert json.loads(text)[0]["prompt"] == odd


def test_the_script_paints_every_panel_by_diffusers_alone(tmp_path):
    pipe = publish_small_pipeline(tmp_path / "base")
    save_file(
        {
            f"{LAYER}.lora_down.weight": torch.randn(4, 64, generator=torch.Generator().manual_seed(1)),
            f"{LAYER}.lora_up.weight": torch.ones(64, 4),
        }
        | {f"{LAYER}.alpha": torch.tensor(2.0)},
        tmp_path / "ink v1.5.safetensors",
    )
    used = (UsedLora(name="ink v1.5", strength=1.0, alpha=2.0),)
    bare = a_panel(2, sampler="euler", prompt="一只猫")
    panels = [a_panel(1, sampler="ddim"), bare, replace(bare, name="03", loras=used), a_panel(4)]
    (tmp_path / "a.py").write_text(as_diffusers_script(panels, title="t", file="a.py", notes="n"), encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "a.py", "--base", "base", "--loras", ".", "--out", "out"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["01.png", "02.png", "03.png", "04.png"]
    pipe.set_progress_bar_config(disable=True)
    recipe = panels[1].recipe
    expected = pipe(
        prompt=recipe.prompt,
        negative_prompt=recipe.negative,
        num_inference_steps=2,
        guidance_scale=recipe.cfg_scale,
        width=64,
        height=64,
        generator=torch.Generator("cpu").manual_seed(2),
    ).images[0]
    painted = np.asarray(Image.open(tmp_path / "out" / "02.png"), dtype=int)
    assert painted.std() > 1
    assert abs(painted - np.asarray(expected, dtype=int)).max() <= 1
    with_lora = np.asarray(Image.open(tmp_path / "out" / "03.png"), dtype=int)
    assert abs(painted - with_lora).max() > 4
