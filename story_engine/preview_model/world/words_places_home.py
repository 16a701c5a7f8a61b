"""What people call the places of the singer, and of the cat at home."""

from __future__ import annotations

from story_engine.preview_model.world.words import PlaceWords, Words

HOME_AND_SHOW_PLACES: dict[str, PlaceWords] = {
    "living_room": PlaceWords(
        Words(
            ("客厅", "家里", "温馨的客厅", "现代客厅", "家中", "房间", "室内", "沙发", "家中沙发", "家"),
            (
                "living room", "home", "cosy living room", "at home", "sofa", "room", "modern living room", "couch",
                "lounge", "indoors", "cozy living room",
            ),
        ),
        Words(
            (
                "家中沙发上", "温馨的客厅里", "客厅里", "家里", "现代客厅中", "沙发上", "家中", "房间里", "家里沙发上",
                "客厅中", "客厅的沙发上", "家里的沙发上", "现代的客厅里", "室内", "屋里",
            ),
            (
                "on the sofa at home", "in a cosy living room", "in the living room", "at home",
                "in a modern living room", "on the sofa", "on a sofa", "in a room", "at home on the sofa",
                "on the couch", "in a living room", "indoors", "in a cozy living room", "inside the house",
                "in the house",
            ),
        ),
        Words(
            ("沙发和茶几", "客厅", "熟悉的沙发和茶几", "温馨的客厅", "沙发", "现代客厅", "家里", "房间"),
            (
                "a sofa and a coffee table", "a living room", "the familiar sofa and coffee table", "a sofa",
                "a cosy living room", "a coffee table",
            ),
        ),
        Words(
            ("房间温馨如初", "房间温馨"),
            ("the room as cosy as before", "the room is cosy"),
        ),
    ),
    "bookshelf": PlaceWords(
        Words(
            ("书架", "图书馆", "书房", "满是书籍的书架", "书店", "古书", "藏书室", "书柜"),
            ("bookshelf", "library", "study", "bookcase", "bookshelves", "bookshop", "study room", "bookstore"),
        ),
        Words(
            (
                "书架旁", "图书馆里", "书房里", "书架前", "书架边", "图书馆", "书房中", "书店里", "书柜旁", "图书馆中",
                "书架旁边",
            ),
            (
                "beside a bookshelf", "in a library", "next to a bookshelf", "in front of a bookshelf",
                "by the bookshelf", "in the library", "in a study", "near the bookshelves", "in the study",
                "beside the bookshelf", "at the library",
            ),
        ),
        Words(
            ("满是书籍的书架", "书架", "图书馆", "一排排书架", "摆满书的书架"),
            ("a bookshelf full of books", "bookshelves", "shelves full of books", "a bookshelf", "rows of books"),
        ),
        Words(
            (
                "前爪搭在一本古老的书上", "书本打开，散发出微弱的蓝色光芒", "书本打开", "散发出微弱的蓝色光芒",
                "一本古老的书", "神秘的古书", "发光的书", "一本发光的书", "发现神秘的古书",
            ),
            (
                "front paws on an old book", "the book is open", "giving off a faint blue glow", "an old glowing book",
                "a mysterious old book", "an open book glowing blue", "an ancient book", "a glowing book",
                "the book glows with a faint blue light",
            ),
        ),
    ),
    "magic_light": PlaceWords(
        Words(
            ("神秘的蓝光", "魔法光芒", "时空隧道", "魔法阵", "蓝光", "时空漩涡", "魔法", "时光隧道"),
            (
                "magic light", "mysterious blue light", "time tunnel", "magic circle", "swirling blue light",
                "magic portal", "blue light", "vortex", "magic",
            ),
        ),
        Words(
            ("神秘的蓝光中", "蓝光中", "魔法光芒中", "时空隧道里", "时空漩涡中", "蓝色光芒中", "魔法阵中", "光芒中"),
            (
                "in a mysterious blue light", "in magic light", "in a swirling blue light", "in a time tunnel",
                "inside a magic circle", "in the blue light", "in a vortex of light", "surrounded by blue light",
            ),
        ),
        Words(
            ("现代的客厅与古代风格的元素交织", "神秘的蓝光", "蓝色的光芒", "旋转的蓝光", "魔法光芒"),
            (
                "a modern living room woven with ancient elements", "a mysterious blue light", "swirling blue light",
                "magic light", "glowing magic",
            ),
        ),
        Words(
            (
                "被神秘的蓝光包围", "身体逐渐消失", "被神秘的蓝光包围，身体逐渐消失", "被蓝光包围", "穿越时空",
                "被吸入古书", "穿越到古代", "被魔法包围", "穿越",
            ),
            (
                "surrounded by a mysterious blue light", "its body slowly disappearing", "surrounded by magic light",
                "travelling through time", "body fading away", "surrounded by a blue glow", "slowly disappearing",
                "traveling through time", "time travel",
            ),
        ),
    ),
    "audience": PlaceWords(
        Words(
            ("观众席", "演唱会", "演唱会的观众席", "音乐会", "看台", "演唱会观众席", "演唱会现场", "人群"),
            (
                "concert audience", "audience", "concert", "audience seats", "concert crowd", "audience at a concert",
                "crowd", "concert hall",
            ),
        ),
        Words(
            (
                "演唱会的观众席", "观众席", "演唱会的观众席上", "观众席上", "演唱会上", "台下", "观众席里",
                "演唱会观众席", "看台上", "人群中", "演唱会现场", "音乐会上", "舞台下",
            ),
            (
                "in the audience of a concert", "in the audience", "at a concert", "in the concert audience",
                "among the audience", "in the crowd", "in the audience seats", "in a concert crowd", "at the concert",
                "in the audience at a concert",
            ),
        ),
        Words(
            ("演唱会", "人群", "观众", "演唱会的观众席", "拥挤的人群", "观众席", "很多观众"),
            (
                "a concert crowd", "a concert", "a crowd", "the audience", "a big crowd", "concert audience",
                "many people",
            ),
        ),
        Words(
            (
                "演唱会的观众席，人山人海", "人山人海", "舞台上衣着华丽的歌星们在唱歌", "人潮涌动", "看演唱会",
                "歌星们在唱歌",
            ),
            (
                "a sea of people", "gorgeously dressed singers singing on the stage", "a huge crowd",
                "watching a concert", "pop stars singing on the stage", "crowded with people", "packed with people",
            ),
        ),
    ),
    "stage": PlaceWords(
        Words(
            ("舞台", "台上", "舞台上", "华丽的舞台", "聚光灯", "大舞台", "舞台中央", "演出"),
            (
                "stage", "on stage", "concert stage", "spotlight", "theatre stage", "big stage", "theater stage",
                "live show",
            ),
        ),
        Words(
            ("台上", "舞台上", "聚光灯下", "舞台中央", "华丽的舞台上", "大舞台上", "舞台", "舞台的中央", "一个舞台上"),
            (
                "on stage", "on the stage", "under the spotlight", "on a stage", "in the spotlight", "on a big stage",
                "at the centre of the stage", "under the spotlights", "on the concert stage",
                "at the center of the stage", "on a concert stage",
            ),
        ),
        Words(
            ("舞台", "聚光灯", "舞台灯光", "华丽的舞台", "幕布和聚光灯", "舞台和聚光灯"),
            ("a stage", "spotlights", "stage lights", "stage curtains", "a stage with spotlights", "a spotlight"),
        ),
        Words(("舞台灯光", "登台演出", "灯光闪耀"), ("stage lighting", "shining stage lights", "live performance")),
    ),
    "practice_room": PlaceWords(
        Words(
            ("练习室", "排练室", "练功房", "舞蹈室", "音乐教室", "录音室", "舞蹈练习室", "练歌房"),
            (
                "practice room", "rehearsal room", "dance studio", "studio", "music room", "training room",
                "recording studio", "rehearsal studio",
            ),
        ),
        Words(
            (
                "练习室", "练习室里", "排练室里", "练功房里", "舞蹈室里", "练习室中", "音乐教室里", "录音室里",
                "排练室", "练习室内",
            ),
            (
                "in the practice room", "in a practice room", "in a rehearsal room", "in a dance studio",
                "in the studio", "in a music room", "in the rehearsal room", "in a studio", "in the music room",
                "in a recording studio",
            ),
        ),
        Words(
            ("练习室", "练习室的镜子", "排练室", "练习室的镜子和木地板", "木地板"),
            ("a practice room", "mirrors and a wooden floor", "a rehearsal room", "a dance studio", "wooden floor"),
        ),
    ),
    "fitting_room": PlaceWords(
        Words(
            ("试衣间", "更衣室", "化妆间", "衣帽间", "服装店", "换衣间", "镜子", "化妆室"),
            (
                "fitting room", "dressing room", "changing room", "wardrobe", "walk-in closet", "clothes shop",
                "mirror", "closet",
            ),
        ),
        Words(
            (
                "试衣间", "试衣间里", "更衣室里", "化妆间里", "试衣间中", "衣帽间里", "镜子前", "更衣室",
                "试衣间的镜子前", "试衣镜前", "服装店里",
            ),
            (
                "in the fitting room", "in a fitting room", "in a dressing room", "in the changing room",
                "in front of a mirror", "in a changing room", "in the dressing room", "in a walk-in closet",
                "in front of the mirror", "in a clothes shop",
            ),
        ),
        Words(
            ("试衣间", "挂满衣服的衣架", "镜子和衣架", "更衣室", "衣架"),
            ("a fitting room", "a mirror and a clothes rack", "a rack of clothes", "a dressing room", "clothes rack"),
        ),
    ),
    "starry_sky": PlaceWords(
        Words(
            ("星空", "流星", "夜空", "流星雨", "满天繁星", "繁星", "星空下", "星星", "银河", "天空"),
            (
                "starry sky", "shooting star", "night sky", "meteor shower", "stars", "starry night", "falling star",
                "meteor", "milky way", "sky full of stars",
            ),
        ),
        Words(
            ("星空下", "流星下", "夜空下", "满天繁星下", "流星雨下", "繁星下", "星空之下", "银河下", "山坡上"),
            (
                "under the starry sky", "under a shooting star", "under a starry sky", "under the stars",
                "beneath the night sky", "under a meteor shower", "under the night sky", "on a hill under the stars",
                "on a hill",
            ),
        ),
        Words(
            ("星空", "流星", "夜空中的流星", "满天繁星", "流星划过夜空", "流星划过的夜空", "夜空", "星空和流星"),
            (
                "a starry sky", "a shooting star", "a night sky with a shooting star", "a sky full of stars",
                "a meteor shower", "the night sky", "stars",
            ),
        ),
        Words(
            ("流星划过夜空", "看着流星", "仰望星空", "流星划过天空", "仰望夜空"),
            (
                "a shooting star crosses the sky", "looking at a shooting star", "looking up at the stars",
                "looking at the stars",
            ),
        ),
    ),
}  # fmt: skip
