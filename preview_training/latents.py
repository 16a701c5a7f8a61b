"""Latents of training drawings on disk, encoded once by the frozen VAE encoder at full and at half picture size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from preview_training.device import at_home, device_with
from preview_training.drawing_cache import DrawingCache, halved, pictures_to_values
from story_engine.domain.family import LATENT_CHANNELS, PIXELS_PER_LATENT
from story_engine.preview_model.architecture import PreviewVAEEncoder

_BATCH = 4
_GPU_BATCH = 64


class LatentCache:
    """Scaled latents of a folder's drawings at one size, float16; rows of zeros are not encoded yet."""

    def __init__(self, drawings: DrawingCache, *, size: int, folder: Path) -> None:
        """`size`: latent cells per side, the drawings' or half of that; `folder`: where the file lies or will lie."""
        self.size = size
        self._drawings = drawings
        self._path = folder / f"latents_{size}.float16"
        shape = (drawings.count, LATENT_CHANNELS, size, size)
        if not self._path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with self._path.open("wb") as file:
                file.truncate(int(np.prod(shape)) * 2)
        self.values = np.memmap(self._path, dtype=np.float16, mode="r+", shape=shape)

    def ready(self) -> int:
        """How many latents exist, counted from index 0 without a gap."""
        filled = np.asarray(self.values[:, 0, 0, :]).any(axis=1).reshape(-1)
        return len(filled) if filled.all() else int(filled.argmin())

    @torch.no_grad()
    def encode(self, encoder: PreviewVAEEncoder, *, process: int, processes: int, until: int) -> None:
        """Encode this process's share of the drawings below index `until` that are not encoded yet.

        The encoder is on its device; it is changed for speed (see `at_home`) and must not be used for anything else.
        """
        device = device_with(encoder)
        at_home(encoder, device)
        batch = _BATCH if device.type == "cpu" else _GPU_BATCH
        step = 2 if self.size * PIXELS_PER_LATENT * 2 == self._drawings.size else 1
        for start in range(process * batch, until, processes * batch):
            rows = slice(start, min(start + batch, until))
            if self.values[rows, 0, 0, :].any(axis=1).all():
                continue
            pictures = self._drawings.pictures[rows]
            values = pictures_to_values(halved(pictures) if step == 2 else pictures)
            with torch.autocast(device.type, torch.bfloat16):
                latents = encoder(torch.from_numpy(values).permute(0, 3, 1, 2).to(device))
            self.values[rows] = latents.float().cpu().numpy().astype(np.float16)
