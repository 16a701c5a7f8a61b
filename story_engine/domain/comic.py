"""How a story's board is laid out as a contact sheet and as comic pages."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from story_engine.domain.value import Value

Layout = Literal["rows", "grid", "first", "column"]
Paper = Literal["a4", "b5"]
Captions = Literal["beside", "inside", "none"]
Sheet = Literal["2x4", "4x2", "strip"]

LAYOUTS: tuple[Layout, ...] = ("rows", "grid", "first", "column")
"""Rows that fill the page; equal cells; the first panel large; pictures on the left and words on the right."""
PAPERS: tuple[Paper, ...] = ("a4", "b5")
CAPTIONS: tuple[Captions, ...] = ("beside", "inside", "none")
"""Beside the picture: under it, or to its right in vertical text; in a box within the picture; not at all."""
SHEETS: tuple[Sheet, ...] = ("2x4", "4x2", "strip")
"""As the challenge's notebook; four columns; all panels in one row."""
MOST_PER_PAGE = 24


class ComicOptions(Value):
    """What a person chose for a story; the defaults make an A4 comic page."""

    layout: Layout = "rows"
    paper: Paper = "a4"
    landscape: bool = False
    per_page: int | None = Field(default=None, ge=1, le=MOST_PER_PAGE)
    """Most panels on a page; None: what fits well."""
    title: bool = True
    """The story's title stands at the head of the first page."""
    scene_titles: bool = False
    captions: Captions = "beside"
    bubbles: bool = True
    """What is said in a scene stands in speech bubbles."""
    vertical: bool = False
    """Text runs from top to bottom, columns and panels from right to left."""
    system_fonts: bool = False
    """Characters that the shipped fonts lack are written with this machine's; another machine may give other bytes."""
    sheet: Sheet = "2x4"
