"""What a picture adapter sees of a picture: the patches of CLIP's picture half, one layer before its last."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModel

from story_engine.errors import InstallOrDownload
from story_engine.inference.out_of_memory import is_out_of_memory
from story_engine.inference.weight_files import placed, tensors_of

_WITHIN = "vision_model."
"""What the picture half is called in a file of the whole CLIP."""


class PictureEncoder:
    """CLIP's picture half, frozen.

    Args:
        weights: file of CLIP, whole or the picture half alone.
        config: its config.json.
        device: where it computes.
        dtype: what it computes in.

    Raises:
        InstallOrDownload: a file is missing or damaged, or of another network.
    """

    def __init__(self, weights: Path, config: Path, *, device: str, dtype: torch.dtype) -> None:
        found = tensors_of(weights)
        try:
            said = json.loads(config.read_text(encoding="utf-8"))
            sizes = CLIPVisionConfig.from_dict(said.get("vision_config", said))
            with torch.device("meta"):
                network = CLIPVisionModel(sizes)
            tensors = {
                name: placed(tensor, device, dtype)
                for name, tensor in found.items()
                if name.startswith(_WITHIN) and not name.endswith("position_ids")
            }
            network.load_state_dict(tensors, assign=True)
        except (OSError, RuntimeError, ValueError, TypeError, AttributeError) as error:
            if is_out_of_memory(error):
                raise
            raise InstallOrDownload("models.weights_damaged", file=str(weights), reason=str(error)[:300]) from error
        places = network.vision_model.embeddings.position_embedding.num_embeddings
        network.vision_model.embeddings.position_ids = torch.arange(places, device=device)[None]
        self._network = network.eval().requires_grad_(False)
        self._side, self._device, self._dtype = int(sizes.image_size), device, dtype

    def seen(self, pictures: Sequence[Image.Image]) -> torch.Tensor:
        """(pictures, patches, width): cut to a square in the middle, as CLIP was trained."""
        processor = CLIPImageProcessor(size={"shortest_edge": self._side}, crop_size=self._side)
        pixels = processor([each.convert("RGB") for each in pictures], return_tensors="pt").pixel_values
        return self._patches(pixels.to(self._device, self._dtype))

    def nothing(self) -> torch.Tensor:
        """What is seen of no picture: of zeros, as the negative rows of diffusers' pipelines have it."""
        return self._patches(torch.zeros(1, 3, self._side, self._side, device=self._device, dtype=self._dtype))

    def _patches(self, pixels: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            states = self._network(pixels, output_hidden_states=True).hidden_states
        patches: torch.Tensor = states[-2]
        return patches
