"""YAML of anyone: read as it is meant, or refused with its line, quickly, and never by a crash."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from story_engine.errors import FixInput
from story_engine.store.safe_yaml import decode, parse


def read(text: str):
    return parse(decode(text.encode() if isinstance(text, str) else text))


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[" * 100_000, "yaml_too_deep", 1),
        ("- " * 100_000, "yaml_too_deep", 1),
        ("{" * 100_000, "yaml_key", 1),
        ("? " * 100_000, "yaml_key", 1),
        ("- a\n" * 100_000, "yaml_too_many", None),
        ("x: " + "y" * 2_000_000, "yaml_too_large", None),
        ("x: !!python/object/apply:os.system [id]", "yaml_tag", 1),
        ("a: 1\nb: !thing 2", "yaml_tag", 2),
        ("a: &x 1\nb: *x", "yaml_alias", 1),
        ("a: 1\nb: *x", "yaml_alias", 2),
        ("id: a\nid: b", "yaml_twice", 2),
        ("a:\n\tb: 1", "yaml_tab", 2),
        ("a: 'x\nb: 1", "yaml_broken", 2),
        ("a: b: c", "yaml_broken", 1),
        ("a: 1\n---\nb: 2", "yaml_documents", 2),
        ("a: 1\n? [b]\n: c", "yaml_key", 2),
        ("", "yaml_empty", None),
        ("# only a comment\n", "yaml_empty", None),
        ('a: 1\nb: "\x07"', "yaml_character", 2),
        (b"a: \xff", "yaml_encoding", None),
    ],
)
def test_what_is_refused_is_named_with_its_line_at_once(text, code, line):
    started = time.process_time()

    with pytest.raises(FixInput) as raised:
        read(text)

    assert raised.value.code == f"story.{code}"
    assert line is None or raised.value.values["line"] == line
    assert time.process_time() - started < 10


def test_aliases_that_grow_without_end_are_refused():
    laughs = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )

    with pytest.raises(FixInput) as raised:
        read(laughs)

    assert raised.value.code == "story.yaml_alias"


def test_words_are_what_the_author_sees():
    document = read('a: no\nb: 12:30:45\nc: 2024-01-01\nd: 7\ne: 1.5\nf: true\ng:\nh: "7"\ni: -3\nj: .nan\nk: <<\n')

    nan = document.data.pop("j")
    assert nan != nan
    assert document.data == {
        "a": "no",
        "b": "12:30:45",
        "c": "2024-01-01",
        "d": 7,
        "e": 1.5,
        "f": True,
        "g": None,
        "h": "7",
        "i": -3,
        "k": "<<",
    }


def test_every_field_knows_its_line():
    lines = read("title: x\n\nscenes:\n  - id: a\n    seed: 1\n  - id: b\n").lines

    assert (lines["scenes"], lines["scenes[0].seed"], lines["scenes[1].id"]) == (3, 5, 6)


def test_byte_order_mark_and_windows_line_ends_are_accepted():
    assert read(b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\n  y\r\n").data == {"a": 1, "b": "x\ny\n"}


def test_folded_text_has_no_marks_of_the_parser_in_it():
    assert read("a: >-\n  one\n  two\n").data == {"a": "one two"}


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(alphabet="ab:-[]{}\"'|>#&*!? \n\t\\%@", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(content):
    try:
        read(content)
    except FixInput as error:
        assert error.text("zh")
