"""What of a large model is on the device at one time: planned from the memory that is free, before anything is loaded.

All plans but the one that rounds paint the same picture; the leaner, the more is copied. Source of the figures: the
full-size networks' own shapes, counted on the meta device (`python -m benchmarks.memory`). Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from story_engine.domain.family import GIB
from story_engine.domain.value import Value

MOST_ROWS = 16
"""Of 1024² on a GPU: more rows only make the calls longer."""
MOST_TEXTS = 12
"""A board of eight panels has nine or ten: with layers that are brought, one passage for all of them."""
_USUAL_TEXTS = 8
_LEANER = 0.7
"""Of a plan's peak has the next leaner one."""
_RESERVE = 0.35 * GIB
"""Taken by the device's own bookkeeping and its libraries' scratch space, once they compute."""
_ROUNDING = 1.05
"""Allocators hand out whole blocks."""
_PINNED = 1.5
"""Memory that a GPU can copy from by itself is handed out in powers of two."""


class RenderMemory(Value):
    """Bytes that painting needs, weights and work in half precision unless said otherwise; work grows with the area."""

    encoder: float
    encoder_brought: float
    """With one layer after the other: the two largest pieces that follow each other."""
    encoder_text: float
    """Work for one text."""
    unet: float
    unet_bringable: float
    """Of that the transformer layers, which can be brought one by one."""
    unet_rounded: float
    """With all its linear layers in eight bits."""
    unet_layer: float
    """The largest of those layers."""
    unet_row: float
    """Work for one latent of `side`²; a picture with guidance has two."""
    decoder: float
    """Weights in float32."""
    decoder_picture: float
    """Work for one picture of `side`², in float32."""
    decoder_band: float
    """The same in bands, whatever its size."""
    side: int
    adapters: dict[str, float] = Field(default_factory=dict)
    """Kind of control (`domain.control.KINDS`) → weights of its adapter."""
    control_row: float = 0.0
    """Of a ControlNet: what it adds to the U-Net for one latent of `side`²."""


class MemoryPlan(Value):
    """How a board is painted: what is where, and how much the device holds at each stage."""

    encoder: Literal["resident", "staged", "brought"]
    """Beside the U-Net; before it, as a whole; or before it, layer after layer."""
    unet: Literal["resident", "brought", "rounded"]
    """As a whole; with some transformer layers in main memory until they compute; or rounded to eight bits."""
    brought: float = 0.0
    """Share of the transformer layers that are in main memory."""
    rows: int
    """Latents that go through the U-Net together."""
    texts: int = MOST_TEXTS
    """Texts that go through the encoder together."""
    decoding: Literal["whole", "bands"]
    encoding_bytes: int
    denoising_bytes: int
    decoding_bytes: int

    @property
    def peak_bytes(self) -> int:
        """The largest of the stages."""
        return max(self.encoding_bytes, self.denoising_bytes, self.decoding_bytes)

    @property
    def text(self) -> str:
        """As a take records it."""
        unet = f"brought {self.brought:.0%}" if self.unet == "brought" else self.unet
        return f"encoder {self.encoder}, U-Net {unet}, {self.rows} rows, VAE {self.decoding}"

    @property
    def rounds_weights(self) -> bool:
        """Whether its pictures differ a little from those of every other plan."""
        return self.unet == "rounded"


class Painting(Value):
    """What is to be painted, and where."""

    pixels: int
    """Width times height of the largest picture."""
    is_half: bool
    """Whether it computes in half precision."""
    is_gpu: bool
    """On a CPU, weights that wait are in their file, as narrow as they were published."""
    host_bytes: float
    """Free main memory, where weights can wait for a GPU."""
    controls: frozenset[str] = frozenset()
    """Kinds of control that any of the pictures has: their adapters stay beside the U-Net."""


def plan_for(memory: RenderMemory, painting: Painting, *, free_bytes: float) -> MemoryPlan:
    """The fastest plan that fits, or the leanest where none does: an estimate warns, it refuses nothing.

    Args:
        memory: of the family.
        painting: what is asked for.
        free_bytes: on the device that computes, with what this process holds there already.
    """
    sizes = _Sizes(memory, painting)
    is_gpu = painting.is_gpu
    budget = free_bytes - _RESERVE
    painting_bytes = sizes.unet + sizes.adapters + memory.decoder + max(sizes.work(2), memory.decoder_band)
    if is_gpu and sizes.encoder + painting_bytes <= budget:
        return sizes.plan("resident", "resident", 0.0, budget)
    encoder: Literal["staged", "brought"] = "staged" if sizes.encoder <= budget else "brought"
    need = painting_bytes - budget
    if need <= 0:
        return sizes.plan(encoder, "resident", 0.0, budget)
    share = sizes.share_to_bring(need)
    if is_gpu and memory.unet_bringable * share * _PINNED > painting.host_bytes:
        return sizes.plan(encoder, "rounded", 0.0, budget)
    return sizes.plan(encoder, "brought", share, budget)


def leaner(plan: MemoryPlan, memory: RenderMemory, painting: Painting) -> MemoryPlan | None:
    """The next plan after one whose estimate did not hold; None where it is the leanest already."""
    free = float(plan.peak_bytes)
    while free > GIB / 8:
        free *= _LEANER
        following = plan_for(memory, painting, free_bytes=free)
        if following.peak_bytes < plan.peak_bytes and following.text != plan.text:
            return following
    return None


def share_to_bring(need: float, *, layer: float, layers: float) -> float:
    """Share of a network's layers, in steps of 5 %, that has to wait elsewhere for `need` bytes to be free; 1 at most.

    Two of them are on the device at one time: one computes, the next one comes.

    Args:
        need: bytes.
        layer: bytes of the largest layer.
        layers: bytes of all of them.
    """
    return min(1.0, math.ceil((need + 2 * layer) / layers * 20) / 20)


class _Sizes:
    """The figures for one size of picture and one precision."""

    def __init__(self, memory: RenderMemory, painting: Painting) -> None:
        self.memory, self._painting = memory, painting
        self._factor = 1.0 if painting.is_half else 2.0
        self._area = painting.pixels / memory.side**2
        self.text = memory.encoder_text * self._factor
        self.encoder = memory.encoder * self._factor * _ROUNDING + self.text * _USUAL_TEXTS
        held = [memory.adapters.get(kind, 0.0) for kind in painting.controls]
        self.adapters = sum(held) * self._factor * _ROUNDING
        self._row = memory.unet_row + memory.control_row * bool(painting.controls)
        self.unet = memory.unet * self._factor * _ROUNDING

    def work(self, rows: int) -> float:
        """Of the U-Net for so many rows."""
        return self._row * self._area * rows * self._factor * _ROUNDING

    def share_to_bring(self, need: float) -> float:
        """Share of the transformer layers that has to wait elsewhere for `need` bytes to be free."""
        memory = self.memory
        return share_to_bring(need, layer=memory.unet_layer * self._factor, layers=memory.unet_bringable * self._factor)

    def plan(
        self,
        encoder: Literal["resident", "staged", "brought"],
        unet: Literal["resident", "brought", "rounded"],
        share: float,
        budget: float,
    ) -> MemoryPlan:
        """With as many rows as still fit, and bands where the decoder's own work does not."""
        memory = self.memory
        weights = self._unet_on_device(unet, share) + self.adapters + memory.decoder
        if encoder == "resident":
            weights += self.encoder
        rows = next((each for each in self._rows() if weights + self.work(each) <= budget), 2)
        whole = weights + memory.decoder_picture * self._area * _ROUNDING
        is_whole = whole <= budget
        encoding, texts = self.encoder, _USUAL_TEXTS
        if encoder == "brought":
            brought = memory.encoder_brought * self._factor
            texts = max(1, min(MOST_TEXTS, int((budget - brought) / self.text)))
            encoding = brought + self.text * texts
        return MemoryPlan(
            encoder=encoder,
            unet=unet,
            brought=share,
            rows=rows,
            texts=texts,
            decoding="whole" if is_whole else "bands",
            encoding_bytes=round((weights if encoder == "resident" else encoding) + _RESERVE),
            denoising_bytes=round(weights + self.work(rows) + _RESERVE),
            decoding_bytes=round((whole if is_whole else weights + memory.decoder_band) + _RESERVE),
        )

    def _unet_on_device(self, unet: str, share: float) -> float:
        memory = self.memory
        if unet == "rounded":
            return memory.unet_rounded * _ROUNDING + memory.unet_layer * self._factor
        away = memory.unet_bringable * share
        coming = 2 * memory.unet_layer * self._factor if share else 0.0
        return self.unet - away * self._factor * _ROUNDING + coming

    def _rows(self) -> Iterator[int]:
        """Numbers of rows that are worth a try, the most first."""
        most = max(2, min(64, int(MOST_ROWS / self._area))) if self._painting.is_gpu else 2
        rows = most - most % 2
        while rows > 2:
            yield rows
            rows = max(2, rows // 2 - rows // 2 % 2)
        yield 2
