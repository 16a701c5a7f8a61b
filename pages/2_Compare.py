"""One scene over two axes: seeds, LoRAs, strengths, checkpoints, samplers, steps, guidance."""

from __future__ import annotations

from pages.parts import compare_page, frame

with frame.page("compare"):
    compare_page.draw()
