"""Pictures that recipes begin with: read, encoded, and noised to where their painting begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from PIL import Image
from torch import nn

from story_engine.domain.control import MAPS, has_shape
from story_engine.domain.recipe import Recipe
from story_engine.errors import FixInput
from story_engine.inference.denoising import Begun
from story_engine.inference.noise import noised
from story_engine.inference.samplers import Sampler
from story_engine.store.references import ReferenceStore


def check_references(recipe: Recipe, store: ReferenceStore) -> None:
    """Every picture that the recipe is painted from is here, unchanged and of the right size.

    Raises:
        ChooseAnother: one is not here.
        FixInput: one has changed, is damaged or of another size.
    """
    for part in recipe.controls:
        width, height = store.size(part.picture)
        shape = {"wanted_width": recipe.width, "wanted_height": recipe.height}
        if part.kind in MAPS and not has_shape(width, height, **shape):
            wanted, found = f"{recipe.width}x{recipe.height}", f"{width}x{height}"
            raise FixInput("references.other_shape", name=part.picture[:12], kind=part.kind, wanted=wanted, found=found)
    for name in () if recipe.start is None else (recipe.start.reference,):
        width, height = store.size(name)
        if (width, height) != (recipe.width, recipe.height):
            wanted, found = f"{recipe.width}x{recipe.height}", f"{width}x{height}"
            raise FixInput("references.other_size", name=name[:12], wanted=wanted, found=found)


def encoded_starts(
    recipes: Sequence[Recipe], store: ReferenceStore, encoder: Callable[[], nn.Module]
) -> dict[str, torch.Tensor]:
    """What the recipes begin with: reference → (1, 4, height/8, width/8), float32, on the CPU.

    Args:
        recipes: some of which begin with a picture.
        store: where the pictures lie.
        encoder: loads the VAE's encoder; not called where no recipe needs it.
    """
    names = dict.fromkeys(name for each in recipes for name in each.references)
    if not names:
        return {}
    network = encoder()
    return {name: encode_picture(network, store.picture(name)) for name in names}


def encode_picture(encoder: nn.Module, picture: Image.Image) -> torch.Tensor:
    """(1, 4, height/8, width/8) scaled latents of an 8-bit RGB picture, float32, on the CPU."""
    parameter = next(encoder.parameters())
    values = torch.from_numpy(np.asarray(picture, dtype=np.float32)) / 127.5 - 1
    with torch.inference_mode():
        latents: torch.Tensor = encoder(values.permute(2, 0, 1)[None].to(parameter.device, parameter.dtype))
    return latents.float().cpu().clone()


def begin(
    recipes: Sequence[Recipe], starts: Mapping[str, torch.Tensor], noise: Sequence[torch.Tensor], sampler: Sampler
) -> Begun | None:
    """Where painting begins, for recipes that all skip the same steps; None where it begins with noise.

    Args:
        recipes: of one batch.
        starts: as `encoded_starts` gives them.
        noise: of each recipe, (1, 4, height/8, width/8); also its device and its precision are taken.
        sampler: a fresh one.
    """
    if all(recipe.start is None for recipe in recipes):
        return None
    skipped = recipes[0].skipped_steps
    level = sampler.noise_levels[skipped]
    begun = [
        noised(starts[recipe.start.reference], each, level)
        for recipe, each in zip(recipes, noise, strict=True)
        if recipe.start is not None
    ]
    return Begun(torch.cat(begun), skipped)
