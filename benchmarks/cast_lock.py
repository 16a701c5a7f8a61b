"""Whether one character stays one character over eight panels, with cast lock and without; the truth is drawn.

    python -m benchmarks.cast_lock train                 # the judge of hair, on drawings
    python -m benchmarks.cast_lock masks --drawings 200  # where the network looks, and where the figure is
    python -m benchmarks.cast_lock run --stories 100     # goes on where it was stopped
    python -m benchmarks.cast_lock report
    python -m benchmarks.cast_lock sheet --story 1003 --out sheet.jpg  # without, and below it with

Every arm paints the same scenes with the same seeds (in "same seed" all have the first). What of hair or clothes the
words leave open the model decides anew in each panel: that is what is held together.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from benchmarks import hair_judge
from benchmarks.coherence_boards import a_story
from benchmarks.drawing_judge import DrawingJudge
from benchmarks.hair_judge import HAIR
from benchmarks.recipes import recipe_by
from preview_training.judges import Judges
from story_engine.catalog.families import families
from story_engine.catalog.tokenizer import count_tokens
from story_engine.domain.guidance import USUAL
from story_engine.domain.recipe import CastPart, Recipe
from story_engine.domain.story import Settings
from story_engine.inference import cast
from story_engine.inference.cast_lock import finer_blocks
from story_engine.inference.character_masks import mass_on, otsu_mask, whole_map
from story_engine.inference.noise import noised
from story_engine.inference.render import Renderer
from story_engine.inference.runtime import encode_with, open_runtime
from story_engine.inference.starts import encode_picture
from story_engine.preview_model.world import PEOPLE, DrawnScene
from story_engine.preview_model.world.captions_en import EnglishCaption
from story_engine.preview_model.world.captions_zh import ChineseCaption
from story_engine.preview_model.world.drawing.compose import draw_with_mask
from story_engine.store.layout import Layout

ARMS = ("none", "same seed", "prefix", "shared", "shared and masked")
_OPEN = ("hair_colour", "hair_length", "outfit", "colour")
_SHOWN = 192
"""Pixels of a panel on a sheet."""
_COPIED = 0.06
"""Mean difference (0 … 1) to the anchor below which a panel is its copy: panels of one story are apart by 0.2."""


@dataclass(frozen=True, slots=True)
class Told:
    """A scene in words: the character's, and the rest."""

    style: str
    who: str
    rest: str

    def prompt(self, *, first: bool) -> str:
        """The character first, or last as in the challenge's own prompts."""
        mark = ", " if self.who.isascii() else "，"
        return mark.join((self.style, self.who, self.rest) if first else (self.style, self.rest, self.who))


def main() -> None:
    """Train the judge, check the masks, run, or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("train", "masks", "run", "report", "sheet"))
    parser.add_argument("--folder", type=Path, default=Path("/tmp/cast_lock"))
    parser.add_argument("--stories", type=int, default=100)
    parser.add_argument("--drawings", type=int, default=0)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--story", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("sheet.jpg"))
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    if given.what == "train":
        print(hair_judge.train(given.folder, drawings=given.drawings or 6000, steps=given.steps))
    elif given.what == "masks":
        print(masks(given.folder, given.drawings or 200))
    elif given.what == "run":
        run(given.folder, given.stories)
    elif given.what == "sheet":
        sheet(given.folder, given.story).save(given.out, quality=90)
    else:
        print(report(given.folder))


def run(folder: Path, stories: int) -> None:
    """Paint and judge; one line of `stories.jsonl` per story, and none is painted twice."""
    found = folder / "stories.jsonl"
    done = {json.loads(line)["story"] for line in found.read_text().splitlines()} if found.exists() else set()
    renderer, layout = _renderer(folder)
    judges, hair = Judges.load(Path(__file__).parent / "judges"), DrawingJudge.load(HAIR, folder)
    for number in range(stories):
        if number in done:
            continue
        record: dict[str, Any] = {"story": number, "arms": {}}
        scenes, arms = recipes(layout, number)
        for arm, wanted in arms.items():
            started = time.process_time()
            pictures = _painted(renderer, wanted, is_masked=arm != "shared")
            seconds = time.process_time() - started
            verdicts, hairs = judges.read(pictures), hair.read(pictures)
            record["arms"][arm] = {
                "seconds": round(seconds, 2),
                "seen": [
                    {**v.values, **(h if scenes[0].main.subject in PEOPLE else {})}
                    for v, h in zip(verdicts, hairs, strict=True)
                ],
                "apart": [round(_apart(a, b), 4) for a, b in combinations(pictures, 2)],
                "from_anchor": [round(_apart(pictures[0], each), 4) for each in pictures[1:]],
            }
            if number < 3:
                for place, picture in enumerate(pictures):
                    picture.save(folder / f"story{number}-{arm.replace(' ', '-')}-{place}.png")
        record["truth"] = [{"subject": s.main.subject, "place": s.place, "shot": s.shot} for s in scenes]
        with found.open("a") as lines:
            lines.write(json.dumps(record) + "\n")
        print(number, flush=True)


def sheet(folder: Path, number: int) -> Image.Image:
    """A story without cast lock and, below it, with; its first panel is the anchor."""
    renderer, layout = _renderer(folder)
    _, arms = recipes(layout, number)
    print(arms["prefix"][0].prompt)
    result = Image.new("RGB", (8 * _SHOWN, 2 * _SHOWN))
    for row, arm in enumerate(("prefix", "shared and masked")):
        for column, picture in enumerate(renderer.render(arms[arm])):
            small = picture.resize((_SHOWN, _SHOWN), Image.Resampling.LANCZOS)
            result.paste(small, (column * _SHOWN, row * _SHOWN))
    return result


def recipes(layout: Layout, number: int) -> tuple[tuple[DrawnScene, ...], dict[str, list[Recipe]]]:
    """A story's scenes, and what each arm paints them from."""
    rng = random.Random(1000 + number)
    story = a_story(rng)
    scenes = tuple(replace(scene, prop="none", degradation="none") for scene in story.scenes)
    said = frozenset(topic for topic in _OPEN if rng.random() < 0.5)
    told = [_told(scene, said, number) for scene in scenes]
    family = families(layout)["preview"]
    plain = recipe_by(Settings(guidance=USUAL), family, "", "", 0)
    seeds = [rng.randrange(2**31) for _ in scenes]

    def each(*, first: bool, seeds: Sequence[int]) -> list[Recipe]:
        return [
            plain.model_copy(update={"prompt": one.prompt(first=first), "seed": seed})
            for one, seed in zip(told, seeds, strict=True)
        ]

    prefix = each(first=True, seeds=seeds)
    held = [prefix[0], *(_held(one, prefix[0], told[0].who, strength=family.cast_strength) for one in prefix[1:])]
    return scenes, {
        "none": each(first=False, seeds=seeds),
        "same seed": each(first=False, seeds=[seeds[0]] * len(seeds)),
        "prefix": prefix,
        "shared": held,
        "shared and masked": held,
    }


def masks(folder: Path, drawings: int) -> dict[str, float]:
    """Mean IoU of the mask that the network gives against the figure as drawn, at noise of half of the timesteps."""
    runtime = open_runtime(_renderer(folder)[1], "preview")
    unet, encoder = runtime.unet(device="cpu", precision="float32"), runtime.vae_encoder(device="cpu")
    encode = encode_with(runtime.prompter(device="cpu", precision="float32"), "cpu")
    rng, found = random.Random(5), []
    for number in range(drawings):
        scene = replace(rng.choice(a_story(rng).scenes), prop="none", companions=())
        picture, mask = draw_with_mask(scene)
        truth = torch.from_numpy(np.asarray(mask.resize((16, 16), Image.Resampling.BOX))) > 127
        told = _told(scene, frozenset(_OPEN), number)
        prompt = told.prompt(first=True)
        (encoded,) = encode([prompt])
        start = prompt.index(told.who)
        span = cast.row_span(prompt, (start, start + len(told.who)), encoded)
        if span is None or truth.float().mean() < 0.02:
            continue
        still = encode_picture(encoder, picture)
        noise = torch.randn(still.shape, generator=torch.Generator().manual_seed(number))
        maps: list[torch.Tensor] = []
        hooks = _watch(unet, span, maps)
        with torch.inference_mode():
            sizes = torch.tensor([256.0, 256, 0, 0, 256, 256])
            unet(noised(still, noise, 1.5), torch.tensor([550.0]), encoded.embedding[None], sizes, encoded.pooled[None])
        for hook in hooks:
            hook.remove()
        seen = otsu_mask(torch.stack(maps).mean(0))
        found.append(float((seen & truth).sum() / (seen | truth).sum().clamp(min=1)))
    return {"drawings": len(found), "IoU": float(np.mean(found)), "least": float(np.quantile(found, 0.1))}


def report(folder: Path) -> str:
    """The table, with 95 % intervals of a bootstrap over stories."""
    records = [json.loads(line) for line in (folder / "stories.jsonl").read_text().splitlines()]
    lines = [
        f"{len(records)} stories; judge of hair on unseen drawings: {HAIR.accuracy(folder).read_text()}",
        "",
    ]
    names = ("subject", "colour", "hair colour", "hair length", "all four", "place right", "apart", "copies", "seconds")
    lines.append("| arm | " + " | ".join(names) + " |")
    lines.append("|" + " --- |" * (len(names) + 1))
    for arm in ARMS:
        rows = [_figures(record, arm) for record in records]
        lines.append(
            f"| {arm} | " + " | ".join(_interval([row[name] for row in rows if name in row]) for name in names) + " |"
        )
    base = [_figures(record, "prefix")["all four"] for record in records]
    for arm in ARMS:
        change = [_figures(record, arm)["all four"] - one for record, one in zip(records, base, strict=True)]
        lines.append(f"\n{arm} against prefix, disagreement paired by story: {_interval(change)}")
    return "\n".join(lines)


def _figures(record: dict[str, Any], arm: str) -> dict[str, float]:
    """Shares of panels 2 … 8 that disagree with panel 1; of all panels, places that are right."""
    given = record["arms"][arm]
    seen, figures = given["seen"], {}
    for name in ("subject", "colour", *HAIR.answers):
        if name in seen[0]:
            figures[name] = float(np.mean([each[name] != seen[0][name] for each in seen[1:]]))
    figures["all four"] = float(np.mean(list(figures.values())))
    figures["place right"] = float(
        np.mean([s["place"] == t["place"] for s, t in zip(seen, record["truth"], strict=True)])
    )
    figures["apart"] = float(np.mean(given["apart"]))
    figures["copies"] = float(np.mean([each < _COPIED for each in given["from_anchor"]]))
    figures["seconds"] = given["seconds"]
    return figures


def _interval(values: Sequence[float]) -> str:
    if not values:
        return "-"
    chance, array = np.random.default_rng(0), np.array(values)
    means = array[chance.integers(0, len(array), (2000, len(array)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{array.mean():.3f} ({low:.3f} … {high:.3f})"


def _told(scene: DrawnScene, said: frozenset[str], number: int) -> Told:
    """In Chinese and English by turns, the character in the same words in every scene of the story."""
    teller = (ChineseCaption, EnglishCaption)[number % 2]
    who = teller(scene, said | {"subject"}, random.Random(number))
    words = who.noun_phrase(scene.main, is_main=True)
    if "outfit" in said and scene.main.subject in PEOPLE:
        words += (", " if number % 2 else "，") + who.outfit_clause()
    rest = teller(scene, frozenset({"setting", "action", "shot", "style"}), random.Random(number))
    clauses = rest.clauses()
    style = clauses.pop("style", "")
    mark = ", " if number % 2 else "，"
    told = Told(style, words, mark.join(filter(None, (rest.core(), *clauses.values()))))
    assert count_tokens(told.prompt(first=True)) <= 64, told
    return told


def _held(recipe: Recipe, anchor: Recipe, who: str, *, strength: float) -> Recipe:
    own, theirs = ((each.prompt.index(who), each.prompt.index(who) + len(who)) for each in (recipe, anchor))
    part = CastPart(
        character="who",
        words=own,
        anchor=anchor,
        anchor_words=theirs,
        strength=strength,
        from_step=max(1, round(recipe.steps * 0.2)),
        until_step=recipe.steps,
    )
    return recipe.model_copy(update={"cast": (part,)})


def _painted(renderer: Renderer, wanted: list[Recipe], *, is_masked: bool) -> list[Image.Image]:
    usual = cast._look
    if not is_masked:
        cast._look = lambda *given: None if (look := usual(*given)) is None else replace(look, is_masked=False)  # type: ignore[assignment]
    try:
        return renderer.render(wanted)
    finally:
        cast._look = usual


def _watch(unet: nn.Module, span: tuple[int, int], maps: list[torch.Tensor]) -> list[Any]:
    def watch(attention: nn.Module, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        mass = mass_on(attention, given[0][0], named["encoder_hidden_states"][0], [slice(*span)])
        maps.append(whole_map(mass[0], (16, 16)))

    return [
        layer.attn2.register_forward_pre_hook(watch, with_kwargs=True)
        for block in finer_blocks(unet)
        for layer in block.transformer_blocks
    ]


def _apart(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures at 32 x 32, 0 … 1."""
    first, second = (np.asarray(each.resize((32, 32), Image.Resampling.BOX), dtype=np.float64) for each in (one, other))
    return float(np.abs(first - second).mean() / 255)


def _renderer(folder: Path) -> tuple[Renderer, Layout]:
    layout = Layout(folder / "workspace", folder / "stories")
    return Renderer(layout, threads=1), layout


if __name__ == "__main__":
    main()
