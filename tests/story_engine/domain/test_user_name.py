import re

import pytest

from story_engine.domain.user_name import LONGEST_NAME, folder_name, user_name
from story_engine.errors import FixInput


@pytest.mark.parametrize(
    "name",
    [
        "alice",
        "Alice",
        "小明",
        "..",
        "../../etc/passwd",
        "a/b",
        "a\\b",
        "CON",
        ".hidden",
        "a" * LONGEST_NAME,
        "😀",
        "-",
        "~",
    ],
)
def test_every_name_has_a_folder_that_is_one_plain_name(name):
    folder = folder_name(user_name(name.encode()))

    assert re.fullmatch(r"([a-z0-9-]+-)?[0-9a-f]{24}", folder)
    assert len(folder) <= 50


def test_names_that_look_alike_have_folders_that_no_file_system_takes_for_one():
    names = ["alice", "Alice", "ALICE", "alice ", "alíce", "a-lice", "a/lice", "аlice", "小明", "小红"]

    folders = {folder_name(user_name(name.encode())).casefold() for name in names}

    assert len(folders) == len(names) - 1, "a blank behind a name is no part of it"


def test_one_name_in_two_spellings_of_unicode_is_one_person():
    assert user_name("e\u0301mile".encode()) == user_name("émile".encode())


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (b"", "members.nobody"),
        (b"  ", "members.nobody"),
        ("小明".encode("gbk"), "members.not_utf8"),
        (b"x" * (LONGEST_NAME + 1), "members.name_too_long"),
        (b"a\x00b", "members.name_not_printable"),
        ("a\u202eb".encode(), "members.name_not_printable"),
        ("a\u200bb".encode(), "members.name_not_printable"),
        ("\u3000a".encode(), "members.name_not_printable"),
    ],
)
def test_what_is_no_name_is_refused(given, code):
    with pytest.raises(FixInput) as refused:
        user_name(given)

    assert refused.value.code == code
