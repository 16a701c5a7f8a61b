"""The library of LoRAs: inspect, repair, convert, use."""

from __future__ import annotations

from pages.parts.loras import page
from pages.parts.shared import frame

with frame.page("loras"):
    page.draw()
