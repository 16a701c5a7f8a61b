"""All pictures of the workspace: found, kept, taken up again, thrown away."""

from __future__ import annotations

from pages.parts.gallery import page
from pages.parts.shared import frame

with frame.page("gallery"):
    page.draw()
