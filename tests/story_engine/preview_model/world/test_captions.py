import random
import re
from collections import Counter
from dataclasses import replace

import pytest

from story_engine.catalog.tokenizer import count_tokens
from story_engine.preview_model.world import DrawnScene, Figure
from story_engine.preview_model.world.captions import TOKEN_LIMIT, caption
from story_engine.preview_model.world.drawing.shipped import cat_scenes, singer_scenes
from story_engine.preview_model.world.expected import named_subjects, read_prompt
from story_engine.preview_model.world.vocabulary import any_scene
from story_engine.preview_model.world.words import SUBJECTS


def _captions(scene: DrawnScene, count: int = 400, language: str | None = None) -> list[str]:
    rng = random.Random(7)
    return [caption(scene, rng, language) for _ in range(count)]


def test_the_same_seed_says_the_same() -> None:
    scene = singer_scenes()[0]

    assert _captions(scene, 20) == _captions(scene, 20)


def test_a_caption_never_exceeds_the_prompt_length() -> None:
    rng = random.Random(1)

    lengths = [count_tokens(caption(any_scene(rng), rng)) for _ in range(3000)]

    assert max(lengths) <= TOKEN_LIMIT
    assert min(lengths) > 2


class _Taciturn(random.Random):
    """Would rather say nothing at all."""

    def random(self) -> float:
        return 0.999


def test_something_is_always_said() -> None:
    assert [caption(scene, _Taciturn(1), "zh") for scene in singer_scenes()].count("") == 0


def test_half_of_the_captions_are_chinese() -> None:
    chinese = [any("一" <= letter <= "鿿" for letter in text) for text in _captions(cat_scenes()[0], 1000)]

    assert 0.45 < sum(chinese) / 1000 < 0.6


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_chosen_language_is_kept_to(language: str) -> None:
    for text in _captions(singer_scenes()[1], 200, language):
        assert any("一" <= letter <= "鿿" for letter in text) == (language == "zh"), text


@pytest.mark.parametrize(
    ("scene_number", "phrases"),
    [
        (0, ("二次元", "紫色短发小女孩", "双手托着腮", "很无聊", "全身", "粉色连衣裙")),
        (1, ("日系动漫", "演唱会的观众席", "人山人海", "吊带漏肩连衣裙", "舞台上衣着华丽的歌星们在唱歌")),
        (2, ("坐在演唱会的观众席", "露出憧憬的神情")),
        (3, ("对着流星许愿", "闭着眼睛", "十指交叉", "侧面")),
        (4, ("紫色中等长度头发小女孩", "在练习室", "练习唱歌")),
        (5, ("紫色长发小女孩", "手持话筒")),
        (6, ("少女", "黑色连衣裙", "试衣间", "心情忐忑")),
        (7, ("礼服", "在台上", "唱歌")),
        (8, ("现代风格", "一只橘色的小猫", "在温馨的客厅里", "追逐一个红色的毛线球", "猫的神情", "背景是沙发和茶几")),
        (9, ("在书架旁", "前爪搭在一本古老的书上", "散发出微弱的蓝色光芒", "充满好奇", "上半身")),
        (10, ("现代风格与古风混合", "被神秘的蓝光包围", "身体逐渐消失", "现代的客厅与古代风格的元素交织", "惊讶")),
        (11, ("金碧辉煌的古代皇宫大殿内", "四周是雕梁画栋", "迷茫而好奇", "宫殿的华丽装饰")),
        (12, ("皇帝坐在龙椅上", "俯视着面前的", "橘色小猫", "龙袍", "大殿内的华丽陈设")),
        (13, ("悠闲地躺在丝绸垫子上", "侍女", "在喂食和照料", "奢华的古代宫殿内景")),
        (14, ("一个闪烁着蓝光的门前", "门内隐约可见现代客厅的影像", "充满期待", "古代宫殿中的幽暗角落")),
        (15, ("在现代客厅中", "再次追逐着", "毛线球", "房间温馨如初", "背景是熟悉的沙发和茶几")),
    ],
)
def test_the_challenge_phrases_are_said_word_for_word(scene_number: int, phrases: tuple[str, ...]) -> None:
    scene = (singer_scenes() + cat_scenes())[scene_number]
    rng = random.Random(3)
    said = "\n".join(caption(scene, rng, "zh") for _ in range(4000))

    assert [phrase for phrase in phrases if phrase not in said] == []


def test_captions_read_back_as_their_scene() -> None:
    rng = random.Random(11)
    wrong = {"subject": 0, "place": 0, "style": 0, "shot": 0, "colour": 0}
    for _ in range(2000):
        scene = replace(any_scene(rng), degradation="none")
        read = read_prompt(caption(scene, rng))
        drawn = {
            "subject": scene.main.subject,
            "place": scene.place,
            "style": scene.style,
            "shot": scene.shot,
            "colour": scene.main.colour,
        }
        for attribute, value in drawn.items():
            wrong[attribute] += getattr(read, attribute) not in (None, value)

    assert max(wrong.values()) < 20, wrong


def test_a_flaw_is_nearly_always_said() -> None:
    scene = DrawnScene(main=Figure(), degradation="blurry")
    words = (
        "模糊",
        "失焦",
        "分辨率",
        "虚焦",
        "朦胧",
        "清晰",
        "清楚",
        "像素低",
        "blur",
        "out of focus",
        "lowres",
        "low res",
        "low-res",
        "unclear",
        "fuzzy",
        "soft focus",
    )

    said = [any(word in text.lower() for word in words) for text in _captions(scene)]

    assert sum(said) / len(said) > 0.95


def test_a_flawless_drawing_names_no_flaw() -> None:
    for text in _captions(cat_scenes()[0], 500):
        assert not any(flaw in text for flaw in ("丑陋", "变形", "嘈杂", "模糊", "低对比度", "deformed", "ugly")), text


@pytest.mark.parametrize(("language", "between"), [("zh", r"[和与跟][^，,、。\s]*"), ("en", r" and [a-z -]*")])
def test_two_are_often_named_in_one_breath_as_people_type_them(language: str, between: str) -> None:
    scene = DrawnScene(main=Figure(subject="cat"), companions=(Figure(subject="dog"),), place="forest")
    cat, dog = ("|".join(getattr(SUBJECTS[kind], language)).lower() for kind in ("cat", "dog"))

    said = [bool(re.search(f"({cat}){between}({dog})", text.lower())) for text in _captions(scene, 1000, language)]

    assert 0.1 < sum(said) / len(said) < 0.5


@pytest.mark.parametrize("language", ["zh", "en", None])
def test_a_companion_is_named_once(language: str | None) -> None:
    scene = DrawnScene(main=Figure(subject="girl"), companions=(Figure(subject="horse"),), place="forest")

    counts = Counter(named_subjects(text).count("horse") for text in _captions(scene, 600, language))

    assert set(counts) == {1}


@pytest.mark.parametrize("language", ["zh", "en", None])
def test_everybody_who_is_drawn_is_named(language: str | None) -> None:
    company = (Figure(subject="horse"), Figure(subject="maid", outfit="apron"))
    scene = DrawnScene(main=Figure(subject="girl"), companions=company, place="forest", time="night", prop="lantern")

    named = [set(named_subjects(text)) for text in _captions(scene, 600, language)]

    # A "young lady-in-waiting" is read as a young lady now and then.
    assert sum(each == {"girl", "horse", "maid"} for each in named) > 595


@pytest.mark.parametrize("several", [True, False])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_only_several_of_a_kind_are_spoken_of_in_the_plural(language: str, several: bool) -> None:
    maids = (Figure(subject="maid"), Figure(subject="maid", colour="green")) if several else (Figure(subject="maid"),)
    scene = DrawnScene(main=Figure(subject="cat"), companions=maids, place="palace_hall")

    plural = [
        bool(re.search(r"女们|[两几]个侍女|(maid|servant)s\b", text.lower()))
        for text in _captions(scene, 600, language)
    ]

    assert any(plural) == several
    assert not several or sum(plural) > 300
