"""Write and render the scenes of one story, take by take."""

from __future__ import annotations

from pages.parts import frame, story_desk

with frame.page("story"):
    story_desk.draw()
