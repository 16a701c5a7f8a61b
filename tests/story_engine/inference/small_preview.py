"""A workspace with the smallest preview model, untrained, and recipes for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffsynth import SDXLImagePipeline
from diffsynth.schedulers import EnhancedDDIMScheduler

from story_engine.catalog.families import families
from story_engine.domain.recipe import Recipe
from story_engine.preview_model.architecture import SMALLEST, build_preview
from story_engine.preview_model.prompts import PreviewPrompter
from story_engine.preview_model.weights import load_preview, save_preview
from story_engine.store.layout import Layout


def small_workspace(folder: Path, *, seed: int = 0) -> Layout:
    """A layout whose preview model is the smallest one."""
    layout = Layout(folder / "workspace", folder / "stories")
    parts = build_preview(SMALLEST, seed=seed)
    for part in (parts.unet, parts.vae_decoder):
        # Untrained networks of this size answer next to nothing: louder ones make differences visible.
        torch.nn.init.normal_(part.conv_out.weight, std=0.3, generator=torch.Generator().manual_seed(seed))
    save_preview(parts, layout.models / "preview")
    return layout


def recipe(layout: Layout, **changes: Any) -> Recipe:
    """A quick recipe for the preview model of `layout`."""
    fields: dict[str, Any] = {
        "prompt": "水墨画，一只橙色的猫，宫殿大厅",
        "negative": "模糊",
        "seed": 7,
        "sampler": "ddim",
        "steps": 4,
        "cfg_scale": 4.0,
        "width": 256,
        "height": 256,
        "noise": "cpu",
        "family": "preview",
        "weights_hash": families(layout)["preview"].weights_hash,
        "precision": "float32",
    }
    return Recipe(**(fields | changes))


def stock_pipeline(layout: Layout) -> SDXLImagePipeline:
    """DiffSynth's own pipeline on the same weights, set up by hand because `fetch_models` wants a ModelManager."""
    parts = load_preview(layout.models / "preview")
    pipeline = SDXLImagePipeline(device="cpu", torch_dtype=torch.float32)
    pipeline.text_encoder_kolors = parts.text_encoder
    pipeline.unet, pipeline.vae_decoder, pipeline.vae_encoder = parts.unet, parts.vae_decoder, parts.vae_encoder
    pipeline.prompter = PreviewPrompter(parts.config.prompt_tokens)
    pipeline.prompter.fetch_models(parts.text_encoder)
    pipeline.scheduler = EnhancedDDIMScheduler(beta_end=0.014, num_train_timesteps=1100)
    return pipeline
