"""The slides of a board by addresses of their own; what changes a slide changes its address."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from urllib.parse import quote

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pages.parts.shared.services import services
from story_engine import flows
from story_engine.domain.board import OpenStory
from story_engine.domain.presentation import Look
from story_engine.errors import StudioError

_FOLDER = "slides"
_HEADERS = {"Cache-Control": "private, max-age=86400", "Cross-Origin-Resource-Policy": "same-origin"}


def routes() -> Sequence[Route]:
    """For `st.App`."""
    return [Route(f"/{_FOLDER}/{{story}}/{{shape}}-{{theme}}/{{number:int}}.png", _slide)]


def address(now: OpenStory) -> str:
    """Of a slide, with {shape}, {theme} and {number} for the browser to fill in."""
    shown = [
        (panel.scene.title, panel.scene.caption, panel.chosen and panel.chosen.take.id) for panel in now.board.panels
    ]
    version = hashlib.sha256(repr((now.story.title, shown)).encode()).hexdigest()[:16]
    return f"{_FOLDER}/{quote(now.slug, safe='')}/{{shape}}-{{theme}}/{{number}}.png?v={version}"


def _slide(request: Request) -> Response:
    asked = request.path_params
    try:
        look = Look(shape=asked["shape"], theme=asked["theme"])
        picture = flows.presentation.slide(services(), asked["story"], asked["number"], look)
    except (StudioError, ValidationError):
        return PlainTextResponse("not found", status_code=404)
    return Response(picture, media_type="image/png", headers=_HEADERS)
