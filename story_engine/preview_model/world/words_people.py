"""What people call the living things of the closed world; their hair and clothes."""

from __future__ import annotations

from story_engine.preview_model.world.words import Words

SUBJECTS: dict[str, Words] = {
    "cat": Words(
        ("小猫", "猫", "猫咪", "小猫咪", "喵", "喵星人", "幼猫", "猫猫", "猫儿", "小猫猫"),
        ("cat", "kitten", "kitty", "kitty cat", "tabby", "tabby cat", "feline"),
    ),
    "dog": Words(
        ("小狗", "狗", "狗狗", "小狗狗", "犬", "柴犬", "汪星人", "幼犬", "金毛", "狗儿"),
        ("dog", "puppy", "doggy", "pup", "hound", "shiba", "doggie"),
    ),
    "rabbit": Words(
        ("兔子", "小兔子", "兔", "小兔", "小兔兔", "兔兔", "玉兔", "兔儿"),
        ("rabbit", "bunny", "bunny rabbit", "hare"),
    ),
    "panda": Words(
        ("熊猫", "大熊猫", "熊猫宝宝", "小小熊猫", "国宝熊猫", "熊猫崽"),
        ("panda", "giant panda", "baby panda", "panda bear"),
    ),
    "fox": Words(("狐狸", "小狐狸", "狐", "小狐", "狐狸崽", "灵狐"), ("fox", "little fox", "baby fox", "fox cub")),
    "horse": Words(
        ("马", "小马", "骏马", "马儿", "小马驹", "战马", "马匹"),
        ("horse", "pony", "foal", "steed", "stallion"),
    ),
    "dragon": Words(
        ("龙", "小龙", "巨龙", "神龙", "飞龙", "小飞龙", "中国龙", "龙宝宝"),
        ("dragon", "Chinese dragon", "baby dragon", "little dragon"),
    ),
    "robot": Words(
        ("机器人", "小机器人", "机械人", "智能机器人", "铁皮人", "机甲"),
        ("robot", "little robot", "android", "droid", "mecha", "bot"),
    ),
    "girl": Words(
        (
            "小女孩", "女孩", "少女", "女生", "姑娘", "小姑娘", "女孩子", "女子", "女人", "美少女", "妹妹", "女歌手",
            "歌手", "公主", "小公主", "女学生", "女主角", "萝莉", "年轻女孩", "小妹妹", "歌星", "女士", "美女", "仙女",
            "女童",
        ),
        (
            "girl", "little girl", "young girl", "young woman", "woman", "lady", "teenage girl", "female singer",
            "princess", "schoolgirl", "maiden", "1girl", "young lady", "singer", "cute girl", "female", "small girl",
        ),
    ),
    "boy": Words(
        (
            "小男孩", "男孩", "少年", "男生", "男孩子", "男子", "男人", "小伙子", "美少年", "弟弟", "男学生", "小弟弟",
            "男童", "年轻男孩", "男主角", "青年", "男歌手", "男士",
        ),
        (
            "boy", "little boy", "young boy", "young man", "man", "teenage boy", "guy", "schoolboy", "1boy", "lad",
            "male singer", "male",
        ),
    ),
    "emperor": Words(
        ("皇帝", "帝王", "国王", "君王", "皇上", "古代皇帝", "君主", "天子", "陛下"),
        ("emperor", "king", "monarch", "Chinese emperor", "ruler", "ancient emperor"),
    ),
    "maid": Words(
        ("侍女", "宫女", "女仆", "丫鬟", "婢女", "古代侍女", "女佣", "小宫女", "奴婢"),
        (
            "maid", "palace maid", "maidservant", "court lady", "servant girl", "servant", "handmaiden",
            "lady-in-waiting",
        ),
    ),
    "prince": Words(
        ("王子", "小王子", "太子", "皇子", "公子", "少爷", "王爷", "年轻王子"),
        ("prince", "young prince", "little prince", "crown prince", "young lord"),
    ),
    "warrior": Words(
        ("武士", "战士", "将军", "骑士", "侠客", "勇士", "剑客", "大侠", "士兵", "武将", "英雄", "女侠", "剑士"),
        ("warrior", "knight", "general", "samurai", "swordsman", "soldier", "fighter", "hero", "guard"),
    ),
}  # fmt: skip

FUSED_SUBJECTS: dict[str, tuple[str, ...]] = {
    "cat": ("猫",),
    "dog": ("狗", "犬"),
    "rabbit": ("兔", "兔子"),
    "fox": ("狐", "狐狸"),
    "horse": ("马",),
    "dragon": ("龙",),
}  # fmt: skip
"""Short nouns that take a colour of one character: 橘猫, 白兔, 小黑狗."""

COUNTERS: dict[str, tuple[str, ...]] = {
    "cat": ("一只",),
    "dog": ("一只", "一条"),
    "rabbit": ("一只",),
    "panda": ("一只",),
    "fox": ("一只",),
    "horse": ("一匹", "一只"),
    "dragon": ("一条", "一只"),
    "robot": ("一个", "一台"),
    "girl": ("一个", "一位", "一名"),
    "boy": ("一个", "一位", "一名"),
    "emperor": ("一个", "一位", "一名"),
    "maid": ("一个", "一位", "一名"),
    "prince": ("一个", "一位", "一名"),
    "warrior": ("一个", "一位", "一名"),
}  # fmt: skip

PLURALS: dict[str, Words] = {
    "maid": Words(
        ("侍女", "侍女们", "两个侍女", "宫女们", "几个侍女"),
        ("maids", "palace maids", "two maids", "servants", "maidservants"),
    ),
    "cat": Words(("两只猫", "两只小猫", "猫咪们"), ("two cats", "cats", "kittens")),
    "girl": Words(("女孩们", "两个女孩"), ("girls", "two girls")),
    "dog": Words(("两只小狗", "狗狗们"), ("two dogs", "dogs", "puppies")),
}  # fmt: skip

HAIR_COLOURS: dict[str, Words] = {
    "purple": Words(("紫色", "淡紫色", "紫"), ("purple", "violet", "lavender")),
    "black": Words(("黑色", "乌黑", "黑"), ("black", "dark", "jet black")),
    "brown": Words(("棕色", "褐色", "栗色", "棕"), ("brown", "chestnut", "dark brown")),
    "blond": Words(("金色", "金黄色", "黄色", "金"), ("blond", "blonde", "golden", "yellow")),
    "red": Words(("红色", "火红色", "红"), ("red", "ginger", "fiery red")),
    "blue": Words(("蓝色", "天蓝色", "蓝"), ("blue", "light blue")),
    "white": Words(("白色", "银色", "银白色", "白", "银"), ("white", "silver", "snow white")),
    "pink": Words(("粉色", "粉红色", "粉"), ("pink", "light pink")),
}  # fmt: skip
HAIR_LENGTHS: dict[str, Words] = {
    "short": Words(
        ("短发", "短头发", "齐耳短发", "短短的头发"),
        ("short hair", "short-haired", "bob hair", "bob cut"),
    ),
    "medium": Words(
        ("中等长度头发", "中长发", "齐肩发", "中长头发", "齐肩短发", "中发", "中等长度的头发", "及肩发"),
        ("medium hair", "medium-length hair", "shoulder-length hair", "medium length hair", "mid-length hair"),
    ),
    "long": Words(
        ("长发", "长头发", "长长的头发", "披肩长发", "及腰长发", "飘逸的长发"),
        ("long hair", "long-haired", "very long hair", "flowing hair", "long flowing hair"),
    ),
}  # fmt: skip
HAIR = Words(("头发", "发"), ("hair", "haired"))
"""Hair without its length: 黑发, black hair."""

OUTFITS: dict[str, Words] = {
    "dress": Words(
        (
            "连衣裙", "裙子", "吊带漏肩连衣裙", "吊带连衣裙", "漏肩连衣裙", "长裙", "短裙", "小裙子", "吊带裙",
            "碎花裙", "蓬蓬裙", "公主裙", "露肩连衣裙", "半身裙", "露肩裙",
        ),
        (
            "dress", "one-piece dress", "off-shoulder dress", "sundress", "skirt", "strap dress", "long dress",
            "short dress", "princess dress", "summer dress", "off-the-shoulder dress", "frock", "strappy dress",
        ),
    ),
    "gown": Words(
        ("礼服", "晚礼服", "礼服长裙", "礼服，连衣裙", "礼服裙", "演出服", "华丽的礼服", "礼裙", "婚纱", "礼服连衣裙"),
        (
            "gown", "evening gown", "evening dress", "ball gown", "formal dress", "stage gown", "gorgeous gown",
            "formal gown", "wedding dress",
        ),
    ),
    "casual": Words(
        (
            "衣服", "休闲装", "上衣", "T恤", "卫衣", "休闲服", "外套", "毛衣", "衬衫", "便装", "运动服", "夹克",
            "牛仔外套", "校服", "短袖", "日常服装",
        ),
        (
            "clothes", "casual clothes", "T-shirt", "t-shirt", "shirt", "hoodie", "sweater", "jacket", "casual outfit",
            "outfit", "coat", "denim jacket", "sportswear", "tee", "top", "school uniform", "uniform",
        ),
    ),
    "robe": Words(
        ("长袍", "汉服", "古装", "袍子", "古代服装", "长衫", "道袍", "古代长袍", "华服", "古代衣服", "和服", "旗袍"),
        (
            "robe", "long robe", "hanfu", "ancient robe", "traditional robe", "robes", "ancient clothes",
            "Chinese robe", "kimono", "cloak",
        ),
    ),
    "armour": Words(
        ("盔甲", "铠甲", "战甲", "甲胄", "战袍", "护甲", "金属盔甲"),
        (
            "armour", "armor", "suit of armour", "suit of armor", "plate armour", "plate armor", "battle armor",
            "battle armour",
        ),
    ),
    "dragon_robe": Words(
        ("龙袍", "皇袍", "帝王服", "绣龙长袍", "皇帝龙袍", "皇帝的龙袍", "绣着龙的长袍"),
        ("dragon robe", "imperial robe", "emperor's robe", "imperial dragon robe", "royal robe", "imperial robes"),
    ),
    "maid_dress": Words(
        ("侍女服", "宫女服", "女仆装", "侍女装", "宫女装", "宫装", "女仆裙", "围裙"),
        ("maid dress", "maid outfit", "maid costume", "palace maid dress", "maid uniform", "maid's dress", "apron"),
    ),
}  # fmt: skip
