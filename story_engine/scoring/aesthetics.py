"""The challenge's way of scoring: `AestheticsPredictorV2Linear` with the official preprocessing, in eval mode.

The preview scorer is the same class at small size, saved in the same layout, so one path serves both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from aesthetics_predictor import AestheticsPredictorV2Linear
from PIL import Image
from safetensors import SafetensorError
from transformers import CLIPImageProcessor, CLIPVisionConfig

from story_engine.catalog.scorers import PresentScorer, present_scorer, weights_of
from story_engine.domain.take import Score
from story_engine.errors import InstallOrDownload
from story_engine.inference.out_of_memory import is_out_of_memory
from story_engine.inference.weight_files import Tensors, tensors_of
from story_engine.store.hashes import file_sha256
from story_engine.store.layout import Layout
from story_engine.store.scores import ScoreStore

BATCH = 8
"""Pictures per forward pass: 8 at full size take about 1 GB."""


class Scorer:
    """A loaded scorer."""

    def __init__(self, present: PresentScorer, *, device: str = "cpu") -> None:
        """Load the weights.

        Raises:
            InstallOrDownload: a file is missing or damaged.
        """
        self.present = present
        self._device = device
        try:
            model = _model(present.folder)
            self._processor = CLIPImageProcessor.from_pretrained(present.folder)
        except (OSError, RuntimeError, ValueError, KeyError, SafetensorError) as error:
            if is_out_of_memory(error):
                raise
            raise InstallOrDownload("scoring.damaged", folder=str(present.folder), reason=str(error)[:200]) from error
        # eval() matters: the head has dropout, and a scorer that forgets it gives another number each time.
        self._model = model.to(device).eval()

    @torch.inference_mode()
    def score(self, images: Sequence[Image.Image]) -> list[float]:
        """One rating per picture, about 1 … 10.

        The official preprocessing resizes the short edge and keeps the middle square: of a 16:9 picture, 44 % of the
        area is never seen.
        """
        values: list[float] = []
        for start in range(0, len(images), BATCH):
            batch = [image.convert("RGB") for image in images[start : start + BATCH]]
            pixels = self._processor(images=batch, return_tensors="pt")["pixel_values"].to(self._device)
            values += self._model(pixel_values=pixels).logits[:, 0].float().tolist()
        return values


def _model(folder: Path) -> AestheticsPredictorV2Linear:
    """Of the very files that its version is the hash of.

    Left to look for itself, `from_pretrained` would take whatever else lies in the folder.
    """
    tensors: Tensors = {}
    for path in weights_of(folder):
        tensors |= tensors_of(path)
    config = CLIPVisionConfig.from_pretrained(folder)
    model, found = AestheticsPredictorV2Linear.from_pretrained(
        None, config=config, state_dict=tensors, output_loading_info=True
    )
    if found["missing_keys"]:
        raise ValueError(f"{len(found['missing_keys'])} tensors are missing, such as {found['missing_keys'][0]}")
    return model


_loaded: dict[tuple[Path, str], Scorer] = {}


def scorer_for(layout: Layout, *, device: str = "cpu") -> Scorer:
    """The present scorer, loaded once per process and version."""
    present = present_scorer(layout)
    key = (present.folder, present.version)
    if key not in _loaded:
        _loaded.clear()
        _loaded[key] = Scorer(present, device=device)
    return _loaded[key]


def score_pictures(pictures: Iterable[Path], layout: Layout, *, device: str = "cpu") -> list[Score]:
    """Scores of the picture files by the present scorer; only those without one of this version are computed."""
    paths = list(pictures)
    present = present_scorer(layout)
    store = ScoreStore(layout)
    known = store.scores(present.name, present.version)
    hashes = {path: file_sha256(path) for path in paths}
    missing = [path for path in dict.fromkeys(paths) if hashes[path] not in known]
    if missing:
        images = [Image.open(path) for path in missing]
        values = scorer_for(layout, device=device).score(images)
        fresh = [
            Score(picture_sha256=hashes[path], scorer=present.name, scorer_version=present.version, value=value)
            for path, value in zip(missing, values, strict=True)
        ]
        store.add(fresh)
        known = known | {score.picture_sha256: score.value for score in fresh}
    return [
        Score(
            picture_sha256=hashes[path],
            scorer=present.name,
            scorer_version=present.version,
            value=known[hashes[path]],
        )
        for path in paths
    ]
