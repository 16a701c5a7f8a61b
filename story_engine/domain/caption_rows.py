"""What a file with captions says, before anybody knows which pictures it speaks of. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

FILE_COLUMNS = (
    "file_name",
    "filename",
    "file",
    "image",
    "images",
    "file_names",
    "image_path",
    "image_file",
    "img",
    "img_path",
    "image_name",
    "picture",
    "path",
    "filepath",
    "file_path",
    "文件名",
    "图片",
    "图像",
    "图片名",
    "路径",
    "图片路径",
)
"""Names for "which picture", as tools write them: Hugging Face, DiffSynth 1 and 2, data-juicer, tables made by hand."""
TEXT_COLUMNS = (
    "text",
    "prompt",
    "caption",
    "captions",
    "description",
    "label",
    "tags",
    "文本",
    "描述",
    "提示词",
    "标注",
    "标签",
    "说明",
)
"""Names for "what it shows"."""


@dataclass(frozen=True, slots=True)
class CaptionRow:
    """One caption, and the picture that it names."""

    picture: str
    """Path as the file gives it; without an ending where the file leaves that out."""
    text: str
    line: int
    """Where it stands in its file, from 1; 0 where a file has no lines."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that could not be read as it stands."""

    line: int
    code: str
    """"unreadable": left out; "no_caption": a picture without a text; "quote": a quote that is never closed, read to
    the end of its line."""


@dataclass(frozen=True, slots=True)
class CaptionTable:
    """All that a file says."""

    rows: tuple[CaptionRow, ...] = ()
    faults: tuple[RowFault, ...] = field(default=())


def column_of(names: list[str], known: tuple[str, ...]) -> int | None:
    """The place of the first of the `known` names, whatever its case; None without one."""
    plain = [name.strip().lower().replace(" ", "_").replace("-", "_") for name in names]
    return next((plain.index(each) for each in known if each in plain), None)
