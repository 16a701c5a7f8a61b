"""Start, follow, stop and resume LoRA trainings."""

from __future__ import annotations

from pages.parts.shared import frame
from pages.parts.train import page

with frame.page("train"):
    page.draw()
