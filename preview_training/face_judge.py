"""Teaches judges of latents whether a near face has its eyes and its mouth.

They learn from drawn faces, whole and spoilt, and not from what a U-Net imagines: whether a face that it imagines is
whole nobody has said.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import torch

from preview_training import latent_judge_training
from preview_training.device import at_home, device_with
from preview_training.drawing_cache import pictures_to_values
from preview_training.judges import shrunk
from preview_training.latent_judge_training import Readable
from preview_training.spoilt_faces import FACE, NEAR_SHOTS, WHOLE, drawn_face
from preview_training.taught import NOT_SAID, TAUGHT
from story_engine.preview_model.architecture import PreviewVAEEncoder
from story_engine.preview_model.latent_judge import LatentJudge

_SHOT = list(TAUGHT).index("shot")
_NEAR = [TAUGHT["shot"].index(shot) for shot in NEAR_SHOTS]
_BATCH = 8


def taught(
    process: int,
    processes: int,
    *,
    folder: Path,
    encoder: PreviewVAEEncoder,
    picture_size: int,
    drawings: int,
    steps: int,
    seed: int,
    device: torch.device,
) -> list[LatentJudge]:
    """A judge of each process, as `latent_judge_training.taught` has them; each has faces of its own to learn from.

    The encoder is on its device; it is changed for speed (see `at_home`).
    """

    def teach() -> LatentJudge:
        faces = drawn_faces(encoder, drawings, picture_size=picture_size, seed=seed + process)
        return latent_judge_training.train(
            faces, faces, attributes=FACE, steps=steps, seed=seed + process, device=device
        )

    return latent_judge_training.of_each_process(
        process, processes, name="faces", attributes=FACE, folder=folder, teach=teach
    )


@torch.no_grad()
def drawn_faces(encoder: PreviewVAEEncoder, count: int, *, picture_size: int, seed: int) -> Readable:
    """So many drawings of somebody near, encoded, with what of their faces is whole."""
    rng, device = random.Random(seed), device_with(encoder)
    at_home(encoder, device)
    latents, targets = [], []
    for start in range(0, count, _BATCH):
        drawn = [drawn_face(rng) for _ in range(min(_BATCH, count - start))]
        pictures = np.stack([shrunk(picture, picture_size) for picture, _ in drawn])
        values = torch.from_numpy(pictures_to_values(pictures)).permute(0, 3, 1, 2).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            encoded = encoder(values)
        latents.append(encoded.float().cpu().numpy().astype(np.float16))
        targets += [[int(is_whole[part]) for part in FACE] for _, is_whole in drawn]
    return Readable(latents=np.concatenate(latents), targets=torch.tensor(targets), chances=np.full(count, 1 / count))


def wanted_faces(wanted: torch.Tensor) -> torch.Tensor:
    """What is wanted of faces where this is wanted of pictures: whole ones where they are near.

    Args:
        wanted: (batch, attributes) of `TAUGHT`, int64.

    Returns:
        (batch, parts) of `FACE`, int64; `NOT_SAID` where nobody is near.
    """
    is_near = torch.isin(wanted[:, _SHOT], torch.tensor(_NEAR, device=wanted.device))
    whole = torch.where(is_near, list(FACE["eyes"]).index(WHOLE), NOT_SAID)
    return whole[:, None].expand(-1, len(FACE))
