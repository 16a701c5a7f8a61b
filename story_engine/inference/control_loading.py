"""The networks behind a batch's controls: loaded when a recipe first names them, let go when none of a call does."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import nn

from story_engine.domain.control import MAPS, ControlPart
from story_engine.domain.recipe import Recipe
from story_engine.inference.adapter_files import open_control_net, open_picture_adapter, open_picture_encoder
from story_engine.inference.control_net import ControlNet
from story_engine.inference.controls import Controls, ControlsOfEach, LikenessControl, MapControl
from story_engine.inference.out_of_memory import fitting
from story_engine.inference.picture_adapter import PictureAdapter
from story_engine.inference.runtime import PRECISIONS, free_memory
from story_engine.store.layout import Layout
from story_engine.store.references import ReferenceStore

_NOTHING = ""
"""In the place of a picture's name: what is seen of none."""
_Key = tuple[str, str, str]
"""Family, hash of the adapter's weights, precision."""


class ControlNetworks:
    """Adapters of one device.

    Args:
        layout: where they and the pictures lie.
        device: where they compute.
    """

    def __init__(self, layout: Layout, device: str) -> None:
        self._device = device
        self.work_in(layout)
        self._nets: dict[_Key, ControlNet | PictureAdapter] = {}
        self._seen: dict[tuple[_Key, str], torch.Tensor] = {}

    def work_in(self, layout: Layout) -> None:
        """Take pictures from this workspace from now on; what has been loaded and seen is the same by content."""
        self._layout, self._pictures = layout, ReferenceStore(layout)

    def look_at(self, recipes: Sequence[Recipe]) -> None:
        """Let adapters go that no recipe names, and see the rest's pictures: the encoder leaves before others come.

        Raises:
            InstallOrDownload: the encoder's files are missing or damaged.
            OutOfMemory: it does not fit.
        """
        keys = {_key(recipe, part) for recipe in recipes for part in recipe.controls}
        gone = [key for key in self._nets if key not in keys]
        for key in gone:
            del self._nets[key]
        wanted = {
            (_key(recipe, part), part.picture): recipe
            for recipe in recipes
            for part in recipe.controls
            if part.kind not in MAPS
        }
        self._seen = {key: seen for key, seen in self._seen.items() if key[0] in keys}
        new = {key: recipe for key, recipe in wanted.items() if key not in self._seen}
        if new:
            first = next(iter(new.values()))
            dtype = PRECISIONS[first.precision]
            with fitting("models.memory_controls", self._device):
                encoder = open_picture_encoder(self._layout, first.family, device=self._device, dtype=dtype)
                for key, name in new:
                    self._seen[key, name] = encoder.seen([self._pictures.picture(name)]).cpu()
                    self._seen[key, _NOTHING] = encoder.nothing().cpu()
                del encoder
        if gone or new:
            free_memory()

    def controls(self, recipes: Sequence[Recipe]) -> Controls | ControlsOfEach | None:
        """What holds the pictures of one batch, and those that they look at; None where nothing does.

        Args:
            recipes: as `cast.with_anchors` gives them.

        Raises:
            InstallOrDownload: an adapter's files are missing or damaged.
            OutOfMemory: one does not fit.
        """
        if not any(recipe.cast for recipe in recipes):
            return self._of_all(recipes)
        # A picture that stands still is not painted: it is what it is.
        each = [None if recipe.begins_at == recipe.steps else self._of_all([recipe]) for recipe in recipes]
        return ControlsOfEach(tuple(each)) if any(each) else None

    def let_go(self) -> None:
        """Forget everything that takes up memory on the device."""
        self._nets.clear()

    def _of_all(self, recipes: Sequence[Recipe]) -> Controls | None:
        """Of pictures that are held by the same adapters alike, but for their control pictures."""
        first = recipes[0]
        if not first.controls:
            return None
        maps: list[MapControl] = []
        likeness: LikenessControl | None = None
        with fitting("models.memory_controls", self._device):
            for place, part in enumerate(first.controls):
                names = [recipe.controls[place].picture for recipe in recipes]
                net = self._net(first, part)
                if isinstance(net, ControlNet):
                    maps.append(MapControl(part, net, self._maps(names, first, net)))
                else:
                    key = _key(first, part)
                    tokens = torch.cat([self._tokens(net, key, name) for name in names])
                    likeness = LikenessControl(part, net, tokens, self._tokens(net, key, _NOTHING))
        return Controls(tuple(maps), likeness)

    def _net(self, recipe: Recipe, part: ControlPart) -> ControlNet | PictureAdapter:
        key = _key(recipe, part)
        if key not in self._nets:
            dtype = PRECISIONS[recipe.precision]
            if part.kind in MAPS:
                net: ControlNet | PictureAdapter = open_control_net(
                    self._layout, recipe.family, part.kind, device=self._device, dtype=dtype
                )
            else:
                net = open_picture_adapter(self._layout, recipe.family, device=self._device, dtype=dtype)
            self._nets[key] = net
        return self._nets[key]

    def _maps(self, names: Sequence[str], recipe: Recipe, net: nn.Module) -> torch.Tensor:
        parameter = next(net.parameters())
        pictures = [self._pictures.picture(name) for name in names]
        values = np.stack([_sized(picture, recipe.width, recipe.height) for picture in pictures])
        return torch.from_numpy(values).permute(0, 3, 1, 2).float().div(255).to(parameter.device, parameter.dtype)

    def _tokens(self, adapter: PictureAdapter, key: _Key, name: str) -> torch.Tensor:
        parameter = next(adapter.parameters())
        with torch.inference_mode():
            return adapter.tokens(self._seen[key, name].to(parameter.device, parameter.dtype))


def _sized(picture: Image.Image, width: int, height: int) -> np.ndarray:
    if picture.size != (width, height):
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(picture.convert("RGB"))


def _key(recipe: Recipe, part: ControlPart) -> _Key:
    return recipe.family, part.weights_hash, recipe.precision
