"""What batches of the same networks are painted with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from story_engine.domain.memory_plan import MemoryPlan
from story_engine.domain.recipe import LoraPart, Recipe
from story_engine.inference.control_loading import ControlNetworks
from story_engine.inference.denoising import PictureInputs
from story_engine.inference.encoding import EMPTY_PROMPT, EncodedPrompt
from story_engine.inference.networks import Painter
from story_engine.inference.noise import starting_noise
from story_engine.inference.progress import Call
from story_engine.inference.spots import Spot
from story_engine.inference.starts import Starts, key_of


@dataclass(frozen=True, slots=True)
class Painting:
    """Networks, encoded prompts and the memory for them, in one call of the renderer."""

    painter: Painter
    encoded: Mapping[str, EncodedPrompt]
    plan: MemoryPlan | None
    call: Call
    starts: Starts
    """What pictures begin with that do not begin with noise."""
    controls: ControlNetworks
    """What holds pictures to others."""

    @property
    def in_bands(self) -> bool:
        """Whether the decoder has to make do with little memory."""
        return self.plan is not None and self.plan.decoding == "bands"

    def spot(self, recipe: Recipe) -> Spot | None:
        """Where the recipe mends a picture; None: it paints all of one."""
        start = self.starts.get(key_of(recipe))
        return None if start is None else start.spot

    def beside(self, recipes: Sequence[Recipe]) -> torch.Tensor | None:
        """What the network is given beside the latents of pictures of one batch; None: nothing."""
        found = [None if start is None else start.beside for start in map(self.starts.get, map(key_of, recipes))]
        shown = [each for each in found if each is not None]
        return torch.cat(shown) if shown else None

    def as_painted(self, recipe: Recipe) -> Recipe:
        """The recipe in the size that the networks are given."""
        spot = self.spot(recipe)
        if spot is None:
            return recipe
        width, height = spot.size
        return recipe.model_copy(update={"width": width, "height": height})

    def inputs(self, recipe: Recipe) -> PictureInputs:
        """What the loop paints the recipe from."""
        return PictureInputs(
            noise=starting_noise(self.as_painted(recipe)),
            prompt=self.encoded[recipe.sent_prompt],
            negative=self.encoded[recipe.negative],
            cfg_scale=recipe.cfg_scale,
            empty=self.encoded.get(EMPTY_PROMPT),
        )


def strengths(recipe: Recipe) -> dict[str, float]:
    """Keys of the recipe's LoRAs beside the U-Net, and how strongly they act."""
    return {adapter_key(part): part.strength for part in recipe.loras}


def adapter_key(part: LoraPart) -> str:
    """What a LoRA is called beside the U-Net."""
    return f"lora_{part.sha256[:32]}"
