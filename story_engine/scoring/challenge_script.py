"""The challenge's own script, line by line, on a folder of pictures and a folder of weights.

It shares nothing with the Studio's way of scoring on purpose: it loads the model as the script does, asks for every
file that lies in the folder, whatever it is, one after the other, and takes the plain mean.

Source: the script in the challenge's task notes (`evaluate("./images")`), read 2026-11-28.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from aesthetics_predictor import AestheticsPredictorV2Linear
from PIL import Image
from transformers import CLIPImageProcessor, CLIPProcessor

_TOKENIZER_FILES = ("tokenizer.json", "vocab.json")


class RefusedFile(Exception):
    """The script would have ended at this file."""

    def __init__(self, name: str, reason: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"{name}: {reason}")


def evaluate(folder: Path, weights: Path, *, scored: Callable[[int], None]) -> tuple[dict[str, float], str]:
    """Score of every file in `folder`, and the class that prepared the pictures.

    Args:
        folder: of the pictures.
        weights: of the scorer.
        scored: told after each file how many have their score.

    Raises:
        RefusedFile: a file that is no picture, or one that the preprocessing does not take.
    """
    predictor = AestheticsPredictorV2Linear.from_pretrained(weights)
    processor = _processor(weights)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    predictor = predictor.to(device)

    def get_aesthetics_score(image: Image.Image) -> float:
        inputs = processor(images=image, return_tensors="pt")
        inputs = {k: v.to(device) for k, v in inputs.items()}
        with torch.no_grad():
            outputs = predictor(**inputs)
        prediction = outputs.logits
        return float(prediction.tolist()[0][0])

    scores = {}
    for path in sorted(folder.iterdir()):  # sorted: the mean is the same, and a refusal names the first file
        if path.is_file():
            try:
                with Image.open(path) as image:
                    scores[path.name] = get_aesthetics_score(image)
            except (OSError, ValueError, TypeError, Image.DecompressionBombError) as error:
                raise RefusedFile(path.name, str(error)[:200] or type(error).__name__) from error
            scored(len(scores))
    return scores, type(processor).__name__


def _processor(weights: Path) -> Callable[..., Any]:
    """`CLIPProcessor` as in the script, where the tokenizer that it wants is here; else its half for pictures."""
    if any((weights / name).is_file() for name in _TOKENIZER_FILES):
        return CLIPProcessor.from_pretrained(weights)  # type: ignore[no-any-return]
    return CLIPImageProcessor.from_pretrained(weights)  # type: ignore[no-any-return]
