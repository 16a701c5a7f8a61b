"""Judges: one small network that reads subject, place, style, shot and main colour back from a picture.

They measure whether the preview model draws what a prompt asks for, and know drawings only: trained on clean ones
(`judges_training`), never on what the model paints.
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

from story_engine.models.preview import world

PICTURE_SIZE = 64
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "subject": world.SUBJECTS,
    "place": world.PLACES,
    "style": world.STYLES,
    "shot": world.SHOTS,
    "colour": world.COLOURS,
}
_STAGES = ((24, 2), (32, 1), (64, 2), (64, 1), (112, 2), (112, 1), (128, 2), (128, 1))
"""Width and stride of each convolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judges see in one picture, each value with its probability (0…1)."""

    values: dict[str, str]
    confidences: dict[str, float]


class JudgeNetwork(nn.Module):
    """A convolutional trunk at 64 px with one linear head for each attribute."""

    def __init__(self) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        channels = 3
        for width, stride in _STAGES:
            stages.append(_Convolution(channels, width, stride))
            channels = width
        self.trunk = nn.Sequential(*stages)
        self.heads = nn.ModuleDict({name: nn.Linear(2 * channels, len(values)) for name, values in ATTRIBUTES.items()})

    def forward(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        """Logits by attribute.

        Args:
            pictures: (batch, 3, 64, 64), -1…1.
        """
        hidden = self.trunk(pictures)
        pooled = torch.cat([hidden.mean(dim=(2, 3)), hidden.amax(dim=(2, 3))], dim=1)
        pooled = functional.dropout(pooled, 0.1, training=self.training)
        return {name: head(pooled) for name, head in self.heads.items()}


class _Convolution(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = functional.silu(self.norm(self.convolution(hidden)))
        return result + hidden if result.shape == hidden.shape else result


class Judges:
    """A trained network, ready to read pictures."""

    def __init__(self, network: JudgeNetwork) -> None:
        self._network = network.eval()

    @classmethod
    def load(cls, path: Path) -> Judges:
        """The judges saved at `path`.

        Raises:
            FileNotFoundError: they were not trained yet.
        """
        network = JudgeNetwork()
        network.load_state_dict({key: value.float() for key, value in load_file(path).items()})
        return cls(network)

    def read(self, pictures: Sequence[Image.Image]) -> list[Verdict]:
        """One verdict for each picture of any size."""
        verdicts = []
        for start in range(0, len(pictures), 64):
            batch = network_values(np.stack([shrunk(picture) for picture in pictures[start : start + 64]]))
            with torch.inference_mode():
                chances = {name: logits.softmax(1) for name, logits in self._network(batch).items()}
            for row in range(len(batch)):
                best = {name: int(chance[row].argmax()) for name, chance in chances.items()}
                verdicts.append(
                    Verdict(
                        values={name: ATTRIBUTES[name][index] for name, index in best.items()},
                        confidences={name: float(chances[name][row, index]) for name, index in best.items()},
                    )
                )
        return verdicts


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


def shrunk(picture: Image.Image) -> np.ndarray:
    """A picture of any size as the judges see it: (64, 64, 3), uint8."""
    return np.asarray(picture.convert("RGB").resize((PICTURE_SIZE, PICTURE_SIZE), Image.Resampling.BOX))


def network_values(pictures: np.ndarray) -> torch.Tensor:
    """(batch, 64, 64, 3) uint8 as the network takes them: (batch, 3, 64, 64), -1…1, float32, channels last."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1.0
