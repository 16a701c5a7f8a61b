"""The challenge's way of scoring: `AestheticsPredictorV2Linear` with the official preprocessing, in eval mode.

The preview scorer is the same class at small size, saved in the same layout, so one path serves both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from aesthetics_predictor import AestheticsPredictorV2Linear
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError
from transformers import CLIPImageProcessor, CLIPVisionConfig

from story_engine.catalog.scorers import PresentScorer, present_scorer, weights_of
from story_engine.domain.take import Score
from story_engine.errors import InstallOrDownload
from story_engine.inference.out_of_memory import is_out_of_memory
from story_engine.inference.weight_files import Tensors, placed, tensors_of
from story_engine.store.embeddings import EmbeddingStore
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

    def score(self, images: Sequence[Image.Image]) -> list[float]:
        """One rating per picture, about 1 … 10."""
        return self.rate(images)[0]

    @torch.inference_mode()
    def rate(self, images: Sequence[Image.Image]) -> tuple[list[float], NDArray[np.float32]]:
        """Ratings, and the embeddings that they are read off: (pictures, width), each of length 1.

        The official preprocessing resizes the short edge and keeps the middle square: of a 16:9 picture, 44 % of the
        area is never seen.

        Source: the class returns its normalised `image_embeds` under the name `hidden_states`.
        """
        values: list[float] = []
        embeddings: list[NDArray[np.float32]] = []
        for start in range(0, len(images), BATCH):
            batch = [image.convert("RGB") for image in images[start : start + BATCH]]
            pixels = self._processor(images=batch, return_tensors="pt")["pixel_values"].to(self._device)
            rated = self._model(pixel_values=pixels)
            values += rated.logits[:, 0].float().tolist()
            embeddings.append(rated.hidden_states.float().cpu().numpy())
        width = self._model.config.projection_dim
        return values, np.concatenate(embeddings) if embeddings else np.zeros((0, width), dtype=np.float32)


def _model(folder: Path) -> AestheticsPredictorV2Linear:
    """Of the very files that its version is the hash of.

    Left to look for itself, `from_pretrained` would take whatever else lies in the folder.
    """
    tensors: Tensors = {}
    for path in weights_of(folder):
        tensors |= {name: placed(tensor) for name, tensor in tensors_of(path).items()}
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
    """Scores of the picture files by the present scorer, and their embeddings beside them.

    Only what has no score, or no embedding, of this version is computed; a score that is there stays as it is.
    """
    paths = list(pictures)
    present = present_scorer(layout)
    scores, embeddings = ScoreStore(layout), EmbeddingStore(layout)
    known = scores.scores(present.name, present.version)
    seen = embeddings.embeddings(present.name, present.version)
    hashes = [file_sha256(path) for path in paths]
    by_hash = dict(zip(hashes, paths, strict=True))
    missing = [hash_ for hash_ in by_hash if hash_ not in known or hash_ not in seen]
    if missing:
        images = [Image.open(by_hash[hash_]) for hash_ in missing]
        values, rows = scorer_for(layout, device=device).rate(images)
        fresh = {hash_: value for hash_, value in zip(missing, values, strict=True) if hash_ not in known}
        scores.add([_score(present, hash_, value) for hash_, value in fresh.items()])
        unseen = {hash_: row for hash_, row in zip(missing, rows, strict=True) if hash_ not in seen}
        embeddings.add(present.name, present.version, unseen)
        known = known | fresh
    return [_score(present, hash_, known[hash_]) for hash_ in hashes]


def _score(present: PresentScorer, picture: str, value: float) -> Score:
    return Score(picture_sha256=picture, scorer=present.name, scorer_version=present.version, value=value)
