"""Collect, caption, filter and check training pictures."""

from __future__ import annotations

from pages.parts import dataset_page, frame

with frame.page("dataset"):
    dataset_page.draw()
