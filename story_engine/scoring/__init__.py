"""Ratings of pictures. Only `aesthetics` and `preview_scorer_training` import torch; the rest is for pages too."""
