"""A tiny model of the preview's classes under a name, with limits and files of its own."""

from __future__ import annotations

from story_engine.catalog.description import FamilyDescription, UnetSizes
from story_engine.catalog.package import Package
from story_engine.catalog.part import Form, Part
from story_engine.catalog.preview_sizes import SMALLEST
from story_engine.domain.family import GIB, TrainingMemory

FAMILY = FamilyDescription(
    package=Package(
        name="third",
        title="Third",
        parts=tuple(Part(name=name, forms=(Form(f"{name}.safetensors"),)) for name in ("unet", "text_encoder", "vae")),
        home="third/one",
        hub="nobody/third",
        sizes={"unet.safetensors": 1_000_000},
    ),
    sampler="ddim",
    steps=2,
    cfg_scale=3.0,
    width=64,
    height=64,
    smallest_side=64,
    largest_side=128,
    token_limit=32,
    precision=lambda: "float32",
    knows_true_sizes=True,
    safe_learning_rate=0.5,
    memory=TrainingMemory(
        weights_half=GIB,
        side=64,
        activations_half=GIB,
        checkpointed_half=GIB,
        adapter_per_rank=1.0,
        text_encoder_half=GIB,
        process=GIB,
        is_half_by_itself=False,
    ),
    unet_sizes=lambda layout: UnetSizes(
        widths=SMALLEST.unet_widths,
        depths=SMALLEST.unet_depths,
        text=SMALLEST.text_hidden,
        encoded=SMALLEST.text_hidden,
        steps=SMALLEST.unet_timestep_channels,
        time=SMALLEST.unet_time_embedding,
        added=SMALLEST.text_hidden + 6 * SMALLEST.unet_size_channels,
    ),
)
