"""Write and render the scenes of one story, take by take."""

from __future__ import annotations

from pages.parts.shared import frame
from pages.parts.story import page

with frame.page("story"):
    page.draw()
