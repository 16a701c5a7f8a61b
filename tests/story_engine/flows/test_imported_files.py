"""Archives and files that mean harm, given to the import."""

import io
import stat
import zipfile

import pytest

from story_engine.errors import StudioError
from story_engine.flows.imported_files import read_file
from story_engine.store.story_text import write_story
from tests.builders import a_story

TABLE = "prompt,seed\na cat,3\n"


def packed(*entries: tuple[str | zipfile.ZipInfo, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def a_link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def test_what_leads_out_of_an_archive_is_passed_over_and_counted():
    content = packed(
        ("../../evil.csv", TABLE), (a_link("link.csv"), "/etc/passwd"), ("/abs.csv", TABLE), ("a.csv", TABLE)
    )

    found = read_file("a.zip", content)

    assert [scene.prompt for story in found for scene in story.scenes] == ["a cat"]
    (note,) = (note for story in found for note in story.notes)
    assert note.code == "imports.entries_passed_over" and note.values["count"] == 3


def test_bombs_links_and_nested_archives_are_refused_with_a_message():
    story = write_story(a_story())
    hostile = {
        "bomb": packed(("a.csv", b"a" * 60_000_000)),
        "bomb for a story": packed(("story.yaml", b"a" * 60_000_000)),
        "link for a story": packed((a_link("story.yaml"), "/etc/passwd")),
        "nested": packed(("b.zip", packed(("story.yaml", story)))),
        "cut": packed(("story.yaml", story))[:-40],
        "story that is none": packed(("story.yaml", "[" * 100_000)),
        "empty": packed(),
        "nothing of ours": packed(("a.bin", b"\0" * 100)),
    }
    for name, content in hostile.items():
        with pytest.raises(StudioError) as refused:
            read_file("a.zip", content)
        assert all(refused.value.text(language).strip() for language in ("zh", "en")), name


def test_the_story_nearest_to_the_top_of_a_bundle_is_the_bundles():
    inner, outer = write_story(a_story(title="inner")), write_story(a_story(title="outer"))

    (found,) = read_file("a.zip", packed(("x/old/story.yaml", inner), ("x/story.yaml", outer)))

    assert found.title == "outer"
