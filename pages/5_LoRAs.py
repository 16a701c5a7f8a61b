"""The library of LoRAs: inspect, repair, convert, use."""

from __future__ import annotations

from pages.parts import frame, lora_page

with frame.page("loras"):
    lora_page.draw()
