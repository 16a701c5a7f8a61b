"""What people say that living things do, feel and look like."""

from __future__ import annotations

from dataclasses import dataclass

from story_engine.preview_model.world.words import Words


@dataclass(frozen=True, slots=True)
class ActionWords:
    """The phrases for one action: alone, and before a place (坐 + 在沙发上, sitting + on the sofa)."""

    alone: Words
    before_place: Words


ACTIONS: dict[str, ActionWords] = {
    "standing": ActionWords(
        Words(
            ("站着", "站立", "站在那里", "静静地站着", "伫立"),
            ("standing", "stands", "standing still", "is standing", "standing there"),
        ),
        Words(("站", "站立", "静静地站", "", "伫立"), ("standing", "stands", "is standing", "", "standing quietly")),
    ),
    "sitting": ActionWords(
        Words(
            ("坐着", "坐下", "静静地坐着", "蹲坐着", "蹲着", "端坐着"),
            ("sitting", "sits", "seated", "is sitting", "sitting down", "sitting still"),
        ),
        Words(
            ("坐", "蹲", "静静地坐", "蹲坐", "端坐"),
            ("sitting", "sits", "seated", "is sitting", "sitting quietly"),
        ),
    ),
    "chasing": ActionWords(
        Words(
            (
                "奔跑", "追逐", "跑着", "在奔跑", "追赶", "跑步", "快速奔跑", "跳跃", "玩耍", "跑来跑去", "飞奔",
                "行走", "走路", "跑", "散步", "在玩耍",
            ),
            (
                "running", "chasing", "runs", "is running", "playing", "dashing", "jumping", "walking", "runs around",
                "chases", "plays", "run",
            ),
        ),
        Words(
            ("奔跑", "跑", "玩耍", "追逐", "走", "行走"),
            ("running", "playing", "runs", "is running", "chasing", "walking", "is playing", "jumping"),
        ),
    ),
    "lying": ActionWords(
        Words(
            ("躺着", "趴着", "悠闲地躺着", "躺下", "懒洋洋地躺着", "舒服地趴着", "卧着", "悠闲地趴着"),
            ("lying down", "lying", "lies", "resting", "is lying down", "lounging", "lying lazily", "lying leisurely"),
        ),
        Words(
            ("躺", "趴", "悠闲地躺", "懒洋洋地躺", "卧", "悠闲地趴"),
            ("lying", "resting", "lies", "is lying", "lounging", "lying leisurely", "lying comfortably"),
        ),
    ),
    "sleeping": ActionWords(
        Words(
            ("睡觉", "睡着了", "正在睡觉", "熟睡", "沉睡", "打盹", "睡着", "闭眼睡觉", "酣睡"),
            ("sleeping", "asleep", "sleeps", "is sleeping", "napping", "taking a nap", "fast asleep", "sound asleep"),
        ),
        Words(
            ("睡", "熟睡", "躺着睡", "沉睡", "酣睡"),
            ("sleeping", "asleep", "is sleeping", "sleeps", "napping", "fast asleep"),
        ),
    ),
    "singing": ActionWords(
        Words(
            (
                "唱歌", "练习唱歌", "在唱歌", "歌唱", "正在唱歌", "唱着歌", "放声歌唱", "演唱", "高歌", "表演",
                "深情演唱", "跳舞",
            ),
            (
                "singing", "sings", "is singing", "practicing singing", "practising singing", "singing a song",
                "performing", "sings a song", "dancing",
            ),
        ),
        Words(
            ("站", ""),
            ("singing", "is singing", "performing", "sings", "practicing singing", "standing and singing"),
        ),
    ),
    "wishing": ActionWords(
        Words(
            (
                "许愿", "对着流星许愿", "闭着眼睛，十指交叉", "闭着眼睛", "十指交叉", "双手合十", "祈祷",
                "闭着眼睛许愿", "正在许愿", "许下愿望", "闭上眼睛", "祈愿",
            ),
            (
                "making a wish", "wishing", "wishing on a shooting star", "eyes closed", "hands clasped", "praying",
                "with closed eyes", "fingers crossed", "makes a wish", "fingers interlocked", "hands together",
                "making a wish on a shooting star", "closed eyes",
            ),
        ),
        Words(
            ("站", "闭着眼睛站", "跪"),
            ("making a wish", "praying", "wishing", "standing and praying"),
        ),
    ),
    "holding_face": ActionWords(
        Words(
            (
                "双手托着腮", "双手托腮", "托着腮", "托腮", "坐着，双手托着腮", "手托着下巴", "双手托着脸",
                "双手捧着脸", "捧着脸", "托着下巴",
            ),
            (
                "chin in hands", "resting her chin on her hands", "holding her face", "hands on cheeks",
                "sitting, chin in hands", "cupping her face", "resting chin on hands", "holding face with both hands",
                "both hands on her cheeks", "chin resting on hands", "holding his face",
                "resting his chin on his hands", "hands on face",
            ),
        ),
        Words(
            ("坐", "托着腮坐", "双手托着腮坐", "托腮坐"),
            ("sitting with chin in hands", "sitting", "holding her face", "sitting with hands on cheeks"),
        ),
    ),
    "reading": ActionWords(
        Words(
            (
                "看书", "读书", "阅读", "正在看书", "正在阅读", "翻书", "看着书", "翻看一本书", "读着书", "认真看书",
                "学习",
            ),
            (
                "reading", "reading a book", "reads", "is reading", "looking at a book", "reads a book", "studying",
                "is reading a book",
            ),
        ),
        Words(
            ("坐", "站", "静静地坐"),
            ("reading", "is reading", "reading a book", "sitting and reading", "studying"),
        ),
    ),
}  # fmt: skip

MOODS: dict[str, Words] = {
    "calm": Words(
        (
            "平静", "悠闲", "安静", "放松", "舒适", "淡定", "温柔", "沉思", "宁静", "从容", "严肃", "威严", "懒洋洋",
            "认真", "满足",
        ),
        (
            "calm", "relaxed", "content", "peaceful", "quiet", "comfortable", "gentle", "serene", "serious", "cosy",
            "leisurely", "concentrated", "attentive",
        ),
    ),
    "happy": Words(
        (
            "开心", "愉快", "惬意", "快乐", "高兴", "微笑", "笑", "欢快", "幸福", "兴奋", "喜悦", "大笑", "欢乐",
            "自信", "激动", "愉悦", "欣喜",
        ),
        (
            "happy", "cheerful", "joyful", "smiling", "excited", "glad", "delighted", "merry", "laughing", "confident",
            "joyous", "pleased",
        ),
    ),
    "surprised": Words(
        ("惊讶", "吃惊", "惊奇", "震惊", "惊喜", "诧异", "目瞪口呆", "惊呆", "惊叹", "惊恐"),
        ("surprised", "astonished", "amazed", "shocked", "startled", "stunned", "wide-eyed"),
    ),
    "bored": Words(
        ("无聊", "厌倦", "无精打采", "没精神", "百无聊赖", "发呆", "疲惫", "困倦", "无趣"),
        ("bored", "tired", "weary", "listless", "dull-eyed", "sleepy", "daydreaming", "uninterested"),
    ),
    "curious": Words(
        (
            "好奇", "充满好奇", "迷茫而好奇", "专注", "疑惑", "迷茫", "感兴趣", "带着好奇", "困惑", "好奇的样子",
            "充满疑问",
        ),
        (
            "curious", "puzzled", "focused", "interested", "confused and curious", "confused", "wondering",
            "inquisitive", "lost and curious",
        ),
    ),
    "nervous": Words(
        (
            "忐忑", "紧张", "慌乱", "有些慌乱", "不安", "害怕", "焦虑", "忐忑不安", "慌张", "有些紧张", "恐惧", "担心",
            "害羞",
        ),
        (
            "nervous", "anxious", "worried", "flustered", "uneasy", "scared", "afraid", "panicked", "frightened",
            "shy", "a little nervous",
        ),
    ),
    "longing": Words(
        ("憧憬", "充满期待", "期待", "向往", "渴望", "期盼", "充满希望", "充满憧憬", "希望", "羡慕", "满怀期待"),
        (
            "longing", "hopeful", "expectant", "yearning", "dreamy", "full of hope", "eager", "wistful",
            "full of expectation", "admiring",
        ),
    ),
    "sad": Words(
        ("难过", "悲伤", "伤心", "忧伤", "哭泣", "沮丧", "失落", "孤独", "流泪", "忧郁", "生气", "委屈", "愤怒"),
        (
            "sad", "crying", "unhappy", "sorrowful", "lonely", "upset", "depressed", "tearful", "gloomy", "angry",
            "melancholy", "in tears",
        ),
    ),
}  # fmt: skip

VIEWS: dict[str, Words] = {
    "front": Words(
        ("正面", "面对镜头", "看着镜头", "面向观众", "正脸", "看向镜头"),
        ("front view", "facing the viewer", "looking at viewer", "facing the camera", "from the front"),
    ),
    "side": Words(
        ("侧面", "侧脸", "侧身", "侧面照", "从侧面看", "侧视", "侧视图"),
        ("side view", "from the side", "profile", "in profile", "side profile", "facing sideways"),
    ),
}  # fmt: skip

ADJECTIVES: dict[str, Words] = {
    "animal": Words(
        (
            "可爱的", "小小的", "毛茸茸的", "胖乎乎的", "萌萌的", "活泼的", "调皮的", "漂亮的", "小", "聪明的",
            "勇敢的", "神奇的", "胖胖的", "大",
        ),
        (
            "cute", "little", "fluffy", "small", "adorable", "chubby", "playful", "lovely", "furry", "tiny", "big",
            "clever", "brave",
        ),
    ),
    "person": Words(
        (
            "可爱的", "美丽的", "漂亮的", "年轻的", "小小的", "威严的", "勇敢的", "英俊的", "帅气的", "温柔的",
            "古代的", "衣着华丽的", "优雅的", "青春的",
        ),
        (
            "cute", "beautiful", "young", "pretty", "lovely", "majestic", "brave", "handsome", "elegant", "little",
            "ancient", "graceful", "dignified",
        ),
    ),
}  # fmt: skip
"""Praise and size that no drawing depends on."""
