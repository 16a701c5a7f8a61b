"""The preview model has the shape of Kolors: same blocks, same names, small widths."""

from __future__ import annotations

import torch
from diffsynth.models.sd_vae_decoder import SDVAEDecoder
from diffsynth.models.sd_vae_encoder import SDVAEEncoder
from diffsynth.models.sdxl_unet import SDXLUNet
from torch import nn

from preview_training.text_tokens import encode_tokens, tokenize
from story_engine.preview_model.architecture import (
    SMALLEST,
    PreviewConfig,
    PreviewParts,
    build_preview,
)
from story_engine.preview_model.prompts import PreviewPrompter
from story_engine.preview_model.text_encoder import KOLORS_TOKEN_COUNT


def test_block_lists_are_those_of_diffsynth() -> None:
    with torch.device("meta"):
        originals: list[nn.Module] = [SDXLUNet(is_kolors=True), SDVAEEncoder(), SDVAEDecoder()]
    parts = build_preview(SMALLEST)

    for original, ours in zip(originals, (parts.unet, parts.vae_encoder, parts.vae_decoder), strict=True):
        assert [type(block) for block in ours.blocks] == [type(block) for block in original.blocks]  # type: ignore[union-attr]
        assert [name for name, _ in ours.named_children()] == [name for name, _ in original.named_children()]


def test_every_name_of_the_unet_exists_in_kolors() -> None:
    with torch.device("meta"):
        kolors = set(SDXLUNet(is_kolors=True).state_dict())

    assert set(build_preview(SMALLEST).unet.state_dict()) <= kolors


def test_shipped_configuration_stays_under_thirty_megabytes_with_four_thousand_known_tokens() -> None:
    parts = build_preview(PreviewConfig(), known_token_ids=range(3, 4203))

    networks = (parts.unet, parts.text_encoder, parts.vae_encoder, parts.vae_decoder)
    assert 2 * sum(each.numel() for network in networks for each in network.parameters()) < 30_000_000


def test_a_picture_goes_through_all_four_networks() -> None:
    parts = build_preview(SMALLEST)
    pooled, embedding = _encoded(parts, ["一只橙色的猫", "a cat"])
    latents = parts.vae_encoder(torch.zeros(2, 3, 64, 64))

    sizes = torch.tensor([64, 64, 0, 0, 64, 64]).repeat(2)
    noise = parts.unet(latents, torch.tensor([500.0]), embedding, sizes, pooled)

    assert embedding.shape == (2, SMALLEST.prompt_tokens, SMALLEST.text_hidden)
    assert noise.shape == latents.shape == (2, 4, 8, 8)
    assert parts.vae_decoder(latents).shape == (2, 3, 64, 64)
    assert torch.isfinite(noise).all()


def test_tokens_without_a_row_share_the_unknown_row() -> None:
    embedding = build_preview(SMALLEST, known_token_ids=[30910, 31000]).text_encoder.embedding

    rows = embedding(torch.tensor([[31000, 5, KOLORS_TOKEN_COUNT - 1, -1]]))

    table = embedding.word_embeddings.weight
    assert torch.equal(rows[0, 0], table[2])
    assert all(torch.equal(rows[position, 0], table[0]) for position in (1, 2, 3))


def test_the_prompter_and_the_training_path_encode_alike() -> None:
    parts = build_preview(SMALLEST)
    prompter = PreviewPrompter(SMALLEST.prompt_tokens)
    prompter.fetch_models(parts.text_encoder)

    with torch.no_grad():
        pooled, embedding = prompter.encode_prompt(["一只橙色的猫", ""])
        trained = _encoded(parts, ["一只橙色的猫", ""])

    assert torch.equal(pooled, trained[0])
    assert torch.equal(embedding, trained[1])


def test_one_seed_builds_one_model_and_leaves_the_global_randomness_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)

    first, second = build_preview(SMALLEST, seed=3), build_preview(SMALLEST, seed=3)

    assert torch.equal(torch.rand(1), expected)
    for name, value in first.unet.state_dict().items():
        assert torch.equal(value, second.unet.state_dict()[name])


def test_a_configuration_survives_json() -> None:
    assert PreviewConfig.from_json(SMALLEST.to_json()) == SMALLEST


def _encoded(parts: PreviewParts, prompts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    return encode_tokens(parts.text_encoder, tokenize(PreviewPrompter(parts.config.prompt_tokens), prompts))
