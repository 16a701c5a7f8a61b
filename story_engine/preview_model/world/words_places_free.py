"""What people call the places that no shipped story visits."""

from __future__ import annotations

from story_engine.preview_model.world.words import PlaceWords, Words

FREE_PLACES: dict[str, PlaceWords] = {
    "forest": PlaceWords(
        Words(
            ("森林", "树林", "竹林", "丛林", "树下", "林中", "绿色的森林", "大树"),
            ("forest", "woods", "bamboo forest", "jungle", "green forest", "trees", "woodland"),
        ),
        Words(
            ("森林里", "树林里", "树林中", "森林中", "竹林里", "丛林里", "大树下", "林中", "树下", "竹林中", "林间"),
            (
                "in the forest", "in a forest", "in the woods", "in a bamboo forest", "in the jungle", "under a tree",
                "among the trees", "through the forest", "in a green forest", "under the trees",
            ),
        ),
        Words(
            ("森林", "树林", "绿色的森林", "茂密的森林", "竹林", "高大的树木", "树木", "绿树"),
            ("a forest", "tall trees", "a green forest", "trees", "a bamboo forest", "the woods", "a dense forest"),
        ),
    ),
    "beach": PlaceWords(
        Words(
            ("海边", "沙滩", "海滩", "大海", "海岸", "海边沙滩", "海", "海浪"),
            ("beach", "seaside", "sandy beach", "sea", "seashore", "ocean", "shore", "coast"),
        ),
        Words(
            ("海边", "沙滩上", "海滩上", "大海边", "海岸边", "海边的沙滩上", "大海前", "沙滩", "海滩"),
            (
                "on the beach", "at the beach", "by the sea", "on a beach", "at the seaside", "on a sandy beach",
                "on the shore", "on the sand", "by the ocean", "along the beach",
            ),
        ),
        Words(
            ("大海", "沙滩", "海滩", "蓝色的大海", "沙滩和大海", "海边", "海浪", "海和沙滩"),
            ("the sea", "a beach", "the ocean", "a sandy beach", "sea and sand", "waves", "the beach and the sea"),
        ),
    ),
    "street": PlaceWords(
        Words(
            ("街道", "街头", "城市街道", "街上", "马路", "小巷", "城市", "大街", "都市", "街市"),
            ("street", "city street", "road", "alley", "city", "town", "downtown", "urban street"),
        ),
        Words(
            (
                "街道上", "街上", "街头", "城市的街道上", "马路上", "大街上", "小巷里", "城市里", "城市街道上", "路上",
                "城市中", "路边",
            ),
            (
                "on the street", "in the street", "on a city street", "in the city", "on a street", "down the street",
                "in an alley", "on the road", "in a city", "in town",
            ),
        ),
        Words(
            ("城市街道", "街道", "城市", "高楼大厦", "马路", "街道和房屋", "楼房"),
            ("a city street", "a street", "city buildings", "houses", "tall buildings", "a city", "street lights"),
        ),
    ),
    "snow_mountain": PlaceWords(
        Words(
            ("雪山", "雪地", "山顶", "雪中", "高山", "雪", "下雪", "冰雪", "大雪"),
            (
                "snow mountain", "snowy mountain", "snow", "mountain", "snowy mountains", "mountains",
                "snow-capped mountain", "snowfield", "mountain top",
            ),
        ),
        Words(
            (
                "雪山上", "雪地里", "雪山下", "雪地上", "雪山脚下", "山顶上", "雪中", "雪山前", "高山上", "大雪中",
                "冰雪中",
            ),
            (
                "on a snow mountain", "in the snow", "on a snowy mountain", "in the mountains", "on the mountain",
                "on the snow", "in snowy mountains", "at the top of a snow mountain", "in front of a snowy mountain",
                "on a mountain top",
            ),
        ),
        Words(
            ("雪山", "白雪皑皑的雪山", "雪景", "连绵的雪山", "高山", "雪地", "白雪"),
            ("snowy mountains", "a snow mountain", "snow", "mountains", "snow-capped mountains", "a snowy landscape"),
        ),
        Words(
            ("下雪", "雪花飘落", "白雪皑皑", "雪花"),
            ("snowing", "snowflakes falling", "falling snow", "snowflakes"),
        ),
    ),
    "garden": PlaceWords(
        Words(
            ("花园", "公园", "院子", "花丛", "草地", "庭院", "花海", "御花园", "草坪", "田野"),
            (
                "garden", "park", "flower garden", "yard", "meadow", "courtyard", "backyard", "grass", "flower field",
                "lawn",
            ),
        ),
        Words(
            (
                "花园里", "公园里", "花丛中", "院子里", "草地上", "庭院里", "花园中", "花海中", "御花园里", "草坪上",
                "花海里", "田野里", "庭院中",
            ),
            (
                "in the garden", "in a garden", "in the park", "among flowers", "on the grass", "in a meadow",
                "in a flower garden", "in the yard", "in a courtyard", "in a park", "in a field of flowers",
                "in the backyard",
            ),
        ),
        Words(
            ("花园", "花丛", "盛开的花朵", "草地和花朵", "公园", "草地", "庭院", "花海"),
            ("a garden", "flowers", "blooming flowers", "a flower garden", "a park", "grass and flowers", "a meadow"),
        ),
    ),
    "classroom": PlaceWords(
        Words(
            ("教室", "学校", "课堂", "黑板", "校园", "学校教室", "课堂上", "上课"),
            ("classroom", "school", "schoolroom", "class", "blackboard", "school classroom"),
        ),
        Words(
            ("教室里", "学校里", "课堂上", "黑板前", "教室", "教室中", "校园里", "学校的教室里", "课桌前"),
            (
                "in the classroom", "in a classroom", "at school", "in class", "in front of a blackboard",
                "in front of the blackboard", "at a school desk", "in school", "in a school classroom",
            ),
        ),
        Words(
            ("教室", "黑板", "黑板和课桌", "学校", "课桌", "课桌和黑板"),
            ("a classroom", "a blackboard", "a blackboard and desks", "school desks", "a school"),
        ),
    ),
    "kitchen": PlaceWords(
        Words(
            ("厨房", "餐厅", "灶台", "家里厨房", "饭厅", "餐桌"),
            ("kitchen", "dining room", "home kitchen", "cosy kitchen", "cozy kitchen", "dining table"),
        ),
        Words(
            ("厨房里", "厨房中", "厨房", "餐厅里", "灶台前", "家里的厨房里", "厨房的灶台前", "餐桌旁", "家里的厨房"),
            (
                "in the kitchen", "in a kitchen", "in the dining room", "by the stove", "in a cosy kitchen",
                "at the kitchen table", "in front of the stove", "at the dining table",
            ),
        ),
        Words(
            ("厨房", "灶台和橱柜", "橱柜", "厨房的橱柜", "灶台", "锅和灶台"),
            ("a kitchen", "a stove and cupboards", "kitchen cupboards", "a stove", "kitchen shelves"),
        ),
    ),
    "desert": PlaceWords(
        Words(
            ("沙漠", "沙丘", "大漠", "戈壁", "荒漠", "黄沙"),
            ("desert", "sand dunes", "dunes", "sandy desert", "wasteland", "sahara"),
        ),
        Words(
            ("沙漠里", "沙漠中", "沙丘上", "大漠中", "沙漠", "戈壁上", "大漠里", "黄沙中", "荒漠中"),
            (
                "in the desert", "in a desert", "on a sand dune", "among the dunes", "on the dunes",
                "across the desert", "in a sandy desert", "on sand dunes",
            ),
        ),
        Words(
            ("沙漠", "沙丘", "连绵的沙丘", "仙人掌", "沙漠和仙人掌", "大漠", "黄沙"),
            ("a desert", "sand dunes", "cactus", "rolling dunes", "the desert", "cacti and dunes", "cacti"),
        ),
    ),
    "underwater": PlaceWords(
        Words(
            ("海底", "水下", "海底世界", "水中", "深海", "水底", "珊瑚礁", "海洋"),
            (
                "underwater", "under the sea", "seabed", "underwater world", "deep sea", "coral reef", "ocean floor",
                "undersea",
            ),
        ),
        Words(
            ("海底", "水下", "水中", "海底世界里", "深海里", "水底", "海洋里", "珊瑚丛中", "深海中", "海里", "水里"),
            (
                "under the sea", "underwater", "under water", "on the seabed", "in the deep sea",
                "in an underwater world", "in the coral reef", "at the bottom of the sea", "in the water",
                "in the ocean",
            ),
        ),
        Words(
            ("海底", "珊瑚和小鱼", "海底世界", "珊瑚", "水草和气泡", "鱼群", "气泡", "海草"),
            (
                "an underwater world", "coral and fish", "coral", "bubbles and seaweed", "fish", "the seabed",
                "seaweed", "a coral reef",
            ),
        ),
    ),
    "castle": PlaceWords(
        Words(
            ("城堡", "古堡", "城墙", "童话城堡", "欧洲城堡", "高塔"),
            ("castle", "fairy tale castle", "old castle", "fortress", "medieval castle", "tower", "castle tower"),
        ),
        Words(
            (
                "城堡前", "城堡里", "城堡外", "古堡前", "城墙上", "城堡门前", "城堡中", "城堡的塔楼前", "高塔前",
                "古堡里",
            ),
            (
                "in front of a castle", "at the castle", "near a castle", "in the castle", "in front of the castle",
                "outside the castle", "before an old castle", "in a castle", "at a castle", "by the castle",
            ),
        ),
        Words(
            ("城堡", "古老的城堡", "高高的城堡", "童话城堡", "城堡的塔楼", "城墙"),
            (
                "a castle", "an old castle", "castle towers", "a fairy tale castle", "a tall castle",
                "a medieval castle",
            ),
        ),
    ),
    "plain": PlaceWords(
        Words(
            (
                "纯色背景", "白色背景", "简单背景", "白底", "空白背景", "单色背景", "干净的背景", "无背景", "渐变背景",
                "简洁的背景", "浅色背景",
            ),
            (
                "plain background", "white background", "simple background", "blank background", "solid background",
                "gradient background", "clean background", "empty background", "no background", "isolated",
            ),
        ),
        Words(
            ("白色背景前", "纯色背景前", "白色背景上", "简单的背景前", "纯色背景上"),
            (
                "on a plain background", "on a white background", "on a simple background",
                "against a plain background", "against a white background", "on a blank background",
                "in front of a plain background",
            ),
        ),
        Words(
            ("纯色的墙", "一片空白", "白色的墙", "空白的墙"),
            ("an empty space", "a plain wall", "a white wall", "a blank wall"),
        ),
    ),
}  # fmt: skip
