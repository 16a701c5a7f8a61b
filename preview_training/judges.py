"""Judges: small networks that read subject, place, style, shot and main colour back from a picture.

One looks at the whole picture at 64 px; where that is a full or long shot, a second one looks at 128 px for who is
there and in which colour. Each sees the picture and its mirror image and gives the mean: on held-out drawings 5.1 %
wrong subjects instead of 6.5 %. They measure whether the preview model draws what a prompt asks for, and know drawings
only: trained on clean ones (`judges_training`), never on what the model paints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from story_engine.preview_model import world
from story_engine.preview_model.latent_judge import JudgeConvolution
from story_engine.preview_model.world.expected import ATTRIBUTES

NEAR, FAR = "near", "far"
SIZES = {NEAR: 64, FAR: 128}
"""Pixels that each judge looks at; their files are `<name>.safetensors`."""
FAR_SHOTS = frozenset({"full", "long"})
FAR_ATTRIBUTES = ("subject", "colour")
_STAGES = ((24, 2), (32, 1), (64, 2), (64, 1), (112, 2), (112, 1), (128, 2), (128, 1))
"""Width and stride of each convolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judges see in one picture, each value with its probability (0…1)."""

    values: dict[str, str]
    confidences: dict[str, float]


class JudgeNetwork(nn.Module):
    """A convolutional trunk with one linear head for each attribute."""

    def __init__(self) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        channels = 3
        for width, stride in _STAGES:
            stages.append(JudgeConvolution(channels, width, stride))
            channels = width
        self.trunk = nn.Sequential(*stages)
        self.heads = nn.ModuleDict({name: nn.Linear(2 * channels, len(values)) for name, values in ATTRIBUTES.items()})

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        """Logits by attribute.

        Args:
            pictures: (batch, 3, side, side), -1…1.
        """
        hidden = self.trunk(pictures)
        pooled = torch.cat([hidden.mean(dim=(2, 3)), hidden.amax(dim=(2, 3))], dim=1)
        pooled = functional.dropout(pooled, 0.1, training=self.training)
        return {name: head(pooled) for name, head in self.heads.items()}


class Judges:
    """Trained networks, ready to read pictures."""

    def __init__(self, near: JudgeNetwork, far: JudgeNetwork) -> None:
        self._networks = {NEAR: near.eval(), FAR: far.eval()}

    @classmethod
    def load(cls, folder: Path) -> Judges:
        """The judges saved in `folder`.

        Raises:
            FileNotFoundError: they were not trained yet.
        """
        return cls(*(load_network(folder / f"{name}.safetensors") for name in (NEAR, FAR)))

    def read(self, pictures: Sequence[Image.Image]) -> list[Verdict]:
        """One verdict for each picture of any size."""
        verdicts = []
        for start in range(0, len(pictures), 64):
            group = pictures[start : start + 64]
            for near, far in zip(self._probabilities(NEAR, group), self._probabilities(FAR, group), strict=True):
                best = {name: max(probabilities, key=probabilities.__getitem__) for name, probabilities in near.items()}
                probabilities = {**near, **{name: far[name] for name in FAR_ATTRIBUTES if best["shot"] in FAR_SHOTS}}
                best = {name: max(of_value, key=of_value.__getitem__) for name, of_value in probabilities.items()}
                verdicts.append(
                    Verdict(values=best, confidences={name: probabilities[name][value] for name, value in best.items()})
                )
        return verdicts

    def _probabilities(self, judge: str, pictures: Sequence[Image.Image]) -> list[dict[str, dict[str, float]]]:
        """For each picture and attribute, the probability of each value."""
        batch = network_values(np.stack([shrunk(picture, SIZES[judge]) for picture in pictures]))
        with torch.inference_mode():
            seen, mirrored = (self._networks[judge](side) for side in (batch, batch.flip(3)))
        rows = {name: ((seen[name].softmax(1) + mirrored[name].softmax(1)) / 2).tolist() for name in ATTRIBUTES}
        return [
            {name: dict(zip(ATTRIBUTES[name], rows[name][row], strict=True)) for name in ATTRIBUTES}
            for row in range(len(pictures))
        ]


def load_network(path: Path) -> JudgeNetwork:
    """One judge's network.

    Raises:
        FileNotFoundError: it was not trained yet.
    """
    network = JudgeNetwork()
    network.load_state_dict({key: value.float() for key, value in load_file(path).items()})
    return network


def save(network: JudgeNetwork, path: Path, notes: dict[str, str]) -> None:
    """Write the network's weights, float16, with notes on its training."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {key: value.half() for key, value in network.state_dict().items() if value.is_floating_point()}
    counters = {key: value for key, value in network.state_dict().items() if not value.is_floating_point()}
    save_file({key: value.contiguous() for key, value in {**state, **counters}.items()}, path, metadata=notes)


def labels(scene: world.DrawnScene) -> list[int]:
    """The scene's value of each attribute as an index, in the order of ATTRIBUTES."""
    drawn = (scene.main.subject, scene.place, scene.style, scene.shot, scene.main.colour)
    return [values.index(value) for values, value in zip(ATTRIBUTES.values(), drawn, strict=True)]


def shrunk(picture: Image.Image, side: int) -> np.ndarray:
    """A picture of any size as a judge sees it: (side, side, 3), uint8."""
    return np.asarray(picture.convert("RGB").resize((side, side), Image.Resampling.BOX))


def network_values(pictures: np.ndarray) -> torch.Tensor:
    """(batch, side, side, 3) uint8 as the network takes them: (batch, 3, side, side), -1…1, float32."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1.0
