"""Device, model files, the queue, the language and where everything lies."""

from __future__ import annotations

from pages.parts.settings import page
from pages.parts.shared import frame

with frame.page("settings"):
    page.draw()
