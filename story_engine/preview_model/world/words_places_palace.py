"""What people call the places of the old palace."""

from __future__ import annotations

from story_engine.preview_model.world.words import PlaceWords, Words

PALACE_PLACES: dict[str, PlaceWords] = {
    "palace_hall": PlaceWords(
        Words(
            (
                "古代皇宫大殿", "皇宫", "大殿", "宫殿", "古代皇宫", "金碧辉煌的宫殿", "皇宫大殿", "古代宫殿",
                "宫殿大厅", "紫禁城", "故宫",
            ),
            (
                "palace hall", "ancient palace", "palace", "imperial palace", "ancient Chinese palace",
                "golden palace hall", "great hall", "Chinese palace", "royal palace",
            ),
        ),
        Words(
            (
                "金碧辉煌的古代皇宫大殿内", "古代皇宫大殿内", "皇宫里", "宫殿里", "大殿里", "大殿内", "皇宫大殿里",
                "古代皇宫里", "古代宫殿里", "宫殿中", "皇宫中", "大殿中", "皇宫大殿内", "古代皇宫",
            ),
            (
                "in a palace hall", "in an ancient palace hall", "in a golden ancient palace hall",
                "in the imperial palace", "in a palace", "in an ancient palace", "in the hall of an ancient palace",
                "in the palace", "in a splendid palace hall", "in an ancient Chinese palace", "inside a palace",
            ),
        ),
        Words(
            ("宫殿的华丽装饰", "皇宫", "宫殿", "古代皇宫", "金碧辉煌的大殿", "红柱金瓦的宫殿", "古代宫殿", "大殿"),
            (
                "the splendid decoration of a palace", "a palace", "a palace hall", "red pillars", "an ancient palace",
                "the imperial palace", "carved beams",
            ),
        ),
        Words(
            ("四周是雕梁画栋", "雕梁画栋", "金碧辉煌", "红色的柱子"),
            (
                "carved beams and painted pillars all around", "splendid and golden",
                "carved beams and painted pillars", "surrounded by carved beams and painted pillars",
            ),
        ),
    ),
    "throne_room": PlaceWords(
        Words(
            ("龙椅", "王座", "宝座", "王座大厅", "金色的龙椅", "王位", "朝堂"),
            ("throne", "throne room", "dragon throne", "golden throne", "royal throne", "throne hall"),
        ),
        Words(
            (
                "龙椅上", "王座上", "宝座上", "龙椅前", "王座前", "朝堂上", "王座大厅里", "宝座前", "金色的龙椅上",
                "王座大厅", "朝堂",
            ),
            (
                "on the dragon throne", "on a throne", "on the throne", "in the throne room", "in a throne room",
                "in front of the throne", "on a golden throne", "before the throne", "in front of a throne",
            ),
        ),
        Words(
            ("大殿内的华丽陈设", "龙椅", "王座", "金色的龙椅", "宝座"),
            ("the splendid furnishings of the hall", "a dragon throne", "a throne", "a golden throne", "the throne"),
        ),
        Words(
            ("大殿内的华丽陈设",),
            ("the splendid furnishings of the hall",),
        ),
    ),
    "palace_chamber": PlaceWords(
        Words(
            ("寝宫", "丝绸垫子", "宫中", "宫殿内室", "古代宫殿内景", "后宫", "古代卧室", "寝殿", "内室", "卧室"),
            (
                "palace chamber", "silk cushion", "royal bedroom", "palace bedroom", "inner palace", "royal chamber",
                "bedchamber", "bedroom",
            ),
        ),
        Words(
            (
                "丝绸垫子上", "寝宫里", "宫中", "丝绸软垫上", "寝宫中", "后宫里", "古代卧室里", "宫殿内室里", "垫子上",
                "软垫上", "卧室里", "内室里",
            ),
            (
                "on a silk cushion", "in a palace chamber", "in the palace chamber", "on silk cushions",
                "in the royal bedroom", "in the inner palace", "in a royal chamber", "on the silk cushion",
                "on a cushion", "in a palace bedroom", "in the bedroom",
            ),
        ),
        Words(
            ("奢华的古代宫殿内景", "寝宫", "古代宫殿内景", "丝绸帷幔", "奢华的寝宫", "奢华的宫殿内景"),
            (
                "the luxurious interior of an ancient palace", "a palace chamber", "silk curtains", "a royal bedroom",
                "a luxurious palace interior", "a silk cushion",
            ),
        ),
        Words(
            ("成为宫中的宠物",),
            ("the pet of the palace",),
        ),
    ),
    "dark_corner": PlaceWords(
        Words(
            ("幽暗角落", "闪烁着蓝光的门", "发光的门", "黑暗的角落", "神秘的门", "昏暗的角落", "角落", "魔法门", "门"),
            (
                "dark corner", "glowing door", "glowing blue door", "mysterious door", "dim corner", "magic door",
                "shadowy corner", "door",
            ),
        ),
        Words(
            (
                "一个闪烁着蓝光的门前", "幽暗角落里", "发光的门前", "闪烁着蓝光的门前", "黑暗的角落里", "神秘的门前",
                "角落里", "昏暗的角落里", "一扇发光的门前", "门前", "幽暗的角落里", "门口",
            ),
            (
                "in front of a door shining with blue light", "in a dark corner", "in front of a glowing door",
                "before a glowing blue door", "in the dark corner", "in a dim corner", "in front of a mysterious door",
                "in front of a magic door", "at a glowing door", "in front of a door",
            ),
        ),
        Words(
            ("古代宫殿中的幽暗角落", "幽暗角落", "幽暗的角落", "闪烁着蓝光的门", "发光的门", "黑暗的角落"),
            (
                "a dark corner of an ancient palace", "a dark corner", "a glowing blue door", "a glowing door",
                "a door shining with blue light", "a dim corner",
            ),
        ),
        Words(
            ("门内隐约可见现代客厅的影像", "门里透出蓝光", "闪烁着蓝光", "门内是现代客厅", "找到回到现代的线索"),
            (
                "a modern living room faintly visible through the door", "blue light from the door",
                "flickering with blue light", "shining with blue light", "the way back home",
            ),
        ),
    ),
}  # fmt: skip
