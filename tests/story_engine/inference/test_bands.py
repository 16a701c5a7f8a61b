"""A picture decoded in bands is the picture."""

from __future__ import annotations

import pytest
import torch
from diffsynth.models.sdxl_vae_decoder import SDXLVAEDecoder

from story_engine.inference.bands import decode_in_bands
from story_engine.inference.memory_count import peak_bytes
from tests.story_engine.inference.small_kolors import small_parts


@pytest.mark.parametrize(("height", "width", "kilobytes"), [(17, 16, 97), (16, 25, 300)])
def test_bands_of_any_height_give_the_picture_of_the_whole_decoder(height: int, width: int, kilobytes: int) -> None:
    decoder = small_parts().vae_decoder
    latents = torch.randn((1, 4, height, width), generator=torch.Generator().manual_seed(height))

    with torch.inference_mode():
        whole = decoder(latents)
        bands = decode_in_bands(decoder, latents, whole_bytes=10_000, band_bytes=kilobytes * 1000)

    assert bands.shape == (1, 3, 8 * height, 8 * width) and bands.dtype == latents.dtype
    assert whole.std() > 0.05
    assert (bands - whole).abs().max() * 127.5 < 0.05  # of 255


def test_half_precision_latents_come_back_in_half_precision() -> None:
    decoder = small_parts().vae_decoder
    latents = torch.randn((1, 4, 16, 16), generator=torch.Generator().manual_seed(0)).half()

    with torch.inference_mode():
        bands, whole = decode_in_bands(decoder, latents, whole_bytes=0), decoder(latents)

    assert bands.dtype == torch.float16 and (bands - whole).abs().max() * 127.5 < 0.3


def test_a_band_needs_less_of_the_device_than_the_whole() -> None:
    """Maps that wait are counted here too: on a GPU they are in main memory."""
    decoder = small_parts().vae_decoder
    latents = torch.zeros((1, 4, 24, 24))

    whole = peak_bytes(lambda: decoder(latents))
    bands = peak_bytes(lambda: decode_in_bands(decoder, latents, whole_bytes=10_000, band_bytes=300_000))

    assert bands < 0.8 * whole


@pytest.mark.thorough
def test_the_full_size_decoder_in_bands_gives_its_picture() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        decoder = SDXLVAEDecoder().eval().requires_grad_(False)
    latents = torch.randn((1, 4, 40, 48), generator=torch.Generator().manual_seed(1))

    with torch.inference_mode():
        difference = decode_in_bands(decoder, latents, whole_bytes=2**20, band_bytes=2**20) - decoder(latents)

    assert difference.abs().max() * 127.5 < 0.05
