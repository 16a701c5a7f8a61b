"""Gate, checklist, contact sheet and the bundle that is handed in."""

from __future__ import annotations

from pages.parts.shared import frame
from pages.parts.submit import page

with frame.page("submit"):
    page.draw()
