"""Fills a workspace with many stories and takes, as years of use would have left it."""

from __future__ import annotations

import hashlib
import io
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

from story_engine.domain.resolve import resolve
from story_engine.domain.story import LoraUse, Scene, Settings, Story
from story_engine.domain.take import Score, Take
from story_engine.flows.services import Services

_WORDS = [
    *("猫咪", "少女", "海边", "森林", "夜晚", "灯塔", "雪山", "教室", "图书馆", "机器人"),
    *("kitten", "girl", "seaside", "forest", "night", "lighthouse", "library"),
]
_SIDE = 512


def fill(services: Services, *, stories: int, takes: int, seed: int = 7) -> tuple[str, ...]:
    """Stories of eight scenes with `takes` takes in all, scored; their slugs. One seed gives one workspace."""
    chance = random.Random(seed)
    family = services.families()["preview"]
    scorer = services.present_scorer()
    pngs = [_picture(chance) for _ in range(24)]
    began = datetime(2026, 1, 1, tzinfo=UTC)
    slugs, painted = [], 0
    for number in range(stories):
        scenes = tuple(
            Scene(id=f"s{place}", title=chance.choice(_WORDS), prompt=_prompt(chance), seed=chance.randrange(2**32))
            for place in range(1, 9)
        )
        loras = (LoraUse(name=f"style-{number % 7}", strength=0.8),) if number % 3 == 0 else ()
        title = f"{chance.choice(_WORDS)} {number}"
        story = Story(title=title, style="二次元", settings=Settings(family="preview"), scenes=scenes, loras=loras)
        slug = services.stories.create(title, story)
        slugs.append(slug)
        share = takes * (number + 1) // stories - takes * number // stories
        scores = []
        for place in range(share):
            scene = scenes[place % len(scenes)]
            hashes = {use.name: f"{number:064x}" for use in loras}
            recipe = resolve(story, scene, place // len(scenes), family=family, loras=hashes)
            png, sha256, jpeg = pngs[painted % len(pngs)]
            made = (began + timedelta(minutes=painted)).isoformat()
            take = Take(
                id=recipe.digest,
                story=slug,
                scene=scene.id,
                number=place // len(scenes),
                recipe=recipe,
                picture_sha256=sha256,
                created_at=made,
                seconds=1.0,
                written_prompt=scene.prompt,
            )
            folder = services.layout.takes(slug, scene.id)
            _write(folder, take, png, jpeg)
            scores.append(
                Score(
                    picture_sha256=take.picture_sha256,
                    scorer=scorer.name,
                    scorer_version=scorer.version,
                    value=chance.uniform(4, 7),
                )
            )
            painted += 1
        services.scores.add(scores)
    return tuple(slugs)


def _write(folder: Path, take: Take, png: bytes, jpeg: bytes) -> None:
    """As `TakeStore.add`, without waiting for the disk each time."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{take.id}.png").write_bytes(png)
    (folder / f"{take.id}.jpg").write_bytes(jpeg)
    (folder / f"{take.id}.json").write_text(take.model_dump_json(indent=1), encoding="utf-8")


def _picture(chance: random.Random) -> tuple[bytes, str, bytes]:
    small = Image.frombytes("RGB", (8, 8), chance.randbytes(192))
    picture = small.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    png, jpeg = io.BytesIO(), io.BytesIO()
    picture.save(png, "PNG", compress_level=1)
    picture.resize((384, 384)).save(jpeg, "JPEG", quality=88)
    return png.getvalue(), hashlib.sha256(png.getvalue()).hexdigest(), jpeg.getvalue()


def _prompt(chance: random.Random) -> str:
    return (
        "，".join(chance.choice(_WORDS) for _ in range(12)) + f", {chance.choice(_WORDS)} by day {chance.random():.3f}"
    )
