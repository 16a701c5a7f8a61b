"""The judge view as one HTML file: nothing from outside, no script, everything that a person wrote escaped."""

from __future__ import annotations

import base64
import hashlib
import io
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup
from PIL import Image

from story_engine.formats import coherence_html
from story_engine.formats.judge_view import curve as curves
from story_engine.formats.judge_view.contents import JudgeContents
from story_engine.formats.take_picture import rgb_picture
from story_engine.messages import LANGUAGES, message

if TYPE_CHECKING:
    from jinja2 import Environment

PANEL_SIDE, SMALL_SIDE = 768, 384
"""Pixels of the longer side: a panel fills half a screen, comparisons stand beside each other."""
_JPEG_QUALITY = 86
_FOLDER = Path(__file__).parent


def judge_html(contents: JudgeContents, *, language: str) -> bytes:
    """The page, with its words in both languages, beginning in `language`.

    Raises:
        ChooseAnother: a picture cannot be read.
    """
    styles = (_FOLDER / "style.css").read_text(encoding="utf-8") + coherence_html.STYLE
    page = (
        _environment()
        .get_template("page.html.jinja")
        .render(
            contents=contents,
            language=language,
            languages=[(each, _text(f"language_{each}", each)) for each in LANGUAGES],
            styles=Markup(styles),
            policy=_policy(styles),
            show=_data_uri,
            words=_words,
            said=lambda code: _text(code, language),
            curve=curves.curve,
            frame=curves,
            panel_side=PANEL_SIDE,
            small_side=SMALL_SIDE,
        )
    )
    return page.encode()


def _policy(styles: str) -> str:
    """Nothing may be loaded, run, framed or sent, but pictures within the page and this very style."""
    digest = base64.b64encode(hashlib.sha256(styles.encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _words(code: str, **values: object) -> Markup:
    """A text of the page in every language; the style shows one of them."""
    texts = ((language, _text(code, language, **values)) for language in LANGUAGES)
    return Markup("").join(
        Markup('<span class="{0}" lang="{0}">{1}</span>').format(language, text) for language, text in texts
    )


def _text(code: str, language: str, **values: object) -> str:
    return message(f"judges.{code}", language, **values)


def _data_uri(path: Path, side: int) -> str:
    return _encoded(str(path), side)


@lru_cache(maxsize=64)
def _encoded(path: str, side: int) -> str:
    picture = rgb_picture(Path(path))
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_JPEG_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # comes when a page is made

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["score"] = lambda value: "–" if value is None else f"{value:z.2f}"
    return environment
