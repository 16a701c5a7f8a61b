"""The shelf of stories: open, create, duplicate, rename, delete; what the machine can do and what it is doing."""

from __future__ import annotations

from pages.parts import frame, live, machine_line, shelf

with frame.page("home"):
    shelf.draw_head()
    machine_line.draw()
    live.follow(quiet=True)
    shelf.draw()
