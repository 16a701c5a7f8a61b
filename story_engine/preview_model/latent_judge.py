"""How much of its prompt a picture shows, read off its latents: subject, place, style, shot and main colour.

Small networks that know the drawn world only. They read drawings and what the model imagines on its way to a picture,
so a picture can be judged before it is finished, and without a decoder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional

from story_engine.domain.contest import Adherence
from story_engine.domain.family import LATENT_CHANNELS
from story_engine.errors import InstallOrDownload
from story_engine.preview_model.world.expected import ATTRIBUTES, asked_words, read_prompt

JUDGE_FILE = Path(__file__).parent / "judge" / "prompt.safetensors"
"""Of the judges that are shipped."""
_STAGES = ((64, 1), (64, 1), (112, 2), (112, 1), (160, 2), (160, 1), (160, 1))
"""Width and stride of each convolution."""
_LEAST = 1e-4
"""Probability below which one attribute's miss counts no more: a single judge is never that sure."""


class JudgeConvolution(nn.Module):
    """Convolution, norm and activation, added to what came in where the shapes agree."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """(batch, inputs, side, side) → (batch, outputs, side / stride, side / stride)."""
        result: torch.Tensor = functional.silu(self.norm(self.convolution(hidden)))
        return result + hidden if result.shape == hidden.shape else result


class LatentJudge(nn.Module):
    """A convolutional trunk with one linear head for each attribute."""

    def __init__(self, attributes: Mapping[str, Sequence[str]] = ATTRIBUTES) -> None:
        """`attributes`: what it reads, and the values of each."""
        super().__init__()
        widths = (LATENT_CHANNELS, *(width for width, _ in _STAGES))
        self.trunk = nn.Sequential(
            *(JudgeConvolution(inputs, *stage) for inputs, stage in zip(widths, _STAGES, strict=False))
        )
        self.heads = nn.ModuleDict({name: nn.Linear(2 * widths[-1], len(each)) for name, each in attributes.items()})

    def forward(self, latents: torch.Tensor) -> dict[str, torch.Tensor]:
        """Logits by attribute.

        Args:
            latents: (batch, 4, height, width), scaled as the U-Net has them.
        """
        hidden = self.trunk(latents.contiguous(memory_format=torch.channels_last))
        pooled = torch.cat([hidden.mean(dim=(2, 3)), hidden.amax(dim=(2, 3))], dim=1)
        pooled = functional.dropout(pooled, 0.1, training=self.training)
        return {name: head(pooled).float() for name, head in self.heads.items()}


@dataclass(frozen=True, slots=True)
class PromptJudge:
    """Several judges that were taught apart: what they agree on is surer than what one of them says."""

    judges: Sequence[LatentJudge]

    def reads(self, prompt: str) -> bool:
        """Whether the prompt names anything of the drawn world."""
        return bool(asked_words(prompt))

    @torch.inference_mode()
    def adherence(self, latents: torch.Tensor, prompt: str) -> list[Adherence]:
        """How much of its prompt each picture shows.

        Args:
            latents: finished ones or as they are imagined, (pictures, 4, height/8, width/8), on any device.
            prompt: of all of them, one that it reads.
        """
        expected, words = read_prompt(prompt), asked_words(prompt)
        asked = {name: getattr(expected, name) for name in words}
        seen = self._probabilities(latents.float().cpu())
        rows = torch.stack([seen[name][:, ATTRIBUTES[name].index(value)] for name, value in asked.items()], dim=1)
        return [
            Adherence(
                value=float(row.clamp(min=_LEAST).log().mean().exp()),
                words={words[name]: float(share) for name, share in zip(asked, row, strict=True)},
            )
            for row in rows
        ]

    def _probabilities(self, latents: torch.Tensor) -> Mapping[str, torch.Tensor]:
        """(pictures, values) by attribute: of both sides of the mirror, as logarithms, in the mean."""
        sides = [judge(side) for judge in self.judges for side in (latents, latents.flip(3))]
        means = {name: torch.stack([side[name].log_softmax(1) for side in sides]).mean(0) for name in ATTRIBUTES}
        return {name: mean.softmax(1) for name, mean in means.items()}


def save(judges: Sequence[LatentJudge], path: Path) -> None:
    """Write their weights, float16, numbered in their order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{number}.{key}": (value.half() if value.is_floating_point() else value).contiguous()
        for number, judge in enumerate(judges)
        for key, value in judge.state_dict().items()
    }
    save_file(tensors, path)


def load(path: Path) -> PromptJudge:
    """What `save` has written, in evaluation mode.

    Raises:
        InstallOrDownload: the file is missing or damaged.
    """
    try:
        tensors = load_file(path)
        numbers = sorted({int(key.split(".", 1)[0]) for key in tensors})
        judges = [LatentJudge() for _ in numbers]
        for number, judge in zip(numbers, judges, strict=True):
            parts = ((key.split(".", 1), value) for key, value in tensors.items())
            judge.load_state_dict({name: value for (at, name), value in parts if int(at) == number})
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        raise InstallOrDownload("contest.judge_damaged", file=str(path), reason=str(error)[:200]) from error
    return PromptJudge(tuple(judge.eval().requires_grad_(False) for judge in judges))
