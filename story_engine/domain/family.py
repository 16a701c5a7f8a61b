"""Model families: what a page and a recipe need to know of a model without loading it."""

from __future__ import annotations

import math

from pydantic import Field

from story_engine.domain.guidance import Guidance
from story_engine.domain.value import Value

FAMILY_FOLDERS = {"preview": "story_engine.preview_model", "kolors": "story_engine.kolors"}
"""Every family there is, on this machine or not, and the folder that holds all of it: `family.py` says what it is (read
by pages, so without torch), `runtime.py` loads its networks."""
FAMILY_NAMES = FAMILY_FOLDERS.keys()
"""The same names, always as they are."""
GIB = 2**30
SAMPLERS = ("ddim", "euler", "dpmpp_2m_karras")
"""DDIM as the challenge, Euler, and DPM++ 2M Karras (20 steps come closer to the exact solution than DDIM 50)."""
SAMPLER_TITLES = {"ddim": "DDIM", "euler": "Euler", "dpmpp_2m_karras": "DPM++ 2M Karras"}
SIZE_MULTIPLE = 64
"""Pixels; the U-Net halves the latents (1/8) twice more."""
MOST_STEPS = 200
LARGEST_CFG_SCALE = 30.0
TIMESTEPS = 1100
"""Of the noise schedule that Kolors was trained with, and every family here after it."""
LATENT_CHANNELS = 4
PIXELS_PER_LATENT = 8
"""Of the VAE, which is SDXL's."""


class TrainingMemory(Value):
    """Bytes that a training needs; activations are of one picture of `side`², and grow with the area."""

    weights_half: float
    side: int
    activations_half: float
    checkpointed_half: float
    adapter_per_rank: float
    text_encoder_half: float
    process: float
    """Python, torch, the device's own bookkeeping."""
    is_half_by_itself: bool
    """Whether "auto" means half precision on a GPU."""
    encoder_brought_half: float = 0.0
    """The text encoder with its work, one layer after the other; 0 where it always comes as a whole."""
    bringable_half: float = 0.0
    """Of the weights, those of layers that can wait in main memory until they compute."""
    layer_half: float = 0.0
    """The largest of those layers."""


class GuidanceByNoise(Value):
    """What a family makes of "guidance by noise level"."""

    levels: Guidance
    steps: int
    """That are enough with it."""
    is_usual: bool
    """Whether new stories have it, where their author says nothing else."""


class Family(Value):
    """One model family with its defaults and limits."""

    name: str
    """A key of `FAMILY_FOLDERS`."""
    title: str
    sampler: str
    steps: int
    cfg_scale: float
    width: int
    height: int
    smallest_side: int
    largest_side: int
    token_limit: int
    """Tokens of a prompt that the model reads, the prefix included; the rest is cut."""
    weights_hash: str
    """Names the exact weights; part of every recipe."""
    precision: str
    """"float32", "float16" or "bfloat16": pictures of different precision are different pictures."""
    by_noise: GuidanceByNoise | None = None
    """None: it is always guided the same."""
    least_spot: int = 0
    """Pixels: side of the smallest square in which it paints what belongs in a spot; 0: not known."""
    cast_strength: float = 1.0
    """How many of a picture's own places each place of an anchor counts as, where a story says 1."""
    knows_true_sizes: bool = False
    """Whether it was trained with each picture's own size and crop."""
    safe_learning_rate: float = math.inf
    """From here on a training most likely destroys the model."""
    memory: TrainingMemory | None = None
    inpainting: str | None = None
    """Hash of the weights of its U-Net for inpainting, empty where they are not (wholly) here; None: it has none."""
    controls: dict[str, str] = Field(default_factory=dict)
    """Which of `domain.control.KINDS` it has an adapter for → hash of the adapter's weights, empty where they are not
    (completely) here."""
