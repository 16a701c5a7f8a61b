"""Names of bundles, for every system that unpacks them."""

import random
import unicodedata

from story_engine.domain.bundle import BRAND, bundle_name, file_part
from story_engine.domain.safe_name import name_fault

HOSTILE = (
    "CON",
    "con.txt",
    "nul",
    "COM1",
    "..",
    "../../etc",
    "C:\\Users\\x",
    "a/b",
    "a\nb",
    "<script>alert(1)</script>",
    "|pipe|",
    "?*\"'",
    "trailing. . .",
    " -lead",
    "\u202egnp.exe",
    "e\u0301" * 40,
    "猫" * 100,
    "👩‍👩‍👧‍👦" * 20,
    "\ud800",
    "\x00",
    "가" * 50,
    "ﾊﾟ" * 30,
    "{mimi}",
    "",
    "   ",
)


def test_a_bundle_is_called_as_the_challenge_asks():
    assert bundle_name("败北女主队", "橘猫的一天") == f"败北女主队-{BRAND}-橘猫的一天"
    assert bundle_name("", "cat") == f"{BRAND}-cat"
    assert bundle_name("Team", "") == f"Team-{BRAND}-story"


def test_no_hostile_name_makes_a_file_that_some_system_cannot_unpack():
    chance = random.Random(0)
    alphabet = [*'aZ9 .-_:/\\|?*<>"\n\t\u200d\u0301', "猫", "é", "👩", "\u202e", "\ud83d", "é"]
    made = ["".join(chance.choices(alphabet, k=chance.randrange(60))) for _ in range(2_000)]
    faults = {}
    for text in (*HOSTILE, *made):
        for name in (file_part(text), bundle_name(text, text)):
            is_flawed = bool(name) and (name_fault(name) is not None or name != unicodedata.normalize("NFC", name))
            if is_flawed or len(name) > 64 or len(f"{name}.zip".encode()) > 200:
                faults[text] = name

    assert not faults
