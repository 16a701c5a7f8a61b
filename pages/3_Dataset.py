"""Collect, caption, filter and check training pictures."""

from __future__ import annotations

from pages.parts.dataset import page
from pages.parts.shared import frame

with frame.page("dataset"):
    page.draw()
