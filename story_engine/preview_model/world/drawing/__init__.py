"""The drawings that the preview model is trained on: places, figures, props and styles."""

from story_engine.preview_model.world.drawing.compose import draw
from story_engine.preview_model.world.drawing.sampling import sample_scene
from story_engine.preview_model.world.drawing.shipped import shipped_scenes

__all__ = ["draw", "sample_scene", "shipped_scenes"]
