"""The lines of a picture, as a ControlNet for edges is shown them: Canny's, white on black."""

from __future__ import annotations

import numpy as np
from PIL import Image

THRESHOLDS = (100, 200)
"""Source: Kwai-Kolors/Kolors, controlnet/sample_controlNet.py, by which the published edges were made."""


def edges_of(picture: Image.Image) -> Image.Image:
    """Lines one pixel wide, RGB, of the picture's own size. Canny 1986, by OpenCV."""
    return Image.fromarray(edge_pixels(np.asarray(picture.convert("RGB"))))


def edge_pixels(pixels: np.ndarray) -> np.ndarray:
    """The same for pixels (height, width, 3), uint8."""
    import cv2  # 100 ms; pages that draw no lines do without it

    lines = cv2.Canny(np.ascontiguousarray(pixels), *THRESHOLDS)
    return np.repeat(lines[:, :, None], 3, axis=2)
