"""Paths are taken as people paste them."""

from __future__ import annotations

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from story_engine.formats.pasted_path import pasted_path


def test_every_way_of_pasting_means_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "my files" / "墨 风#1 50%.safetensors"
    path.parent.mkdir()
    path.touch()
    ways = [
        str(path),
        f"  {path}\n",
        f'"{path}"',
        f"'{path}'",
        f"“{path}”",
        f"「{path}」",
        f"' \"{path}\" '",
        path.as_uri(),
        f'"{path.as_uri()}"',
        path.as_uri().replace("file://", "file://localhost"),
        path.as_uri().replace("file://", "FILE:"),
        str(path).replace(" ", "\\ "),
    ]

    assert [way for way in ways if pasted_path(way) != path] == []


def test_a_file_whose_name_is_in_quotes_is_meant_before_any_other(tmp_path: Path) -> None:
    (tmp_path / "'a'").touch()

    assert pasted_path(tmp_path / "'a'") == tmp_path / "'a'"


def test_a_tilde_is_the_home_folder_and_a_drive_keeps_its_letter() -> None:
    assert pasted_path("~/x.pt") == Path.home() / "x.pt"
    assert str(pasted_path("file:///C:/x.pt")) == "C:/x.pt"
    assert str(pasted_path("~nobody-at-all/x")) == "~nobody-at-all/x"


@given(st.text(max_size=60))
@example("~\x00")
@example("~\ud800")
def test_no_text_is_too_odd(text: str) -> None:
    assert isinstance(pasted_path(text), Path)
