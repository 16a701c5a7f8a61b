"""The takes of a story by an address of their own: the lightbox asks once it is open, and after each action."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.parts.shared.lightbox import contents
from pages.parts.shared.services import services
from story_engine import flows
from story_engine.errors import StudioError

_FOLDER = "takes"
_FRESH = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"}


def routes() -> Sequence[Route]:
    """For `st.App`."""
    return [Route(f"/{_FOLDER}/{{story}}", _takes)]


def address(slug: str) -> str:
    """Where the takes of a story are read, from any page of the Studio."""
    return f"{_FOLDER}/{quote(slug, safe='')}"


def _takes(request: Request) -> Response:
    try:
        now = flows.panels.open_story(services(), request.path_params["story"])
    except StudioError:
        return JSONResponse({"groups": []}, status_code=404, headers=_FRESH)
    return JSONResponse({"groups": contents.of_story(now)}, headers=_FRESH)
