"""Kolors' own adapters as they are published: ControlNet for lines, depth and poses, IP-Adapter-Plus, inpainting."""

from __future__ import annotations

from dataclasses import replace

from story_engine.catalog.adapter_checks import (
    other_control_net,
    other_inpainting_unet,
    other_picture_adapter,
    other_picture_encoder,
)
from story_engine.catalog.package import Package
from story_engine.catalog.part import Form, Part
from story_engine.domain.models import Licence

LICENCE = Licence(
    version="2024-07-06",
    url="https://github.com/Kwai-Kolors/Kolors/blob/master/MODEL_LICENSE",
    page="https://modelscope.cn/models/Kwai-Kolors/Kolors",
    summary="models.kolors_licence",
    names=("LICENSE*", "MODEL_LICENSE*", "LICENCE*"),
)
"""Of Kolors and of everything that its makers publish for it."""
_WEIGHTS = "diffusion_pytorch_model"
_CONTROL_BYTES = 2_526_130_000
"""1 263 009 296 numbers in half precision, 846 names."""


def _control(kind: str) -> Package:
    repository = f"Kolors-ControlNet-{kind}"
    return Package(
        name=f"kolors-{kind.lower()}",
        title=f"Kolors ControlNet {kind}",
        parts=(
            Part(
                name="control",
                forms=(Form(f"{_WEIGHTS}.safetensors"), Form(f"{_WEIGHTS}.fp16.safetensors")),
                check=other_control_net,
            ),
        ),
        home=f"kolors/{repository}",
        also=(f"Kwai-Kolors/{repository}", repository),
        hub=f"Kwai-Kolors/{repository}",
        licence=_licence(repository),
        sizes={f"{_WEIGHTS}.safetensors": _CONTROL_BYTES},
    )


def _licence(repository: str) -> Licence:
    return replace(LICENCE, page=f"https://modelscope.cn/models/Kwai-Kolors/{repository}")


CANNY, DEPTH, POSE = _control("Canny"), _control("Depth"), _control("Pose")
PICTURE_ADAPTER = Package(
    name="kolors-ip-adapter",
    title="Kolors IP-Adapter-Plus",
    parts=(
        Part(
            name="adapter",
            forms=(Form("ip_adapter_plus_general.bin"), Form("ip_adapter_plus_general.safetensors")),
            check=other_picture_adapter,
        ),
        Part(
            name="image_encoder",
            beside=("image_encoder/config.json",),
            forms=(Form("image_encoder/pytorch_model.bin"), Form("image_encoder/model.safetensors")),
            check=other_picture_encoder,
        ),
    ),
    home="kolors/Kolors-IP-Adapter-Plus",
    also=("Kwai-Kolors/Kolors-IP-Adapter-Plus", "Kolors-IP-Adapter-Plus"),
    hub="Kwai-Kolors/Kolors-IP-Adapter-Plus",
    licence=_licence("Kolors-IP-Adapter-Plus"),
    sizes={
        "ip_adapter_plus_general.bin": 1_013_170_000,
        "image_encoder/config.json": 4_800,
        "image_encoder/pytorch_model.bin": 1_711_800_000,
    },
)
"""The picture encoder is OpenAI's CLIP ViT-L/14 for 336 pixels, text half included, in full precision."""
INPAINTING = Package(
    name="kolors-inpainting",
    title="Kolors Inpainting",
    parts=(
        Part(
            name="unet",
            forms=tuple(Form(f"unet/{_WEIGHTS}{half}.safetensors") for half in ("", ".fp16")),
            check=other_inpainting_unet,
        ),
    ),
    home="kolors/Kolors-Inpainting",
    also=("Kwai-Kolors/Kolors-Inpainting", "Kolors-Inpainting"),
    hub="Kwai-Kolors/Kolors-Inpainting",
    licence=_licence("Kolors-Inpainting"),
    sizes={f"unet/{_WEIGHTS}.safetensors": 5_159_170_000},
)
"""A U-Net with nine input channels; text encoder and VAE are those of Kolors, so they are not fetched again."""
KOLORS_ADAPTERS = (CANNY, DEPTH, POSE, PICTURE_ADAPTER, INPAINTING)
