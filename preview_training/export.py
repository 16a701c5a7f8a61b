"""Turns a training's checkpoints into weights files, several of those into their mean, and weights into a sheet."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from preview_training.mean_weights import mean_of
from preview_training.train_adherence import STAGE as ADHERENCE_STAGE
from preview_training.train_diffusion import PREVIEW, fixed_token_ids, trained_networks
from preview_training.train_vae import VAE_FILE
from preview_training.training_run import RunOptions, TrainingRun
from story_engine.domain.family import LATENT_CHANNELS, PIXELS_PER_LATENT
from story_engine.inference.noise_schedule import kolors_schedule
from story_engine.preview_model.architecture import (
    PreviewConfig,
    PreviewParts,
    build_preview,
)
from story_engine.preview_model.prompts import PreviewPrompter
from story_engine.preview_model.weights import WEIGHTS_FOLDER, load_preview, save_preview

PROMPTS = (
    "水墨风格，一只橙色的猫，坐在宫殿大殿里，全身",
    "ink wash style, an orange cat in a palace hall, full body",
    "二次元，紫色短发小女孩，在家中沙发上坐着，双手托着腮，很无聊，全身，粉色连衣裙",
    "二次元，日系动漫，演唱会的舞台上，紫色中等长度头发的女孩，穿着粉色吊带漏肩连衣裙，唱歌，上半身",
    "现代风格，熊猫在雪山前，远景",
    "crayon drawing, a brown dog on the beach, close-up",
    "剪纸风格，皇帝坐在龙椅上，黄色龙袍，上半身",
    "pixel art, a blue robot in the street at night, full body",
)
NEGATIVE = "丑陋，变形，嘈杂，模糊，低对比度"


def parts_from_checkpoints(folder: Path, config: PreviewConfig, *, stage: str | None = None) -> PreviewParts:
    """The averages of a stage, by default the newest, and the finished VAE in a training's folder.

    Raises:
        FileNotFoundError: the VAE is not finished, or the stage (none of them, by default) has begun.
    """
    token_ids = fixed_token_ids(folder)
    size = config.picture_size // PIXELS_PER_LATENT
    newest_first = (stage,) if stage else (ADHERENCE_STAGE, f"diffusion_{size}", f"diffusion_{size // 2}")
    stages = [each for each in newest_first if (folder / f"{each}.checkpoint").exists()]
    if not stages:
        raise FileNotFoundError(f"no checkpoint of {' or '.join(newest_first)} in {folder}")
    unet, text_encoder = trained_networks(config, token_ids)
    run = TrainingRun(
        {"unet": unet, "text_encoder": text_encoder},
        RunOptions(folder=folder, stage=stages[0], learning_rate=0.0, steps=1),
    )
    averages = run.parameters.averaged()
    parts = build_preview(config, known_token_ids=token_ids)
    parts.unet.load_state_dict(averages["unet"])
    missing, unexpected = parts.text_encoder.load_state_dict(averages["text_encoder"], strict=False)
    if unexpected or any("weight" in name and "final_layernorm" not in name for name in missing):
        raise ValueError(f"the checkpoint does not fit the text encoder: {missing} {unexpected}")
    vae = torch.load(folder / VAE_FILE, weights_only=True)
    parts.vae_encoder.load_state_dict(vae["encoder"])
    parts.vae_decoder.load_state_dict(vae["decoder"])
    return parts


@torch.no_grad()
def sample(
    parts: PreviewParts,
    prompts: Sequence[str],
    *,
    negative: str = "",
    steps: int = 20,
    guidance: float = 4.0,
    seed: int = 0,
) -> list[Image.Image]:
    """Pictures for prompts in one batch: DDIM on the Kolors schedule, as `SDXLImagePipeline` does one by one."""
    config = parts.config
    prompter = PreviewPrompter(config.prompt_tokens)
    prompter.fetch_models(parts.text_encoder)
    pooled, embedding = prompter.encode_prompt([*prompts, *[negative] * len(prompts)])
    side = config.picture_size // PIXELS_PER_LATENT
    generator = torch.Generator().manual_seed(seed)
    latents = torch.randn(len(prompts), LATENT_CHANNELS, side, side, generator=generator)
    sizes = torch.tensor([config.picture_size, config.picture_size, 0, 0] + [config.picture_size] * 2)
    scheduler = kolors_schedule()
    scheduler.set_timesteps(steps)
    for timestep in scheduler.timesteps:
        doubled = torch.cat([latents, latents])
        noise = parts.unet(doubled, timestep[None], embedding, sizes.repeat(len(doubled)), pooled)
        wanted, unwanted = noise.chunk(2)
        latents = scheduler.step(unwanted + guidance * (wanted - unwanted), timestep[None], latents)
    pictures = [parts.vae_decoder(latent[None])[0] for latent in latents]
    return [_to_image(picture) for picture in pictures]


def sheet(pictures: Sequence[Image.Image], *, columns: int = 4) -> Image.Image:
    """Pictures of one size side by side."""
    width, height = pictures[0].size
    rows = -(-len(pictures) // columns)
    result = Image.new("RGB", (columns * width, rows * height))
    for index, picture in enumerate(pictures):
        result.paste(picture, (index % columns * width, index // columns * height))
    return result


def _to_image(picture: torch.Tensor) -> Image.Image:
    values = ((picture.clamp(-1, 1) + 1) * 127.5).round().byte()
    return Image.fromarray(np.ascontiguousarray(values.permute(1, 2, 0).numpy()))


def main(arguments: Sequence[str] | None = None, *, config: PreviewConfig = PREVIEW) -> None:
    """Export weights from checkpoints (`weights`), their `mean`, or paint sample prompts with weights (`sheet`)."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    weights = commands.add_parser("weights", help="checkpoints to weights files")
    weights.add_argument("--folder", type=Path, default=Path("workspace/preview_training"))
    weights.add_argument("--to", type=Path, default=WEIGHTS_FOLDER)
    weights.add_argument("--stage", help="whose averages; the newest stage's by default")
    mean = commands.add_parser("mean", help="weights files of several runs to those between them")
    mean.add_argument("folders", type=Path, nargs="+")
    mean.add_argument("--shares", type=float, nargs="+", required=True)
    mean.add_argument("--to", type=Path, default=WEIGHTS_FOLDER)
    paint = commands.add_parser("sheet", help="sample pictures")
    paint.add_argument("--weights", type=Path, default=WEIGHTS_FOLDER)
    paint.add_argument("--out", type=Path, required=True)
    paint.add_argument("--negative", default="")
    paint.add_argument("--steps", type=int, default=20)
    paint.add_argument("--guidance", type=float, default=4.0)
    paint.add_argument("--seed", type=int, default=0)
    paint.add_argument("prompts", nargs="*", default=PROMPTS)
    given = parser.parse_args(arguments)
    if given.command == "weights":
        save_preview(parts_from_checkpoints(given.folder, config, stage=given.stage), given.to)
    elif given.command == "mean":
        save_preview(mean_of(given.folders, given.shares), given.to)
    else:
        parts = load_preview(given.weights)
        options = {"negative": given.negative, "steps": given.steps, "guidance": given.guidance, "seed": given.seed}
        sheet(sample(parts, given.prompts or PROMPTS, **options)).save(given.out)


if __name__ == "__main__":
    main()
