"""Whether two who are asked for are both there, and not one, or one and a half; whether one who is asked for is alone.

    python -m benchmarks.two_subjects train   # a judge of who is there, taught on drawings; a quarter of an hour
    python -m benchmarks.two_subjects run     # 60 prompts for two and 300 for one as stories paint them by default

Each prompt names two of different kinds, a place and a style; the first thirty as captions say it, the others as people
type it ("a cat and a dog in the classroom, crayon drawing"), Chinese and English in turn. The same scenes are asked for
without the second one too, and so are four times as many of `preview_fidelity`'s prompts, which say more: a model that
learned company must not add it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.drawing_judge import DrawingJudge, Questions, command, teach
from benchmarks.preview_fidelity import JUDGES, Asked, asked_prompts, generate
from benchmarks.sheets import contact_sheet
from preview_training.imagining import NEGATIVES
from preview_training.judges import FAR, SIZES, load_network, shrunk
from story_engine.config import read_config
from story_engine.domain.guidance import USUAL
from story_engine.domain.story import Settings
from story_engine.preview_model import world
from story_engine.preview_model.world import lexicon
from story_engine.preview_model.world.captions import caption
from story_engine.preview_model.world.drawing import draw
from story_engine.preview_model.world.drawing.sampling import sample_figure, sample_scene
from story_engine.preview_model.world.expected import named_subjects, read_prompt
from story_engine.store.layout import Layout

ABSENT, PRESENT = "absent", "present"
SEVERAL = "several"
"""Whether there is more than one figure, of whatever kind."""
COMPANY = Questions(
    name="company", answers=dict.fromkeys((*world.SUBJECTS, SEVERAL), (ABSENT, PRESENT)), side=SIZES[FAR]
)
AIM = 0.70
_SHOTS = {"full": 0.6, "upper": 0.2, "long": 0.2}
_DETAILED = 4
"""Prompts of `preview_fidelity` for each pair: it is in long ones that somebody comes uncalled."""
_SEED = 60_221
"""Not one that anything was trained or decided with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPair(Asked):
    """A prompt with two in it."""

    @property
    def pair(self) -> tuple[str, str]:
        """Who is asked for."""
        return self.scene.main.subject, self.scene.companions[0].subject


def asked_pairs(count: int) -> list[AskedPair]:
    """The same ones at every call; every kind equally often."""
    rng = random.Random(_SEED)
    asked: list[AskedPair] = []
    for index, (language, names) in enumerate(zip(cycle(("zh", "en")), _pairs(count, rng), strict=False)):
        scene = _scene_of(names, rng)
        prompt = _as_captioned(scene, rng, language) if index < count // 2 else _as_typed(scene, language)
        asked.append(
            AskedPair(
                prompt=prompt,
                negative=NEGATIVES[language],
                seed=rng.randrange(2**32),
                expected=read_prompt(prompt),
                scene=scene,
            )
        )
    return asked


def asked_alone(count: int) -> list[Asked]:
    """The scenes of `asked_pairs` with the first one only."""
    rng = random.Random(_SEED + 1)
    return [
        _asked_alone(each, rng, language, is_caption=index < count // 2)
        for index, (each, language) in enumerate(zip(asked_pairs(count), cycle(("zh", "en")), strict=False))
    ]


def _asked_alone(pair: AskedPair, rng: random.Random, language: str, *, is_caption: bool) -> Asked:
    scene = replace(pair.scene, companions=())
    prompt = _as_captioned(scene, rng, language) if is_caption else _as_typed(scene, language)
    return Asked(prompt=prompt, negative=pair.negative, seed=pair.seed, expected=read_prompt(prompt), scene=scene)


def train(folder: Path, drawings: int, steps: int) -> dict[str, float]:
    """The judge of who is there, taught on drawings of one, two and three."""
    rng = random.Random(1)
    scenes = [_to_learn(rng) for _ in range(drawings)]
    pictures = np.stack([shrunk(draw(scene), COMPANY.side) for scene in scenes])
    wanted = torch.tensor([[int(each in _there(scene)) for each in COMPANY.answers] for scene in scenes])
    return teach(COMPANY, pictures, wanted, folder, steps=steps, start=load_network(JUDGES / f"{FAR}.safetensors"))


def run(folder: Path, count: int, threads: int) -> dict[str, object]:
    """Paint and judge; leaves three sheets in the folder."""
    judge, pairs, single = DrawingJudge.load(COMPANY, folder), asked_pairs(count), asked_alone(count)
    detailed = asked_prompts(_DETAILED * count, negative=None)
    layout = Layout.of(read_config(None))
    pictures, pictures_alone, pictures_detailed = (
        generate(layout, each, Settings(guidance=USUAL), threads) for each in (pairs, single, detailed)
    )
    seen, seen_alone, seen_detailed = (_read(judge, each) for each in (pictures, pictures_alone, pictures_detailed))
    drawn = _read(judge, [draw(one.scene) for one in pairs])
    drawn_alone = _read(judge, [draw(one.scene) for one in single])
    both = [set(one.pair) <= who for one, who in zip(pairs, seen, strict=True)]
    alone, alone_detailed = ([SEVERAL not in who for who in each] for each in (seen_alone, seen_detailed))
    _keep(folder / "two_subjects", pairs, pictures, seen, both)
    _keep(folder / "one_subject", single, pictures_alone, seen_alone, alone)
    _keep(folder / "one_subject_detailed", detailed, pictures_detailed, seen_detailed, alone_detailed)
    return {
        "prompts": count,
        "both there": _share(both),
        "of captions": _share(both[: count // 2]),
        "as typed": _share(both[count // 2 :]),
        "Chinese": _share(both[0::2]),
        "English": _share(both[1::2]),
        "first there": _share([one.pair[0] in who for one, who in zip(pairs, seen, strict=True)]),
        "second there": _share([one.pair[1] in who for one, who in zip(pairs, seen, strict=True)]),
        "several there, whoever": _share([SEVERAL in who for who in seen]),
        "one asked for and alone": _share(alone),
        "one asked for in detail and alone": _share(alone_detailed),
        "both seen in drawings of both": _share([set(o.pair) <= who for o, who in zip(pairs, drawn, strict=True)]),
        "several seen in drawings of both": _share([SEVERAL in who for who in drawn]),
        "second seen in drawings without": _share(
            [o.pair[1] in who for o, who in zip(pairs, drawn_alone, strict=True)]
        ),
        "alone in drawings of one": _share([SEVERAL not in who for who in drawn_alone]),
    }


def _read(judge: DrawingJudge, pictures: Sequence[Image.Image]) -> list[set[str]]:
    """Of each picture, who is seen, and `SEVERAL` where more than one is."""
    return [{name for name, answer in each.items() if answer == PRESENT} for each in judge.read(pictures)]


def _keep(
    path: Path, asked: Sequence[Asked], pictures: Sequence[Image.Image], seen: Sequence[set[str]], right: Sequence[bool]
) -> None:
    contact_sheet(pictures, right, side=192, columns=10).save(path.with_suffix(".png"))
    lines = [
        f"{index}\t{sorted(who)}\t{one.prompt}\n" for index, (one, who) in enumerate(zip(asked, seen, strict=True))
    ]
    path.with_suffix(".txt").write_text("".join(lines))


def _pairs(count: int, rng: random.Random) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    while len(pairs) < count:
        first, second = rng.sample(world.SUBJECTS, len(world.SUBJECTS)), rng.sample(world.SUBJECTS, len(world.SUBJECTS))
        pairs += [(one, other) for one, other in zip(first, second, strict=True) if one != other]
    return pairs[:count]


def _scene_of(names: tuple[str, str], rng: random.Random) -> world.DrawnScene:
    shot = rng.choices(list(_SHOTS), list(_SHOTS.values()))[0]
    main, other = (sample_figure(rng, name, shot) for name in names)
    return world.DrawnScene(
        main=main,
        companions=(replace(other, action="standing"),),
        place=rng.choice(world.PLACES),
        style=rng.choice(world.STYLES),
        shot=shot,
        seed=rng.randrange(2**31),
    )


def _as_captioned(scene: world.DrawnScene, rng: random.Random, language: str) -> str:
    while True:
        text = caption(scene, rng, language)
        if set(named_subjects(text)) == _there(scene) - {SEVERAL} and read_prompt(text).place == scene.place:
            return text


def _as_typed(scene: world.DrawnScene, language: str) -> str:
    names = [getattr(lexicon.SUBJECTS[each.subject], language)[0] for each in (scene.main, *scene.companions)]
    place = getattr(lexicon.PLACES[scene.place].settings, language)[0]
    style = getattr(lexicon.STYLES[scene.style], language)[0]
    if language == "zh":
        return f"{style}，{'和'.join(names)}在{place}"
    return f"{style}, {' and '.join(_with_article(each) for each in names)} {place}"


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _to_learn(rng: random.Random) -> world.DrawnScene:
    """Half of them alone."""
    scene = sample_scene(rng)
    while scene.shot == "close":
        scene = sample_scene(rng)
    companions: tuple[world.Figure, ...] = ()
    if rng.random() < 0.5:
        subjects = rng.choices(world.SUBJECTS, k=1 if rng.random() < 0.8 else 2)
        companions = tuple(replace(sample_figure(rng, each), action="standing") for each in subjects)
    main = sample_figure(rng, rng.choice(world.SUBJECTS), scene.shot)
    return replace(scene, main=main, companions=companions, degradation="none")


def _there(scene: world.DrawnScene) -> set[str]:
    return {figure.subject for figure in (scene.main, *scene.companions)} | ({SEVERAL} if scene.companions else set())


def _share(right: list[bool]) -> float:
    return round(sum(right) / max(len(right), 1), 3)


if __name__ == "__main__":
    command(__doc__, folder=Path("/tmp/two_subjects"), prompts=60, train=train, run=run)
