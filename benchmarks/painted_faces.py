"""Whether painted faces have eyes and a mouth, in upper-body and close-up pictures.

    python -m benchmarks.painted_faces train   # a judge, taught on drawn faces, whole and spoilt; a quarter of an hour
    python -m benchmarks.painted_faces run     # the 414 prompts' upper-body and close-up pictures; figures and a sheet

Beside the figure stand those of drawings, and of drawings that were coded and decoded as the model's own pictures are.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.drawing_judge import DrawingJudge, Questions, command, teach
from benchmarks.preview_fidelity import JUDGES, Asked, as_pixels, asked_prompts, generate
from benchmarks.sheets import contact_sheet
from preview_training.judges import FAR, SIZES, load_network, shrunk
from preview_training.spoilt_faces import FACE, NEAR_SHOTS, WHOLE, drawn_face
from story_engine.config import read_config
from story_engine.domain.guidance import USUAL
from story_engine.domain.story import Settings
from story_engine.preview_model import world
from story_engine.preview_model.family import PREVIEW
from story_engine.preview_model.weights import load_preview
from story_engine.preview_model.world.drawing import draw
from story_engine.store.layout import Layout

QUESTIONS = Questions(name="face", answers=FACE, side=SIZES[FAR])
AIM = 0.90
ALL_PROMPTS = 414


def train(folder: Path, drawings: int, steps: int) -> dict[str, float]:
    """The judge of faces, taught on drawings."""
    rng = random.Random(2)
    pictures, wanted = [], []
    for _ in range(drawings):
        picture, is_whole = drawn_face(rng)
        pictures.append(shrunk(picture, QUESTIONS.side))
        wanted.append([int(is_whole[part]) for part in FACE])
    start = load_network(JUDGES / f"{FAR}.safetensors")
    return teach(QUESTIONS, np.stack(pictures), torch.tensor(wanted), folder, steps=steps, start=start)


def run(folder: Path, count: int, threads: int) -> dict[str, object]:
    """Paint and judge; leaves a sheet in the folder."""
    judge = DrawingJudge.load(QUESTIONS, folder)
    asked = [one for one in asked_prompts(count, None) if one.expected.shot in NEAR_SHOTS]
    layout = Layout.of(read_config(None))
    pictures = generate(layout, asked, Settings(guidance=USUAL), threads)
    seen = judge.read(pictures)
    drawings = [draw(one.scene) for one in asked]
    is_whole = [set(face.values()) == {WHOLE} for face in seen]
    contact_sheet(pictures, is_whole, side=192, columns=10).save(folder / "painted_faces.png")

    def of(wanted: Callable[[Asked], bool]) -> dict[str, float]:
        return _shares([face for one, face in zip(asked, seen, strict=True) if wanted(one)])

    return {
        "pictures": len(pictures),
        "painted": _shares(seen),
        "people": of(lambda one: one.scene.main.subject in world.PEOPLE),
        "animals and robots": of(lambda one: one.scene.main.subject not in world.PEOPLE),
        **{shot: of(lambda one, shot=shot: one.expected.shot == shot) for shot in NEAR_SHOTS},
        "drawings": _shares(judge.read(drawings)),
        "drawings coded and decoded": _shares(judge.read(_coded(layout, drawings))),
    }


def _coded(layout: Layout, drawings: list[Image.Image]) -> list[Image.Image]:
    parts, found = load_preview(PREVIEW.folder(layout)), []
    for drawing in drawings:
        with torch.inference_mode():
            painted = parts.vae_decoder(parts.vae_encoder(as_pixels(drawing))).clamp(-1, 1)[0]
        found.append(Image.fromarray(((painted.permute(1, 2, 0) + 1) * 127.5).round().byte().numpy()))
    return found


def _shares(faces: list[dict[str, str]]) -> dict[str, float]:
    count = max(len(faces), 1)
    parts = {part: round(sum(face[part] == WHOLE for face in faces) / count, 3) for part in FACE}
    both = sum(set(face.values()) == {WHOLE} for face in faces)
    return {"both": round(both / count, 3), **parts}


if __name__ == "__main__":
    command(__doc__, folder=Path("/tmp/painted_faces"), prompts=ALL_PROMPTS, train=train, run=run)
