"""The preview model as the catalogue knows it: its three files, defaults, limits. No torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from story_engine.catalog.description import FamilyDescription, UnetSizes
from story_engine.catalog.package import Package
from story_engine.catalog.part import Form, Part
from story_engine.catalog.preview_sizes import PreviewConfig
from story_engine.domain.family import GIB, GuidanceByNoise, TrainingMemory
from story_engine.domain.guidance import Guidance
from story_engine.formats.safetensors_header import HeaderError, read_header
from story_engine.store.layout import Layout

WEIGHTS_FOLDER = Path(__file__).parent / "weights"
"""Where the shipped weights lie."""
FILES = ("unet.safetensors", "text_encoder.safetensors", "vae.safetensors")
CONFIG_KEY = "preview_config"
"""In the metadata of each file."""
PREVIEW = Package(
    name="preview",
    title="Preview",
    parts=tuple(Part(name=Path(name).stem, forms=(Form(name),)) for name in FILES),
    home="preview",
    shipped=WEIGHTS_FOLDER,
)

EDGES = Package(
    name="preview-edges",
    title="Preview ControlNet",
    parts=(Part(name="control", forms=(Form("edges.safetensors"),)),),
    home="preview-control",
    shipped=Path(__file__).parent / "control",
)
"""For lines. Made for the weights beside it; with others it still draws along lines, less well."""


def joined_bytes(hashes: Sequence[str]) -> str:
    """One hash over the hashes of files, over their bytes: as the weights of this model have always been named."""
    return hashlib.sha256(b"".join(bytes.fromhex(each) for each in hashes)).hexdigest()


def _sizes(layout: Layout) -> UnetSizes | None:
    try:
        metadata = read_header(PREVIEW.folder(layout) / FILES[0]).metadata
        config = PreviewConfig.from_json(json.loads(metadata[CONFIG_KEY]))
    except (OSError, HeaderError, KeyError, ValueError, TypeError):
        return None  # without its weights there is no preview model to fit
    return UnetSizes(
        widths=config.unet_widths,
        depths=config.unet_depths,
        text=config.text_hidden,
        encoded=config.text_hidden,
        steps=config.unet_timestep_channels,
        time=config.unet_time_embedding,
        added=config.text_hidden + 6 * config.unet_size_channels,
    )


FAMILY = FamilyDescription(
    package=PREVIEW,
    sampler="dpmpp_2m_karras",
    steps=20,
    cfg_scale=4.0,
    # Measured: benchmarks/README.md, "Guidance by noise level".
    by_noise=GuidanceByNoise(levels=Guidance(guidance_above=0.3, negative_below=2.0), steps=12, is_usual=True),
    width=256,
    height=256,
    smallest_side=256,
    largest_side=768,
    token_limit=64,
    precision=lambda: "float32",
    # In smaller ones fewer faces come out (benchmarks/README.md, "A mended spot").
    least_spot=256,
    # Its own places are so like each other that an anchor's change nothing unless they count for many
    # (benchmarks/README.md, "Cast lock").
    cast_strength=30.0,
    # It has only ever been shown the size that it paints.
    knows_true_sizes=False,
    safe_learning_rate=0.01,
    memory=TrainingMemory(
        weights_half=0.012 * GIB,
        side=256,
        activations_half=0.045 * GIB,
        checkpointed_half=0.02 * GIB,
        adapter_per_rank=0.0001 * GIB,
        text_encoder_half=0.01 * GIB,
        process=1.1 * GIB,
        is_half_by_itself=False,
    ),
    unet_sizes=_sizes,
    controls={"edges": EDGES},
    joined=joined_bytes,
)
