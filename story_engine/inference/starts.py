"""Pictures that recipes begin with: read, encoded, and noised to where their painting begins."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import nn

from story_engine.domain.control import MAPS, has_shape
from story_engine.domain.recipe import Recipe
from story_engine.errors import FixInput
from story_engine.inference.denoising import Begun, Kept, PictureInputs
from story_engine.inference.noise import noised
from story_engine.inference.samplers import Sampler
from story_engine.inference.spots import Spot, spot_of
from story_engine.store.references import ReferenceStore


@dataclass(frozen=True, slots=True)
class Start:
    """What a recipe begins with, encoded."""

    latents: torch.Tensor
    """(1, 4, height/8, width/8), float32, on the CPU."""
    spot: Spot | None = None
    """The part of a picture that is painted; None: all of it."""
    beside: torch.Tensor | None = None
    """(1, 5, height/8, width/8), float32, on the CPU: the mask (1: painted), and the latents of the picture with
    grey there, as a U-Net for inpainting is given them; None: it is an ordinary one."""


Starts = Mapping[Hashable, Start]
"""By `key_of` a recipe."""


def check_references(recipe: Recipe, store: ReferenceStore) -> None:
    """Every picture that the recipe is painted from is here, unchanged and of the right size.

    Raises:
        ChooseAnother: one is not here.
        FixInput: one has changed, is damaged or of another size; a mask is empty or everything.
    """
    for part in recipe.controls:
        width, height = store.size(part.picture)
        shape = {"wanted_width": recipe.width, "wanted_height": recipe.height}
        if part.kind in MAPS and not has_shape(width, height, **shape):
            wanted, found = f"{recipe.width}x{recipe.height}", f"{width}x{height}"
            raise FixInput("references.other_shape", name=part.picture[:12], kind=part.kind, wanted=wanted, found=found)
    begun = () if recipe.start is None else (recipe.start.reference,)
    for name in begun if recipe.mend is None else (*begun, recipe.mend.reference, recipe.mend.mask):
        width, height = store.size(name)
        if (width, height) != (recipe.width, recipe.height):
            wanted, found = f"{recipe.width}x{recipe.height}", f"{width}x{height}"
            raise FixInput("references.other_size", name=name[:12], wanted=wanted, found=found)
    if recipe.mend is not None:
        store.mask(recipe.mend.mask)


def key_of(recipe: Recipe) -> Hashable:
    """Recipes of one key begin with the same latents; None: with noise."""
    if recipe.mend is not None:
        return recipe.mend.reference, recipe.mend.mask, recipe.skipped_steps, recipe.mend.inpainting
    return None if recipe.start is None else recipe.start.reference


def encoded_starts(
    recipes: Sequence[Recipe], store: ReferenceStore, encoder: Callable[[], nn.Module]
) -> dict[Hashable, Start]:
    """What the recipes begin with.

    Args:
        recipes: some of which begin with a picture.
        store: where the pictures lie.
        encoder: loads the VAE's encoder; not called where no recipe needs it.
    """
    every = [each for recipe in recipes for each in (*recipe.anchors, recipe)]
    begun = {key: recipe for recipe in every if (key := key_of(recipe)) is not None}
    if not begun:
        return {}
    network = encoder()
    return {key: _encoded(recipe, store, network) for key, recipe in begun.items()}


def _encoded(recipe: Recipe, store: ReferenceStore, encoder: nn.Module) -> Start:
    if recipe.mend is not None:
        spot = spot_of(recipe, store.picture(recipe.mend.reference), store.mask(recipe.mend.mask))
        beside = None
        if recipe.mend.inpainting:
            # The order of the channels: `StableDiffusionXLInpaintPipeline` of diffusers, whose U-Net Kolors' own is.
            beside = torch.cat([spot.free, encode_picture(encoder, spot.cut, hidden=spot.hidden)], dim=1)
        return Start(encode_picture(encoder, spot.cut), spot, beside)
    assert recipe.start is not None
    return Start(encode_picture(encoder, store.picture(recipe.start.reference)))


def encode_picture(encoder: nn.Module, picture: Image.Image, *, hidden: torch.Tensor | None = None) -> torch.Tensor:
    """(1, 4, height/8, width/8) scaled latents of an 8-bit RGB picture, float32, on the CPU.

    Args:
        encoder: of the family's VAE.
        picture: whose sides are multiples of 8.
        hidden: (height, width), true where grey is seen instead of it.
    """
    parameter = next(encoder.parameters())
    values = torch.from_numpy(np.asarray(picture, dtype=np.float32)) / 127.5 - 1
    if hidden is not None:
        values[hidden] = 0
    with torch.inference_mode():
        latents: torch.Tensor = encoder(values.permute(2, 0, 1)[None].to(parameter.device, parameter.dtype))
    return latents.float().cpu().clone()


def begin(
    recipes: Sequence[Recipe], starts: Starts, inputs: Sequence[PictureInputs], sampler: Sampler, *, device: str
) -> tuple[Begun | None, Kept | None]:
    """Where painting begins and what is kept as it is meanwhile; None where it begins with noise, or nothing is kept.

    Args:
        recipes: of one batch: they skip the same steps, and mend the same spot or none.
        starts: as `encoded_starts` gives them.
        inputs: of each recipe; their noise's precision is taken.
        sampler: a fresh one.
        device: where the network computes.
    """
    if key_of(recipes[0]) is None:
        return None, None
    skipped = recipes[0].skipped_steps
    noise = [each.noise.to(device) for each in inputs]
    level = sampler.noise_levels[skipped]
    found = [starts[key_of(recipe)] for recipe in recipes]
    begun = [noised(start.latents, each, level) for start, each in zip(found, noise, strict=True)]
    kept = None
    # A U-Net for inpainting sees at every step what stays.
    if found[0].spot is not None and found[0].beside is None:
        free = found[0].spot.free.to(noise[0].device, noise[0].dtype)
        kept = Kept(torch.cat([start.latents.to(noise[0]) for start in found]), torch.cat(list(noise)), free)
    return Begun(torch.cat(begun), skipped), kept
