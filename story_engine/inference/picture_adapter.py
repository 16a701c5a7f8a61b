"""IP-Adapter-Plus (arXiv:2308.06721): a picture as a few more words of the prompt, in keys and values of their own.

What a picture encoder sees in its patches goes through a resampler into 16 tokens; every attention to the prompt looks
at them besides, by the road that DiffSynth has for it. Source of Kolors' sizes: the published file's own shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from diffsynth.models.sd_unet import AttentionBlock
from torch import nn
from torch.nn import functional

HEAD_WIDTH = 64
_DIM, _INNER, _SEEN, _TOKENS, _DEPTH = 2048, 768, 1024, 16, 4
_ATTENTIONS = (*(640,) * 4, *(1280,) * 50, *(640,) * 6, *(1280,) * 10)
"""Widths of the attentions to the prompt, in the published order: down, up, middle."""


class PictureAdapter(nn.Module):
    """From a picture encoder's patches to keys and values for each attention to the prompt.

    Built at Kolors' sizes; `fit_adapter` gives it others. Names are those of the published file, joined by points.
    """

    def __init__(self) -> None:
        super().__init__()
        self.image_proj = _Resampler()
        self.ip_adapter = nn.ModuleDict(
            {str(2 * place + 1): _KeysAndValues(_DIM, width) for place, width in enumerate(_ATTENTIONS)}
        )

    def tokens(self, seen: torch.Tensor) -> torch.Tensor:
        """(pictures, 16, width) of (pictures, patches, width of the encoder)."""
        tokens: torch.Tensor = self.image_proj(seen)
        return tokens

    def looks(self, tokens: torch.Tensor, unet: nn.Module, weight: float) -> Looks:
        """What each attention of the U-Net is given besides the prompt, for rows of tokens.

        Raises:
            ValueError: the U-Net has another number of attentions.
        """
        places = _attentions(unet)
        if len(places) != len(self.ip_adapter):
            raise ValueError(f"{len(self.ip_adapter)} layers for {len(places)} attentions")
        looks: Looks = {}
        for (block, layer), layers in zip(places, self.ip_adapter.values(), strict=True):
            keys, values = layers(tokens)
            looks.setdefault(block, {})[layer] = {"ip_k": keys, "ip_v": values, "scale": weight}
        return looks


Looks = dict[int, dict[int, dict[str, Any]]]
"""Block of the U-Net → transformer layer → keys, values and weight: DiffSynth's `ipadapter_kwargs_list`."""


@contextmanager
def looking(unet: nn.Module, looks: Looks) -> Iterator[None]:
    """While it is entered, the attentions of the U-Net look at a picture too; `looks` has the very rows of the pass."""
    blocks: Any = unet.blocks

    def shows(place: int) -> Any:
        def show(_module: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
            return given, {**named, "ipadapter_kwargs_list": looks[place]}

        return show

    handles = [blocks[place].register_forward_pre_hook(shows(place), with_kwargs=True) for place in looks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def flat(published: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """The tensors of a published file by the names of `PictureAdapter`: pickled files have two tables in one."""
    tensors: dict[str, torch.Tensor] = {}
    for name, value in published.items():
        if isinstance(value, Mapping):
            tensors |= {f"{name}.{inner}": tensor for inner, tensor in value.items()}
        else:
            tensors[name] = value
    return tensors


def fit_adapter(adapter: PictureAdapter, tensors: Mapping[str, torch.Tensor]) -> None:
    """Give an adapter on the meta device the sizes of `tensors`; for Kolors itself nothing changes."""
    depth = len({name.split(".")[2] for name in tensors if name.startswith("image_proj.layers.")})
    del adapter.image_proj.layers[depth:]
    for name in [each for each in adapter.ip_adapter if f"ip_adapter.{each}.to_k_ip.weight" not in tensors]:
        del adapter.ip_adapter[name]
    for name, module in adapter.named_modules():
        for key, parameter in list(module.named_parameters(recurse=False)):
            given = tensors.get(f"{name}.{key}")
            if given is not None and given.shape != parameter.shape:
                setattr(module, key, nn.Parameter(torch.empty(given.shape, device="meta")))
                if isinstance(module, nn.LayerNorm):
                    module.normalized_shape = tuple(given.shape)


def _attentions(unet: nn.Module) -> list[tuple[int, int]]:
    """Block and layer of every attention to the prompt: down, up, middle, as diffusers counts them."""
    blocks: Any = unet.blocks
    found = [place for place, block in enumerate(blocks) if isinstance(block, AttentionBlock)]
    middle = found[len(found) // 2 - 1]  # as many behind it as before it, and one more: 4 down, 1, 6 up
    ordered = [place for place in found if place != middle] + [middle]
    return [(place, layer) for place in ordered for layer in range(len(blocks[place].transformer_blocks))]


class _Resampler(nn.Module):
    """A Perceiver: a few learnt tokens look at the picture's patches, layer after layer."""

    def __init__(self) -> None:
        super().__init__()
        self.latents = nn.Parameter(torch.zeros(1, _TOKENS, _DIM))
        self.proj_in = nn.Linear(_SEEN, _DIM)
        self.proj_out = nn.Linear(_DIM, _DIM)
        self.norm_out = nn.LayerNorm(_DIM)
        self.layers = nn.ModuleList([nn.ModuleList([_Look(), _widened()]) for _ in range(_DEPTH)])

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        tokens = self.latents.expand(len(seen), -1, -1)
        patches = self.proj_in(seen)
        layers: Any = self.layers
        for look, widened in layers:
            tokens = tokens + look(patches, tokens)
            tokens = tokens + widened(tokens)
        result: torch.Tensor = self.norm_out(self.proj_out(tokens))
        return result


class _Look(nn.Module):
    """Tokens look at the patches and at each other."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(_DIM), nn.LayerNorm(_DIM)
        self.to_q = nn.Linear(_DIM, _INNER, bias=False)
        self.to_kv = nn.Linear(_DIM, 2 * _INNER, bias=False)
        self.to_out = nn.Linear(_INNER, _DIM, bias=False)

    def forward(self, patches: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        tokens = self.norm2(tokens)
        queries = _in_heads(self.to_q(tokens))
        keys, values = self.to_kv(torch.cat([self.norm1(patches), tokens], dim=1)).chunk(2, dim=-1)
        seen = functional.scaled_dot_product_attention(queries, _in_heads(keys), _in_heads(values))
        result: torch.Tensor = self.to_out(seen.transpose(1, 2).flatten(2))
        return result


class _KeysAndValues(nn.Module):
    def __init__(self, seen: int, width: int) -> None:
        super().__init__()
        self.to_k_ip = nn.Linear(seen, width, bias=False)
        self.to_v_ip = nn.Linear(seen, width, bias=False)

    def forward(self, tokens: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.to_k_ip(tokens), self.to_v_ip(tokens)


def _widened() -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(_DIM), nn.Linear(_DIM, 4 * _DIM, bias=False), nn.GELU(), nn.Linear(4 * _DIM, _DIM, bias=False)
    )


def _in_heads(values: torch.Tensor) -> torch.Tensor:
    """(rows, heads, tokens, 64)."""
    return values.view(*values.shape[:2], -1, HEAD_WIDTH).transpose(1, 2)
