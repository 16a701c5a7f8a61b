"""Every tensor of Kolors as published has its place in our networks, at full size; nothing is computed."""

import pytest
import torch
from diffsynth.models.kolors_text_encoder import ChatGLMConfig, ChatGLMModel
from diffsynth.models.sdxl_unet import SDXLUNet
from diffsynth.models.sdxl_vae_decoder import SDXLVAEDecoder
from diffsynth.models.sdxl_vae_encoder import SDXLVAEEncoder
from diffsynth.models.utils import hash_state_dict_keys

from benchmarks.gpu.sizes import TEXT_ENCODER_CONFIG
from story_engine.inference.fit_widths import fit_widths
from story_engine.inference.lora_injection import UnetAdapters
from story_engine.kolors.family import KOLORS
from story_engine.kolors.networks import _renamed as renamed
from story_engine.lora_files.layers import LoraLayer
from story_engine.lora_files.names import parse_key
from story_engine.lora_files.read import LoraWeights
from tests.story_engine.kolors.published_kolors import (
    UNET_FINGERPRINT,
    VAE_FINGERPRINT,
    published_text_encoder,
    published_unet,
    published_vae,
)

RANK, ALPHA = 16, 2.0


def shapes(tensors) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def marked(published) -> dict[str, torch.Tensor]:
    """One number each, so that it can be followed to its place."""
    return {name: torch.tensor([number]) for number, name in enumerate(published)}


def test_what_is_taken_for_published_has_the_fingerprints_of_the_published_files():
    assert hash_state_dict_keys(published_unet()) == UNET_FINGERPRINT
    assert hash_state_dict_keys(published_vae()) == VAE_FINGERPRINT


@pytest.mark.parametrize(
    ("published", "builds"),
    [
        (published_unet, [lambda: SDXLUNet(is_kolors=True)]),
        (published_vae, [SDXLVAEDecoder, SDXLVAEEncoder]),
    ],
)
def test_every_published_tensor_goes_to_one_place_of_its_own_shape(published, builds):
    whole = published()
    followed: set[int] = set()
    for build in builds:
        with torch.device("meta"):
            network, untouched = build(), build()
        wanted = shapes(untouched.state_dict())

        tensors = renamed(network, whole)
        fit_widths(network, tensors)
        network.load_state_dict(tensors, assign=True)

        assert shapes(network.state_dict()) == shapes(tensors) == wanted and str(network) == str(untouched)
        numbers = [int(number) for number in renamed(network, marked(whole)).values()]
        assert len(set(numbers)) == len(numbers)
        followed |= set(numbers)
    assert followed == set(range(len(whole)))


def test_the_text_encoder_has_every_tensor_by_its_published_name_and_shape():
    with torch.device("meta"):
        ours = ChatGLMModel(ChatGLMConfig(**TEXT_ENCODER_CONFIG, use_cache=True), empty_init=False)

    assert shapes(ours.state_dict()) == shapes(published_text_encoder())
    assert len(published_text_encoder()) == 200


@pytest.mark.parametrize(
    ("part", "published", "bytes_each"),
    [("text_encoder", published_text_encoder, 2), ("unet", published_unet, 2), ("vae", published_vae, 4)],
)
def test_the_published_files_are_as_large_as_their_tensors(part, published, bytes_each):
    weights = [name for name in KOLORS.sizes if name.startswith(part) and not name.endswith(".json")]

    inside = bytes_each * sum(tensor.numel() for tensor in published().values())

    on_disk = sum(KOLORS.sizes[name] for name in weights)
    assert inside < on_disk < inside + 300_000  # names, shapes, the zip around a shard


def test_all_1120_tensors_of_the_challenges_lora_find_their_place_in_the_full_unet():
    with torch.device("meta"):
        unet = SDXLUNet(is_kolors=True).requires_grad_(False)
        layers = {
            name: LoraLayer(torch.empty(RANK, module.in_features), torch.empty(module.out_features, RANK))
            for name, module in unet.named_modules()
            if name.rpartition(".")[2] in ("to_q", "to_k", "to_v", "to_out")
        }
    keys = [f"{name}.lora_{half}.default.weight" for name in layers for half in "AB"]
    assert len(keys) == 1120 and {found.module for key in keys if (found := parse_key(key))} == set(layers)
    adapters = UnetAdapters(unet)

    match = adapters.add("ink", "ink", LoraWeights(layers=layers, rank=RANK, alpha=ALPHA, tensors=len(keys)))

    assert (match.matched, match.expected) == (1120, 1120)
    halves = shapes({name: each for name, each in unet.named_parameters() if ".lora_" in name})
    assert len(halves) == 1120 and sum(a * b for a, b in halves.values()) == 23_224_320
