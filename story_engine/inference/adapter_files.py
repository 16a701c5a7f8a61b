"""Kolors' own adapters from their published files, and those of any family of the same blocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from story_engine.catalog.families import description
from story_engine.catalog.package import Package
from story_engine.errors import InstallOrDownload
from story_engine.inference.control_net import ControlNet, from_published
from story_engine.inference.fit_widths import fit_widths
from story_engine.inference.kept_weights import fill
from story_engine.inference.out_of_memory import is_out_of_memory
from story_engine.inference.picture_adapter import PictureAdapter, fit_adapter, flat
from story_engine.inference.picture_encoder import PictureEncoder
from story_engine.inference.weight_files import Tensors, tensors_of
from story_engine.store.layout import Layout

_Network = TypeVar("_Network", bound=nn.Module)


def open_control_net(layout: Layout, family: str, kind: str, *, device: str, dtype: torch.dtype) -> ControlNet:
    """The ControlNet of a family for maps of one kind, frozen.

    Raises:
        InstallOrDownload: its file is missing or damaged, or of another network.
    """
    package, folder = _whole(layout, family, kind)
    return load_control_net(package.parts[0].weights(folder)[0], device=device, dtype=dtype)


def load_control_net(path: Path, *, device: str, dtype: torch.dtype) -> ControlNet:
    """A ControlNet from one file. Raises as `open_control_net`."""
    return _filled(path, ControlNet, from_published(tensors_of(path)), fit_widths, device=device, dtype=dtype)


def open_picture_adapter(layout: Layout, family: str, *, device: str, dtype: torch.dtype) -> PictureAdapter:
    """The picture adapter of a family, frozen. Raises as `open_control_net`."""
    package, folder = _whole(layout, family, "likeness")
    path = package.part("adapter").weights(folder)[0]
    return _filled(path, PictureAdapter, flat(tensors_of(path)), fit_adapter, device=device, dtype=dtype)


def open_picture_encoder(layout: Layout, family: str, *, device: str, dtype: torch.dtype) -> PictureEncoder:
    """What the picture adapter sees with. Raises as `open_control_net`."""
    package, folder = _whole(layout, family, "likeness")
    part = package.part("image_encoder")
    return PictureEncoder(part.weights(folder)[0], folder / part.beside[0], device=device, dtype=dtype)


def _whole(layout: Layout, family: str, kind: str) -> tuple[Package, Path]:
    package = description(family).controls[kind]
    folder = package.folder(layout)
    if not package.is_complete(folder):
        raise package.missing(layout)
    return package, folder


def _filled(
    path: Path,
    build: Callable[[], _Network],
    tensors: Tensors,
    fit: Callable[[_Network, Tensors], None],
    *,
    device: str,
    dtype: torch.dtype,
) -> _Network:
    with torch.device("meta"):
        network = build()
    try:
        fit(network, tensors)
        fill(network, tensors, device=device, dtype=dtype)
    except (ValueError, KeyError, RuntimeError, AttributeError) as error:
        if is_out_of_memory(error):
            raise
        raise InstallOrDownload("models.weights_damaged", file=str(path), reason=str(error)[:300]) from error
    network.eval().requires_grad_(False)
    return network
