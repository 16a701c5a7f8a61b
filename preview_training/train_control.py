"""Trains the preview model's ControlNet for edges: a small net beside the frozen U-Net, on drawings and their lines.

The U-Net and the text encoder are the shipped ones and stay as they are. The same command goes on where it was stopped.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from preview_training.balance import balanced_probabilities
from preview_training.caption_batches import caption_tokens
from preview_training.drawing_cache import DrawingCache
from preview_training.latents import LatentCache
from preview_training.plan_options import read_plan
from preview_training.processes import run_in_processes
from preview_training.text_tokens import encode_tokens
from preview_training.timesteps import loss_weights
from preview_training.train_diffusion import DiffusionPlan, encode_latents, unpack_weights
from preview_training.training_run import Moment, RunOptions, TrainingRun
from story_engine.catalog.preview_sizes import PreviewConfig
from story_engine.domain.family import PIXELS_PER_LATENT, TIMESTEPS
from story_engine.formats.edges import edge_pixels
from story_engine.inference.control_net import ControlNet, added_to
from story_engine.inference.fit_widths import fit_widths
from story_engine.inference.noise_schedule import add_noise
from story_engine.preview_model.acceleration import accelerate
from story_engine.preview_model.architecture import PreviewParts
from story_engine.preview_model.weights import WEIGHTS_FOLDER, load_preview
from story_engine.preview_model.world import DrawnScene

STAGE = "control_edges"
WIDTHS = (32, 64, 64)
PICTURE_WIDTHS = (3, 16, 32, 48, 64, 32)
_TIME, _TEXT = 128, 64
_WITHOUT_WORDS = 0.3
"""Share of captions left empty: what the words do not say, the lines have to. Source: arXiv:2302.05543, section 3.3."""
_THICK = 0.3
"""Share of pictures whose lines are as thick as a hand draws them."""
_NOISIER = 0.7
"""Exponent of the share of the schedule: shapes are decided early, so noisy steps come more often."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlan:
    """What trains how long."""

    drawings: Path
    folder: Path
    weights: Path = WEIGHTS_FOLDER
    steps: int = 3000
    batch: int = 12
    count: int = 20_000
    learning_rate: float = 3e-3
    seed: int = 5


def small_control_net(config: PreviewConfig, *, seed: int = 0) -> ControlNet:
    """Untrained, of the widths that the preview model's U-Net takes; what it adds is zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        with torch.device("meta"):
            net = ControlNet()
        fit_widths(net, _shapes(net, config))
        net.to_empty(device="cpu")
        for module in net.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
    for name, module in net.named_modules():
        if name.startswith("controlnet_blocks.") or name.endswith((".conv2", ".proj_out")):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)
    return net


def _shapes(net: ControlNet, config: PreviewConfig) -> dict[str, torch.Tensor]:
    """Tensors on the meta device by name: Kolors' own with the small widths in the place of its widths."""
    large = {320: WIDTHS[0], 640: WIDTHS[1], 1280: WIDTHS[2]}
    shapes: dict[str, torch.Tensor] = {}
    for name, tensor in net.state_dict().items():
        sides = list(tensor.shape)
        if name.startswith(("time_embedding.", "add_time_embedding.")):
            first = config.unet_timestep_channels if name.startswith("time") else _added(config)
            sides = [_TIME, *([first if ".0." in name else _TIME] if len(sides) == 2 else [])]
        elif name.startswith("text_intermediate_proj."):
            sides = [_TEXT, *([config.text_hidden] if len(sides) == 2 else [])]
        elif name.startswith("controlnet_conv_in."):
            large_widths = dict(zip((3, 16, 32, 96, 256, 320), PICTURE_WIDTHS, strict=True))
            sides = [large_widths.get(side, side) for side in sides]
        elif name.startswith("controlnet_blocks."):
            place = int(name.split(".")[1])
            wide = config.unet_widths[(0, 0, 0, 0, 1, 1, 1, 2, 2, 2)[place]]
            sides = [wide, *(large[side] if side > 1 else side for side in sides[1:])]
        else:
            if ".attn2.to_k." in name or ".attn2.to_v." in name:
                sides = [large[sides[0]], _TEXT]
            elif ".time_emb_proj." in name:
                sides = [large[sides[0]], *([_TIME] if len(sides) == 2 else [])]
            else:
                sides = [_scaled(side, large) for side in sides]
        shapes[name] = torch.empty(sides, device="meta")
    kept: dict[str, torch.Tensor] = {}
    for name, tensor in shapes.items():
        if ".transformer_blocks." not in name or ".transformer_blocks.0." in name:
            kept[name] = tensor
    return kept


def _added(config: PreviewConfig) -> int:
    return config.text_hidden + 6 * config.unet_size_channels


def _scaled(side: int, large: dict[int, int]) -> int:
    """A width of Kolors, or a multiple of one, as the small net has it; kernels stay as they are."""
    for width in sorted(large, reverse=True):
        if side >= width and side % width == 0:
            return large[width] * (side // width)
    return side


class ControlTraining:
    """Losses of the ControlNet on latents and lines of whole drawings."""

    def __init__(
        self, net: ControlNet, parts: PreviewParts, cache: DrawingCache, latents: np.ndarray, plan: ControlPlan
    ) -> None:
        self._net, self._unet, self._encoder = net, parts.unet, parts.text_encoder
        scenes = cache.scenes()[: len(latents)]
        self._rows = [row for row, scene in enumerate(scenes) if scene.degradation in ("none", "low_contrast")]
        self._scenes: list[DrawnScene] = [scenes[row] for row in self._rows]
        self._probabilities = balanced_probabilities(self._scenes)
        self._pictures, self._latents, self._batch = cache.pictures, latents, plan.batch
        self._tokens = parts.config.prompt_tokens
        self._sizes = torch.tensor([cache.size, cache.size, 0, 0, cache.size, cache.size])

    def losses(self, moment: Moment) -> dict[str, torch.Tensor]:
        """One step's weighted loss, and the plain noise error with the lines and without them."""
        places = np.sort(moment.random.choice(len(self._rows), size=self._batch, p=self._probabilities))
        rows = [self._rows[place] for place in places]
        scenes = [self._scenes[place] for place in places]
        tokens = caption_tokens(scenes, moment.random, length=self._tokens, empty_share=_WITHOUT_WORDS)
        lines = torch.from_numpy(np.stack([lines_of(self._pictures[row], moment.random) for row in rows]))
        latents = torch.from_numpy(self._latents[rows].astype(np.float32))
        noise = torch.randn(latents.shape, generator=moment.torch_random)
        shares = (torch.arange(self._batch) + torch.rand(self._batch, generator=moment.torch_random)) / self._batch
        timesteps = (shares**_NOISIER * TIMESTEPS).long().clamp(max=TIMESTEPS - 1)
        timesteps = timesteps[torch.randperm(self._batch, generator=moment.torch_random)]
        noisy = add_noise(latents, noise, timesteps).contiguous(memory_format=torch.channels_last)
        sizes = self._sizes.repeat(self._batch)
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                pooled, embedding = encode_tokens(self._encoder, tokens)
            shown = lines.permute(0, 3, 1, 2).float().div(255).contiguous(memory_format=torch.channels_last)
            additions = self._net(noisy, timesteps.float(), embedding, sizes, pooled, shown)
            with added_to(self._unet, additions):
                predicted = self._unet(noisy, timesteps.float(), embedding, sizes, pooled).float()
        errors = (predicted - noise).square().mean(dim=(1, 2, 3))
        order = timesteps.argsort()
        half = self._batch // 2
        loss = (errors * loss_weights(timesteps)).mean()
        return {"loss": loss, "clear": errors[order[:half]].mean(), "noisiest": errors[order[half:]].mean()}


def lines_of(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(height, width, 3), uint8: a drawing's lines, now and then as thick as a hand draws them."""
    import cv2

    lines = edge_pixels(np.asarray(picture))
    if random.random() < _THICK:
        side = int(random.integers(2, 4))
        lines = cv2.dilate(lines, np.ones((side, side), np.uint8))
    return np.asarray(lines)


def train(process: int, plan: ControlPlan) -> None:
    """All of it in one process; exports what it has learnt so far whenever it ends."""
    parts = load_preview(plan.weights)
    cache = DrawingCache(plan.drawings)
    full_size = cache.size // PIXELS_PER_LATENT
    count = min(plan.count, len(cache.scenes()))
    latents = LatentCache(cache, size=full_size, folder=plan.folder)
    if latents.ready() < count:
        encoding = DiffusionPlan(drawings=plan.drawings, folder=plan.folder, processes=1)
        encode_latents(process, parts.config, encoding, full_size, count)
    for network in (parts.unet, parts.text_encoder):
        accelerate(network)
        network.requires_grad_(False)
    net = small_control_net(parts.config, seed=plan.seed).train()
    accelerate(net)
    options = RunOptions(
        folder=plan.folder,
        stage=STAGE,
        learning_rate=plan.learning_rate,
        steps=plan.steps,
        seed=plan.seed,
        warm_up_steps=50,
        average_decay=0.995,
    )
    run = TrainingRun({"control": net}, options)
    run.run(ControlTraining(net, parts, cache, latents.values[:count], plan).losses)
    export(run, plan.folder / f"{STAGE}.safetensors")


def export(run: TrainingRun, path: Path) -> None:
    """The averages in half precision, by the names of `ControlNet`."""
    averages = run.parameters.averaged()["control"]
    save_file({name: tensor.half().contiguous() for name, tensor in averages.items()}, path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the ControlNet for edges on a folder of drawings; the same command resumes."""
    plan = read_plan(ControlPlan, arguments, about=main.__doc__)
    if not (plan.folder / "vae.pt").exists():
        unpack_weights(plan.weights, plan.folder)
    run_in_processes(train, (plan,), processes=1)


if __name__ == "__main__":
    main()
