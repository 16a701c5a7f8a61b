"""Words that a prompt is held together with: they are known, and mean nothing by themselves."""

from __future__ import annotations

ZH_PRONOUNS: dict[str, str] = {
    "cat": "它",
    "dog": "它",
    "rabbit": "它",
    "panda": "它",
    "fox": "它",
    "horse": "它",
    "dragon": "它",
    "robot": "它",
    "girl": "她",
    "boy": "他",
    "emperor": "他",
    "maid": "她",
    "prince": "他",
    "warrior": "他",
}  # fmt: skip
EN_PRONOUNS: dict[str, tuple[str, str]] = {"它": ("it", "its"), "她": ("she", "her"), "他": ("he", "his")}
"""By the Chinese pronoun: subject and possessive."""

ZH_GLUE: tuple[str, ...] = (
    "的", "了", "着", "地", "得", "在", "里", "中", "内", "上", "下", "旁", "旁边", "前", "后", "边", "外", "里面",
    "上面", "下面", "前面", "后面", "面前", "身边", "身旁", "四周", "周围", "之间", "中间", "是", "有", "和", "与",
    "跟", "及", "或", "还有", "以及", "一", "一个", "一只", "一位", "一名", "一条", "一匹", "一台", "一些", "一本",
    "一朵", "一盏", "一把", "一幅", "一张", "一座", "一片", "一扇", "一件", "一群", "一束", "一身", "两个", "两只",
    "几个", "几只", "三个", "三只", "许多", "很多", "满是", "个", "只", "位", "名", "很", "非常", "十分", "特别", "正",
    "正在", "穿", "穿着", "身穿", "身着", "戴着", "有着", "背景", "背景是", "背景为", "为", "以", "画面", "画面中",
    "画风", "风格", "一起", "在一起", "作品", "画", "图", "图片", "图像", "照片", "场景", "它", "他", "她", "它们",
    "他们", "她们", "这", "那", "这个", "那个", "被", "把", "对着", "向", "从", "到", "又", "再", "再次", "也", "都",
    "还", "而", "但", "显得", "有些", "有点", "露出", "神情", "表情", "眼神", "心情", "神态", "带着", "手", "拿着",
    "手里", "手中", "手里拿着", "手持", "抱着", "看着", "望着", "俯视着", "看", "身体", "眼睛", "脸", "脸上", "样子",
    "地面", "地面上", "地上", "照料", "喂食", "在照料", "充满", "散落着", "现场", "气氛", "氛围", "整体", "色调",
    "颜色", "请", "生成", "一幅画", "主角", "人物", "动物", "宠物", "小", "大", "追逐", "追逐着", "再次追逐着", "追着",
    "追赶", "其中", "时", "时候", "时分", "像", "似乎", "好像", "已经", "继续", "最", "们",
)  # fmt: skip

EN_GLUE: tuple[str, ...] = (
    "a", "an", "the", "and", "or", "with", "without", "of", "in", "on", "at", "by", "to", "from", "for", "as", "into",
    "near", "beside", "behind", "before", "under", "over", "between", "next to", "in front of", "is", "are", "be",
    "being", "has", "have", "having", "wearing", "wears", "dressed in", "dressed", "holding", "holds", "there", "here",
    "it", "its", "he", "his", "she", "her", "they", "their", "them", "him", "who", "that", "this", "which", "where",
    "while", "very", "so", "some", "one", "two", "three", "many", "several", "together with", "together",
    "in the background", "background", "the background is", "foreground", "picture", "image", "drawing", "painting",
    "illustration", "scene", "photo", "artwork", "art", "style", "in the style of", "expression", "look", "looks",
    "looking", "feeling", "feels", "face", "eyes", "mood", "caring", "feeding", "caring for", "looking down at",
    "looking at", "at it", "also", "again", "still", "around", "up", "down", "out", "off", "through", "all", "full of",
    "full", "filled", "body", "hand", "hands", "right", "left", "view", "shot", "time", "of the", "and a", "s",
    "nearby", "alongside", "character", "same", "other", "another", "back", "front", "against", "draw", "show",
    "showing", "depicting", "it is", "solo", "only", "seen", "coloured", "colored", "haired", "hair", "one-piece",
    "large", "along", "across", "inside", "outside",
)  # fmt: skip
