"""One scene over two axes: seeds, LoRAs, strengths, checkpoints, samplers, steps, guidance."""

from __future__ import annotations

from pages.parts.compare import page
from pages.parts.shared import frame

with frame.page("compare"):
    page.draw()
