"""The drawings that the preview model is trained on: places, figures, props and styles."""
