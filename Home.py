"""The shelf of stories: open, create, duplicate, rename, delete; what the machine can do and what it is doing."""

from __future__ import annotations

from pages.parts.home import shelf
from pages.parts.shared import frame, live, machine_line

with frame.page("home"):
    shelf.draw_head()
    machine_line.draw()
    live.follow(quiet=True)
    shelf.draw()
