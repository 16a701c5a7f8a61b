"""Gate, checklist, contact sheet and the bundle that is handed in."""

from __future__ import annotations

from pages.parts import frame, submission

with frame.page("submit"):
    submission.draw()
