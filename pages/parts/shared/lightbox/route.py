"""The takes of a story by an address of their own: the lightbox asks once it is open, and after each action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.parts.shared.lightbox import contents
from pages.parts.shared.services import services
from pages.parts.shared.wording import LANGUAGE_NAMES
from story_engine import flows
from story_engine.domain.sweep import Sweep
from story_engine.errors import StudioError

_FOLDER = "takes"
_FRESH = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"}


def routes() -> Sequence[Route]:
    """For `st.App`."""
    return [Route(f"/{_FOLDER}/{{story}}", _takes)]


def address(slug: str, *, sweep: Sweep | None = None, language: str = "en") -> str:
    """Where the takes of a story are read, or the cells of one of its grids, from any page of the Studio."""
    asked = "" if sweep is None else "?" + urlencode({"sweep": sweep.model_dump_json(), "language": language})
    return f"{_FOLDER}/{quote(slug, safe='')}{asked}"


def _takes(request: Request) -> Response:
    slug, sweep = request.path_params["story"], request.query_params.get("sweep")
    try:
        groups = _cells(slug, sweep, request.query_params.get("language")) if sweep is not None else _panels(slug)
    except (StudioError, ValidationError):
        return JSONResponse({"groups": []}, status_code=404, headers=_FRESH)
    return JSONResponse({"groups": groups}, headers=_FRESH)


def _panels(slug: str) -> list[dict[str, Any]]:
    return contents.of_story(flows.panels.open_story(services(), slug), services().favourites.favourites())


def _cells(slug: str, sweep: str, language: str | None) -> list[dict[str, Any]]:
    view = flows.sweep_view.view_of(services(), slug, Sweep.model_validate_json(sweep))
    story = services().stories.load(slug)
    return contents.of_sweep(view, story, language if language in LANGUAGE_NAMES else "en")
