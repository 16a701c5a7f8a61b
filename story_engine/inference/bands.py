"""The VAE's decoder a band of rows at a time: the picture of a decoder that runs whole, in a fraction of its memory.

Tiles that are decoded apart and blended (`tiled=True` in DiffSynth) show other colours, because a group normalisation
sees only its tile. Here statistics are those of the whole map, a convolution is given the rows beside its band, and
attention sees all keys; so only the order of additions differs. Large maps wait in main memory between two steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from diffsynth.models.sd_unet import ResnetBlock, UpSampler
from diffsynth.models.sd_vae_decoder import SDVAEDecoder, VAEAttentionBlock
from torch import nn
from torch.nn import functional

_WHOLE_BYTES = 64 * 2**20
"""A map up to this size goes through its block as a whole; a residual block holds three to four such maps."""
_BAND_BYTES = 32 * 2**20
_QUERIES_PER_CALL = 1024

_Prepare = Callable[[torch.Tensor], torch.Tensor]


def decode_in_bands(
    decoder: SDVAEDecoder, latents: torch.Tensor, *, whole_bytes: int = _WHOLE_BYTES, band_bytes: int = _BAND_BYTES
) -> torch.Tensor:
    """As `decoder(latents)`, to the rounding of its additions.

    Args:
        decoder: in evaluation mode, on the device that computes.
        latents: (1, 4, height/8, width/8).
        whole_bytes: maps up to this size are not cut.
        band_bytes: of the part of a larger map that is on the device at once.

    Returns:
        (1, 3, height, width) in the latents' dtype, in main memory.
    """
    walk = _Walk(next(decoder.parameters()), whole_bytes, band_bytes)
    hidden = latents.to(walk.like) / decoder.scaling_factor
    hidden = decoder.conv_in(decoder.post_quant_conv(hidden))
    for block in decoder.blocks:
        hidden = walk.through(block, hidden)
    picture = walk.convolved(decoder.conv_out, hidden, walk.activated(decoder.conv_norm_out, hidden))
    return picture.to("cpu", latents.dtype)


class _Walk:
    """From map to map: small ones on the device and whole, large ones in main memory and band by band."""

    def __init__(self, like: torch.Tensor, whole_bytes: int, band_bytes: int) -> None:
        self.like = like
        self._whole_bytes, self._band_bytes = whole_bytes, band_bytes

    def through(self, block: nn.Module, hidden: torch.Tensor) -> torch.Tensor:
        """The map after one block of the decoder."""
        grows = 4 if isinstance(block, UpSampler) else 1
        if hidden.nbytes * grows <= self._whole_bytes and not isinstance(block, VAEAttentionBlock):
            result: torch.Tensor = block(hidden.to(self.like.device), None, None, None)[0]
            return result
        if isinstance(block, ResnetBlock):
            return self._residual(block, hidden)
        if isinstance(block, UpSampler):
            return self._doubled(block.conv, hidden)
        return self._attended(block, hidden)

    def convolved(self, conv: nn.Conv2d, hidden: torch.Tensor, prepare: _Prepare) -> torch.Tensor:
        """`conv(prepare(hidden))` of a 3 × 3 convolution; `prepare` works on each pixel apart."""
        result = self._empty(hidden, conv.out_channels, *hidden.shape[2:])
        for first, last, rows in self._bands(hidden):
            result[:, :, first:last] = _convolved(conv, prepare(rows), first > 0, last < hidden.shape[2])
        return result

    def statistics(self, hidden: torch.Tensor, groups: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and variance of each group over the whole map, (groups,), joined from those of its bands.

        Source: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances".
        """
        count, mean, squares = 0, torch.zeros(groups, dtype=torch.float64), torch.zeros(groups, dtype=torch.float64)
        for first, last, _ in self._bands(hidden):
            rows = hidden[:, :, first:last].to(self.like.device).reshape(groups, -1)
            variance, average = (each.double().cpu() for each in torch.var_mean(rows, dim=1, correction=0))
            more = rows.shape[1]
            away = average - mean
            mean = mean + away * (more / (count + more))
            squares = squares + variance * more + away**2 * (count * more / (count + more))
            count += more
        return mean.to(self.like), (squares / count).to(self.like)

    def _residual(self, block: ResnetBlock, hidden: torch.Tensor) -> torch.Tensor:
        inner = self.convolved(block.conv1, hidden, self.activated(block.norm1, hidden))
        result = self.convolved(block.conv2, inner, self.activated(block.norm2, inner))
        shortcut = block.conv_shortcut or nn.Identity()
        for first, last, _ in self._bands(hidden):
            band = hidden[:, :, first:last].to(self.like.device)
            result[:, :, first:last] = shortcut(band) + result[:, :, first:last].to(self.like.device)
        return result

    def _doubled(self, conv: nn.Conv2d, hidden: torch.Tensor) -> torch.Tensor:
        height, width = hidden.shape[2] * 2, hidden.shape[3] * 2
        result = self._empty(hidden, conv.out_channels, height, width)
        for first, last, rows in self._bands(hidden, grows=4):
            large = functional.interpolate(rows, scale_factor=2.0, mode="nearest")
            above, below = first > 0, last < hidden.shape[2]
            large = large[:, :, 1 if above else 0 : large.shape[2] - 1 if below else None]
            result[:, :, 2 * first : 2 * last] = _convolved(conv, large, above, below)
        return result

    def _attended(self, block: VAEAttentionBlock, hidden: torch.Tensor) -> torch.Tensor:
        """Attention is on the small map; its scores would be large, so queries go a few at a time."""
        hidden = hidden.to(self.like.device)
        batch, channels, height, width = hidden.shape
        tokens = block.norm(hidden).permute(0, 2, 3, 1).reshape(batch, height * width, channels)
        for attention in block.transformer_blocks:
            parts = [attention(some, tokens) for some in tokens.split(_QUERIES_PER_CALL, dim=1)]
            tokens = torch.cat(parts, dim=1)
        attended: torch.Tensor = tokens.reshape(batch, height, width, channels).permute(0, 3, 1, 2) + hidden
        return attended

    def activated(self, norm: nn.GroupNorm, hidden: torch.Tensor) -> _Prepare:
        """Normalisation with the whole map's statistics, then SiLU."""
        normalised = _normalised(norm, self.statistics(hidden, norm.num_groups))
        return lambda rows: functional.silu(normalised(rows))

    def _bands(self, hidden: torch.Tensor, *, grows: int = 1) -> Iterator[tuple[int, int, torch.Tensor]]:
        """First row, row after the last, and these rows on the device with one more on either side where there is."""
        height = hidden.shape[2]
        rows = max(1, self._band_bytes // (hidden.nbytes * grows // height))
        for first in range(0, height, rows):
            last = min(height, first + rows)
            yield first, last, hidden[:, :, max(0, first - 1) : last + 1].to(self.like.device)

    def _empty(self, hidden: torch.Tensor, channels: int, height: int, width: int) -> torch.Tensor:
        return torch.empty(hidden.shape[0], channels, height, width, dtype=self.like.dtype)


def _convolved(conv: nn.Conv2d, rows: torch.Tensor, above: bool, below: bool) -> torch.Tensor:
    """Rows with their neighbours; at the map's edge zeros take their place, as the convolution itself pads."""
    padded = functional.pad(rows, (1, 1, 0 if above else 1, 0 if below else 1))
    return functional.conv2d(padded, conv.weight, conv.bias)


def _normalised(norm: nn.GroupNorm, statistics: tuple[torch.Tensor, torch.Tensor]) -> _Prepare:
    mean, variance = statistics
    each = norm.num_channels // norm.num_groups
    scale = (variance + norm.eps).rsqrt().repeat_interleave(each) * norm.weight
    shift = norm.bias - mean.repeat_interleave(each) * scale
    return lambda rows: torch.addcmul(shift[None, :, None, None], rows, scale[None, :, None, None])
