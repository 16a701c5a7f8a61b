"""File names made from titles."""

from hypothesis import given
from hypothesis import strategies as st

from story_engine.domain.safe_name import name_fault
from story_engine.store.names import slug_from


def slug(title: str, *taken: str) -> str:
    return slug_from(title, is_taken=lambda name: name in taken)


def test_letters_of_every_script_are_kept():
    assert slug("歌星梦 One: the Start!") == "歌星梦-one-the-start"
    assert slug("Märchen") == "märchen"
    assert slug("قصة") == "قصة"


def test_what_cannot_be_a_file_name_becomes_one():
    assert slug("../../etc/passwd") == "etc-passwd"
    assert slug("CON") == "con-story"
    assert slug("🐉!") == "story"
    assert slug("") == "story"


def test_names_in_use_are_counted_on():
    assert slug("Cat", "cat", "cat-2") == "cat-3"


@given(st.text(max_size=200), st.booleans())
def test_any_title_gives_a_free_and_safe_name(title, is_taken):
    taken = (slug(title),) if is_taken else ()

    name = slug(title, *taken)

    assert name_fault(name) is None
    assert name not in taken
    assert len(f"{name}.yaml.damaged-12345678".encode()) < 200
