"""What people call the places of the closed world and the things in them."""

from __future__ import annotations

from story_engine.preview_model.world.words import PlaceWords, Words
from story_engine.preview_model.world.words_places_free import FREE_PLACES
from story_engine.preview_model.world.words_places_home import HOME_AND_SHOW_PLACES
from story_engine.preview_model.world.words_places_palace import PALACE_PLACES

PLACES: dict[str, PlaceWords] = {**HOME_AND_SHOW_PLACES, **PALACE_PLACES, **FREE_PLACES}

PROPS: dict[str, Words] = {
    "yarn_ball": Words(
        ("毛线球", "线团", "毛线", "毛线团", "线球", "毛球"),
        ("ball of yarn", "yarn ball", "yarn", "ball of wool", "wool ball"),
    ),
    "toys": Words(
        ("玩具", "积木", "玩具熊", "小玩具", "玩偶", "布娃娃"),
        ("toys", "toy", "building blocks", "teddy bear", "toy blocks", "blocks", "doll"),
    ),
    "book": Words(
        ("书", "书本", "一本书", "书籍", "故事书", "打开的书", "课本"),
        ("book", "open book", "storybook", "old book", "books", "a book"),
    ),
    "microphone": Words(
        ("话筒", "麦克风", "麦", "立式话筒", "话筒架"),
        ("microphone", "mic", "mike", "microphone stand"),
    ),
    "flower": Words(
        ("花", "花朵", "鲜花", "小花", "花束", "玫瑰", "玫瑰花", "一束花", "一朵花"),
        ("flower", "flowers", "rose", "bouquet", "bunch of flowers", "blossom", "bouquet of flowers"),
    ),
    "balloon": Words(
        ("气球", "一个气球", "小气球", "一串气球"),
        ("balloon", "balloons", "toy balloon", "floating balloon"),
    ),
    "lantern": Words(
        ("灯笼", "纸灯笼", "花灯", "提灯", "宫灯"),
        ("lantern", "paper lantern", "lanterns", "Chinese lantern"),
    ),
    "ball": Words(
        ("球", "皮球", "小球", "足球", "篮球", "排球"),
        ("ball", "toy ball", "football", "rubber ball", "soccer ball", "basketball"),
    ),
    "umbrella": Words(
        ("雨伞", "伞", "油纸伞", "小伞", "遮阳伞"),
        ("umbrella", "parasol", "oil-paper umbrella", "paper umbrella"),
    ),
}  # fmt: skip

PROP_PHRASES: dict[str, Words] = {
    "yarn_ball": Words(
        ("追逐着毛线球", "再次追逐着毛线球", "玩毛线球", "追逐毛线球", "追着毛线球"),
        (
            "chasing a ball of yarn", "playing with a ball of yarn",
            "chasing the ball of yarn again", "plays with yarn",
        ),
    ),
    "toys": Words(
        ("地上散落着玩具", "玩玩具", "地上有玩具", "散落的玩具"),
        ("toys scattered on the floor", "playing with toys", "toys on the floor", "scattered toys"),
    ),
    "microphone": Words(
        ("手持话筒", "拿着话筒", "手拿麦克风", "手持麦克风", "握着话筒", "拿着麦克风"),
        (
            "holding a microphone", "with a microphone in hand", "microphone in hand", "with a microphone",
            "holding a mic",
        ),
    ),
    "book": Words(
        ("拿着一本书", "手里拿着书", "捧着一本书", "面前有一本书"),
        ("holding a book", "with a book", "a book in hand", "with an open book"),
    ),
    "flower": Words(
        ("拿着一朵花", "手里拿着花", "捧着一束花", "手捧鲜花"),
        ("holding a flower", "with a flower", "holding flowers", "holding a bouquet"),
    ),
    "balloon": Words(
        ("拿着气球", "手里拿着气球", "牵着气球"),
        ("holding a balloon", "with a balloon", "holding balloons"),
    ),
    "lantern": Words(
        ("提着灯笼", "拿着灯笼", "手提灯笼"),
        ("holding a lantern", "with a lantern", "carrying a lantern"),
    ),
    "ball": Words(
        ("玩球", "追着球跑", "踢足球", "追逐一个球"),
        ("playing with a ball", "chasing a ball", "with a ball", "playing ball", "playing football"),
    ),
    "umbrella": Words(
        ("撑着伞", "打着伞", "撑着一把伞", "拿着雨伞"),
        ("holding an umbrella", "under an umbrella", "with an umbrella"),
    ),
}  # fmt: skip
"""A thing together with what is done with it."""
