"""What people call the values of the closed world, in Chinese and English: styles, shots, times and colours here.

The usual word comes first in each list: the caption grammar prefers the front. People and animals are in
`words_people`, doings and moods in `words_doings`, places
and things in `words_places`, flaws in `words_quality`, words without a meaning of their own in `words_glue`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The phrases for one value."""

    zh: tuple[str, ...]
    en: tuple[str, ...]

    def of(self, language: str) -> tuple[str, ...]:
        """The phrases in "zh" or "en"."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """The phrases for one place."""

    names: Words
    """The place by itself: 客厅, living room."""
    settings: Words
    """After 在, or with its preposition: 客厅里, in the living room."""
    backgrounds: Words
    """After 背景是, or before "in the background": 沙发和茶几, a sofa and a coffee table."""
    extras: Words = Words((), ())
    """Whole phrases that are only said of this place: 人山人海."""


STYLES: dict[str, Words] = {
    "modern": Words(
        (
            "现代风格", "扁平插画", "现代", "扁平风格", "卡通风格", "卡通", "扁平卡通", "现代插画", "插画风格",
            "绘本风格", "现代风", "矢量插画", "平面插画", "插画", "现代卡通",
        ),
        (
            "modern style", "flat cartoon", "flat illustration", "modern", "cartoon style", "cartoon", "flat design",
            "vector illustration", "modern illustration", "picture book style", "flat style", "in a modern style",
            "storybook illustration", "vector art",
        ),
    ),
    "ink": Words(
        (
            "古风，水墨画", "水墨画", "古风", "水墨", "水墨风格", "国画", "中国画", "水墨风", "中国水墨画", "水墨插画",
            "中国风", "传统国画", "古风水墨画", "古风插画", "毛笔画", "山水画",
        ),
        (
            "ink wash painting", "ink painting", "Chinese ink painting", "ancient style", "ink wash",
            "traditional Chinese painting", "ancient Chinese style", "ink style", "brush painting", "sumi-e",
            "Chinese painting", "ancient style ink painting", "chinese ink wash painting", "ink drawing",
        ),
    ),
    "anime": Words(
        (
            "二次元", "日系动漫", "动漫", "动漫风格", "动画", "日漫", "二次元，日系动漫", "日系", "漫画", "动漫风",
            "二次元风格", "日式动漫", "日本动漫", "漫画风格", "动画风格",
        ),
        (
            "anime", "anime style", "Japanese anime", "manga", "manga style", "2D anime", "anime illustration",
            "Japanese animation", "anime art", "in anime style", "animation", "comic style",
        ),
    ),
    "crayon": Words(
        (
            "蜡笔画", "儿童画", "蜡笔", "蜡笔风格", "儿童蜡笔画", "蜡笔插画", "儿童涂鸦", "涂鸦", "彩色蜡笔", "手绘",
            "儿童画风格", "蜡笔手绘", "孩子的画", "彩铅画", "蜡笔风",
        ),
        (
            "crayon drawing", "crayon", "children's drawing", "child's drawing", "crayon style", "kids drawing",
            "wax crayon", "doodle", "hand drawn", "crayon illustration", "drawn with crayons", "childlike drawing",
            "children drawing", "coloured pencil drawing", "colored pencil drawing",
        ),
    ),
    "papercut": Words(
        (
            "剪纸", "剪纸风格", "中国剪纸", "剪纸艺术", "剪纸画", "纸雕", "纸艺", "传统剪纸", "纸片风格", "剪纸风",
            "剪纸插画", "折纸",
        ),
        (
            "paper cut", "papercut", "paper cutting", "paper-cut style", "paper cut style", "paper cutout",
            "Chinese paper cut", "cut paper", "layered paper", "paper craft", "papercut style", "paper art",
            "paper-cut", "paper cut art",
        ),
    ),
    "pixel": Words(
        ("像素", "像素风", "像素画", "像素风格", "像素艺术", "像素游戏", "复古像素", "游戏像素风", "八位像素", "点阵"),
        (
            "pixel art", "pixel", "pixel style", "8-bit", "8-bit style", "retro game", "pixelated", "pixel game",
            "16-bit", "retro pixel art", "in pixel style", "pixel graphics",
        ),
    ),
}  # fmt: skip

STYLE_EXTRAS: dict[str, Words] = {
    "modern": Words(
        ("现代风格与古风混合",),
        ("modern style mixed with ancient style", "modern and ancient style mixed"),
    ),
}  # fmt: skip
"""Whole phrases that say more than the style and are read as it."""

SHOTS: dict[str, Words] = {
    "full": Words(
        ("全身", "全身像", "全身照", "全身图", "完整的身体", "全身镜头", "全景", "全身构图"),
        (
            "full body", "full-body", "full body shot", "full-length", "whole body", "full shot", "full figure",
            "fullbody",
        ),
    ),
    "upper": Words(
        ("上半身", "半身", "半身像", "中景", "半身照", "胸像", "上身", "半身镜头", "腰部以上"),
        (
            "upper body", "half body", "half-body", "medium shot", "upper-body", "waist up", "bust", "half length",
            "upper body shot", "mid shot", "portrait",
        ),
    ),
    "close": Words(
        ("特写", "近景", "脸部特写", "面部特写", "大头照", "头像", "近距离", "特写镜头", "大特写", "头部特写"),
        (
            "close-up", "close up", "closeup", "face close-up", "headshot", "close shot", "close-up shot",
            "face focus", "extreme close-up", "close-up of the face",
        ),
    ),
    "long": Words(
        ("远景", "远处", "大远景", "远景镜头", "广角", "远距离", "大场景", "广角镜头", "远远的"),
        (
            "long shot", "wide shot", "far away", "wide angle", "distant view", "from afar", "in the distance",
            "wide view", "extreme long shot", "distant shot", "wide-angle shot", "far shot",
        ),
    ),
}  # fmt: skip

TIMES: dict[str, Words] = {
    "day": Words(
        (
            "白天", "阳光明媚", "早晨", "清晨", "阳光", "晴天", "上午", "中午", "下午", "蓝天白云", "早上",
            "明亮的阳光", "日光", "午后", "晴朗的天空", "蓝天",
        ),
        (
            "daytime", "day", "sunny day", "in the morning", "sunny", "morning", "sunlight", "in daylight", "noon",
            "afternoon", "bright day", "during the day", "blue sky", "sunshine", "clear sky", "daylight",
        ),
    ),
    "dusk": Words(
        ("黄昏", "傍晚", "日落", "夕阳", "夕阳西下", "落日", "晚霞", "夕阳下", "黄昏时分", "日落时分", "余晖", "暮色"),
        (
            "dusk", "sunset", "at sunset", "at dusk", "evening", "golden hour", "in the evening", "twilight",
            "setting sun", "evening glow", "evening light", "sundown",
        ),
    ),
    "night": Words(
        (
            "夜晚", "晚上", "深夜", "夜里", "月光", "月夜", "夜色", "夜间", "月光下", "黑夜", "夜幕下", "半夜", "夜景",
            "月亮", "午夜", "夜幕",
        ),
        (
            "night", "at night", "moonlight", "midnight", "late at night", "in the moonlight", "dark night",
            "nighttime", "moonlit night", "night scene", "under the moon", "moon", "under the moonlight",
        ),
    ),
}  # fmt: skip

COLOURS: dict[str, Words] = {
    "orange": Words(
        ("橘色", "橙色", "橘黄色", "橙黄色", "橘红色", "橘黄", "橙"),
        ("orange", "ginger", "orange-coloured", "tangerine"),
    ),
    "red": Words(
        ("红色", "大红色", "鲜红色", "朱红色", "深红色", "大红", "鲜红", "红"),
        ("red", "scarlet", "crimson", "bright red"),
    ),
    "yellow": Words(
        ("黄色", "金色", "明黄色", "金黄色", "淡黄色", "金黄", "明黄", "鹅黄色", "黄"),
        ("yellow", "golden", "gold", "bright yellow", "light yellow"),
    ),
    "green": Words(
        ("绿色", "翠绿色", "草绿色", "青色", "墨绿色", "深绿色", "浅绿色", "青绿色", "绿"),
        ("green", "dark green", "light green", "emerald", "bright green"),
    ),
    "blue": Words(
        ("蓝色", "天蓝色", "深蓝色", "浅蓝色", "湖蓝色", "淡蓝色", "宝蓝色", "蓝"),
        ("blue", "light blue", "dark blue", "sky blue", "navy blue", "navy"),
    ),
    "purple": Words(
        ("紫色", "淡紫色", "深紫色", "浅紫色", "紫罗兰色", "紫"),
        ("purple", "violet", "lavender", "light purple"),
    ),
    "pink": Words(
        ("粉色", "粉红色", "粉红", "浅粉色", "桃红色", "淡粉色", "玫红色", "粉"),
        ("pink", "light pink", "rose pink", "hot pink"),
    ),
    "white": Words(
        ("白色", "雪白色", "雪白", "纯白色", "洁白", "纯白", "乳白色", "白"),
        ("white", "snow white", "pure white", "snow-white", "snowy white"),
    ),
    "black": Words(
        ("黑色", "纯黑色", "漆黑", "乌黑", "深黑色", "黑"),
        ("black", "jet black", "pure black", "jet-black"),
    ),
    "grey": Words(
        ("灰色", "银色", "银灰色", "深灰色", "浅灰色", "灰白色", "银白色", "灰"),
        ("grey", "gray", "silver", "dark grey", "light grey", "dark gray", "light gray", "silvery"),
    ),
    "brown": Words(
        ("棕色", "褐色", "咖啡色", "深棕色", "浅棕色", "棕褐色", "栗色", "棕"),
        ("brown", "dark brown", "light brown", "chestnut", "coffee-coloured"),
    ),
}  # fmt: skip
"""The one-character words at the end stand only right before a one-character noun: 白猫, 黑马."""

FUSED_COLOURS: dict[str, tuple[str, ...]] = {
    "orange": ("橘", "橙"),
    "red": ("红",),
    "yellow": ("黄", "金"),
    "green": ("绿", "青"),
    "blue": ("蓝",),
    "purple": ("紫",),
    "pink": ("粉",),
    "white": ("白",),
    "black": ("黑",),
    "grey": ("灰", "银"),
    "brown": ("棕",),
}  # fmt: skip
"""Colours as one character, before a noun of one character."""
