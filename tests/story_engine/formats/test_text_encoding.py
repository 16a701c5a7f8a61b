import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from story_engine.errors import FixInput
from story_engine.formats.text_encoding import Neighbours, decode, decode_names

WRITTEN = {
    "gb18030": (
        "猫",
        "二次元",
        "一只橘猫坐在窗台上",
        "1girl, solo, 红色连衣裙",
        "a girl，白发",
        "娃娃",
        "骷髅",
        "㐀字",
        "😀 笑脸",
        "《红楼梦》——林黛玉",
        "file_name,text\r\n1.png,水墨画风格的马的少年\r\n",
    ),
    "big5": ("一個紅色的圓", "一隻橘貓坐在窗台上", "臺灣的夜市", "許功蓋"),
    "cp932": ("赤いドレスの女の子", "ソファに座る少女", "夜の東京", "能力表"),
    "cp949": ("빨간 드레스를 입은 소녀", "고양이"),
    "cp1252": (
        "a girl’s red dress",
        "café",
        "Märchen",
        "créée à la main",
        "naïve – “quoted”",
        "señorita, año",
        "Übergröße",
        "it’s 20° outside…",
    ),
    "cp1251": ("красная кошка", "девушка в платье"),
    "utf-8": ("猫", "una ragazza è seduta", "кошка", "дом", "a girl’s", "高さ", "👩‍🎨"),
}


def test_short_captions_are_read_in_the_encodings_that_notepad_and_excel_write():
    wrong = {
        (encoding, text): decode(text.encode(encoding), name="a.txt").text
        for encoding, texts in WRITTEN.items()
        for text in texts
        if decode(text.encode(encoding), name="a.txt").text != text
    }

    assert wrong == {}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_unicode_is_read_in_each_of_its_forms_with_and_without_a_mark(encoding):
    for text in ("a boy in blue", "一个男孩", "二次元\r\nsolo", "赤いドレス", "file_name,text\n1.png,红\n"):
        assert decode(text.encode(encoding), name="a.txt").text == text
    big = codecs.BOM_UTF16_BE + "蓝".encode("utf-16-be")
    assert decode(big, name="a.txt").text == "蓝"


def test_a_guess_is_called_one():
    assert decode("红裙子".encode("gbk"), name="a.txt").is_guess
    assert not decode("红裙子".encode(), name="a.txt").is_guess
    assert not decode("红裙子".encode("utf-16"), name="a.txt").is_guess


def test_a_caption_that_could_be_two_things_is_what_its_neighbours_are():
    cat = "貓".encode("big5")

    alone = decode(cat, name="a.txt")
    among = decode(
        cat, name="a.txt", neighbours=Neighbours(["一隻橘貓坐在窗台上".encode("big5"), "許功蓋".encode("big5")])
    )

    assert (alone.encoding, among.text) == ("GB18030", "貓")


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60))
def test_utf_8_stays_utf_8_where_it_is_more_than_a_few_letters(text):
    # Two-byte letters alone may be Chinese of another encoding; a caption with any other character may not.
    said = f"{text} 画 。"

    assert decode(said.encode(), name="a.txt").text == said


@given(st.binary(max_size=80))
def test_bytes_of_any_kind_are_a_text_or_refused(content):
    try:
        decode(content, name="a.txt")
    except FixInput as refused:
        assert refused.code == "dataset.captions_unreadable"


def test_what_is_no_text_is_refused_by_name():
    for content in (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, b"\xff\xfe\x00", b"\0" * 9):
        with pytest.raises(FixInput, match=r"a\.txt"):
            decode(content, name="a.txt")


def test_neighbours_of_another_encoding_change_nothing_that_is_clear():
    chinese = Neighbours(["一个穿红裙的女孩，水墨画".encode("gbk"), "红色的裙子".encode("gbk")])

    for text in ("café", "a girl’s red dress", "Übergröße"):
        found = decode(text.encode("cp1252"), name="a.txt", neighbours=chinese)
        assert (found.text, found.encoding) == (text, "Windows-1252")


def test_a_word_that_is_utf_8_by_accident_is_chinese_among_chinese_neighbours():
    cat = "1girl, 猫".encode("gbk")

    assert decode(cat, name="a.txt").text == "1girl, è"
    assert decode(cat, name="a.txt", neighbours=Neighbours(["红色的裙子".encode("gbk")])).text == "1girl, 猫"


def test_names_in_a_zip_are_read_as_one_program_wrote_them():
    written = {
        "gb18030": ["训练集/小猫玩耍.png", "训练集/乗马的少年.png", "a.png"],
        "big5": ["訓練集/貓.png", "許功蓋.png"],
        "cp932": ["訓練/ソファ.png", "訓練/能力表.png"],
        "cp949": ["빨간 머리.png", "용.png"],
        "cp437": ["Märchen é.png", "b.png"],
        "cp866": ["кошка.png"],
        "utf-8": ["a/Märchen.png", "a/猫.png"],
    }

    for encoding, names in written.items():
        assert list(decode_names([name.encode(encoding) for name in names]).values()) == names
