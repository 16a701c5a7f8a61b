"""Start, follow, stop and resume LoRA trainings."""

from __future__ import annotations

from pages.parts import frame, train_page

with frame.page("train"):
    train_page.draw()
