"""Ten stories that the quick look was not tuned on: other subjects, both languages, with and without words of style."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.domain.story import Scene, Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """One of them."""

    language: str
    style: str
    """Words of style of its own; empty where it has none."""
    negative: str
    prompts: tuple[str, ...]


HIDDEN = {
    "robot": Hidden(
        language="en",
        style="",
        negative="ugly, blurry, low contrast",
        prompts=(
            "a robot and a rabbit in a garden, full body",
            "a robot reading a book in a library, upper body",
            "a white rabbit in a forest, close-up",
            "a robot standing in a city street at night, full body",
            "a rabbit in a classroom, sunny, full body",
            "a robot and a rabbit at the seaside, long shot",
            "a blue robot in a kitchen, upper body",
            "a white rabbit on a snowy mountain, full body",
        ),
    ),
    "panda": Hidden(
        language="zh",
        style="二次元",
        negative="模糊，变形",
        prompts=(
            "一只熊猫坐在森林里，全身",
            "一只熊猫走在城市街道上，全身",
            "一只熊猫在厨房吃饭，上半身",
            "一只熊猫站在海边看海，全身",
            "一只熊猫在雪山上，远景",
            "一只熊猫在图书馆看书，上半身",
            "一只熊猫在花园里，特写",
            "夜晚，一只熊猫在海边，远景",
        ),
    ),
    "boy": Hidden(
        language="en",
        style="anime",
        negative="ugly, blurry",
        prompts=(
            "a boy with black hair in a classroom, upper body",
            "a boy with black hair and a dog in a garden, full body",
            "a boy with black hair at the seaside, full body",
            "a brown dog in a living room, full body",
            "a boy with black hair in a forest at night, full body",
            "a brown dog in a city street, close-up",
            "a boy with black hair on a stage, upper body",
            "a boy with black hair in a bedroom, full body",
        ),
    ),
    "fox": Hidden(
        language="zh",
        style="",
        negative="模糊，变形",
        prompts=(
            "一只橘色狐狸在森林里，全身",
            "一只橘色狐狸在雪山上，远景",
            "一位王子在客厅，上半身",
            "一只橘色狐狸在花园里，特写",
            "一位王子在厨房，上半身",
            "一只橘色狐狸在海边，全身",
            "夜晚，一只橘色狐狸走在街道上，全身",
            "一位王子在图书馆看书，上半身",
        ),
    ),
    "horse": Hidden(
        language="en",
        style="",
        negative="",
        prompts=(
            "a white horse in a desert, long shot",
            "a warrior in a castle, upper body",
            "a white horse in a forest, full body",
            "a warrior on a snowy mountain, full body",
            "a white horse at the seaside at dusk, full body",
            "a warrior in a city street at night, full body",
            "a white horse in a garden, close-up",
            "a warrior in a throne room, full body",
        ),
    ),
    "dragon": Hidden(
        language="zh",
        style="像素风",
        negative="模糊，低对比度",
        prompts=(
            "一条红色的龙在城堡前，全身",
            "一条红色的龙在沙漠里，远景",
            "一条红色的龙在海底，全身",
            "一位武士在雪山上，全身",
            "夜晚，一条红色的龙在森林里，全身",
            "一位武士在花园里，上半身",
            "一条红色的龙在厨房里，特写",
            "一位武士在海边，全身",
        ),
    ),
    "sister": Hidden(
        language="en",
        style="flat illustration",
        negative="ugly, deformed, noisy",
        prompts=(
            "a girl with brown hair in a green dress in a kitchen, upper body",
            "a girl with brown hair in a green dress and a cat in a living room, full body",
            "a girl with brown hair in a green dress in a classroom, upper body",
            "a girl with brown hair in a green dress in a forest, full body",
            "a girl with brown hair in a green dress at the seaside, long shot",
            "a black cat in a garden, full body",
            "a girl with brown hair in a green dress in a city street at night, full body",
            "a black cat in a classroom, close-up",
        ),
    ),
    "maid": Hidden(
        language="zh",
        style="",
        negative="丑陋，变形，模糊",
        prompts=(
            "一位侍女站在宫殿大殿里，全身",
            "一位侍女在花园里，上半身",
            "一位侍女在寝宫里，全身",
            "一只灰色兔子在花园里，全身",
            "夜晚，一位侍女在街道上，全身",
            "一位侍女在森林里，远景",
            "一只灰色兔子在雪山上，特写",
            "一位侍女在厨房里，上半身",
        ),
    ),
    "puppy": Hidden(
        language="en",
        style="pixel art",
        negative="blurry",
        prompts=(
            "a yellow dog in a kitchen, full body",
            "a yellow dog in a desert, long shot",
            "a yellow dog on a stage, full body",
            "a yellow dog in a library, full body",
            "a yellow dog on a snowy mountain, full body",
            "a yellow dog under water, full body",
            "a yellow dog in a classroom, close-up",
            "a yellow dog in a castle at night, full body",
        ),
    ),
    "android": Hidden(
        language="zh",
        style="二次元",
        negative="",
        prompts=(
            "一个红色机器人在教室里，上半身",
            "一个红色机器人在沙漠里，全身",
            "一个小男孩和一个红色机器人在花园里，全身",
            "一个小男孩在客厅看书，上半身",
            "一个红色机器人在海底，远景",
            "夜晚，一个小男孩在森林里，全身",
            "一个红色机器人在舞台上，全身",
            "一个小男孩在雪山上，特写",
        ),
    ),
}
"""Name → story. None of their sentences is in the shipped stories or in the tests of the quick look."""


def story_of(name: str) -> Story:
    """The story as the studio holds it."""
    hidden = HIDDEN[name]
    scenes = tuple(
        Scene(id=f"s{number}", title=str(number), prompt=prompt, seed=20 + number)
        for number, prompt in enumerate(hidden.prompts, start=1)
    )
    return Story(title=name, style=hidden.style, negative=hidden.negative, scenes=scenes)
