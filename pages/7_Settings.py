"""Device, model files, the queue, the language and where everything lies."""

from __future__ import annotations

from pages.parts import frame, machine_room

with frame.page("settings"):
    machine_room.draw()
