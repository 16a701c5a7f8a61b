"""Model families: what a page and a recipe need to know of a model without loading it."""

from __future__ import annotations

from story_engine.domain.value import Value

FAMILY_NAMES = ("preview", "kolors")
"""Every family there is, on this machine or not."""
SAMPLERS = ("ddim", "euler", "dpmpp_2m_karras")
"""DDIM as the challenge, Euler, and DPM++ 2M Karras (20 steps come closer to the exact solution than DDIM 50)."""
SAMPLER_TITLES = {"ddim": "DDIM", "euler": "Euler", "dpmpp_2m_karras": "DPM++ 2M Karras"}
SIZE_MULTIPLE = 64
"""Pixels; the U-Net halves the latents (1/8) twice more."""
MOST_STEPS = 200
LARGEST_CFG_SCALE = 30.0


class Family(Value):
    """One model family with its defaults and limits."""

    name: str
    """"preview" or "kolors"."""
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
