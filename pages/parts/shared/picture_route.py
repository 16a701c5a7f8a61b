"""Pictures of takes by an address of their own: a page names them, and the browser loads and keeps what it shows.

Installed by `Home.py` through `st.App`'s `routes`, behind `server_guard` like everything else. A take never changes,
so what was loaded once is not asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from pages.parts.shared.services import services
from story_engine.domain.gallery import PictureKey
from story_engine.errors import StudioError

_FOLDER = "pictures"
_KEPT = {"Cache-Control": "private, max-age=86400, immutable", "Cross-Origin-Resource-Policy": "same-origin"}


def routes() -> Sequence[Route]:
    """For `st.App`."""
    return [Route(f"/{_FOLDER}/{{story}}/{{scene}}/{{name}}", _picture)]


def thumbnail(key: PictureKey) -> str:
    """The address of the small JPEG, from any page of the Studio, whatever a gateway puts in front of it."""
    return _address(key, ".jpg")


def picture(key: PictureKey) -> str:
    """The address of the PNG."""
    return _address(key, ".png")


def _address(key: PictureKey, ending: str) -> str:
    return f"{_FOLDER}/{quote(key.story, safe='')}/{quote(key.scene, safe='')}/{quote(key.take, safe='')}{ending}"


def _picture(request: Request) -> Response:
    """A file of a take, and nothing else: names that could lead elsewhere are refused by the store."""
    story, scene, name = (request.path_params[part] for part in ("story", "scene", "name"))
    take, dot, ending = name.rpartition(".")
    try:
        picture, thumbnail = services().takes.files_of(story, scene, take) if _is_take(take) else (None, None)
    except StudioError:
        picture, thumbnail = None, None
    if dot and ending == "png" and picture is not None and picture.is_file() and _is_inside(picture):
        return FileResponse(picture, media_type="image/png", headers=_KEPT)
    if dot and ending == "jpg" and thumbnail is not None and thumbnail.with_suffix(".json").is_file():
        if not (_is_inside(thumbnail) and _is_inside(thumbnail.with_suffix(".png"))):
            return PlainTextResponse("not found", status_code=404)
        small = services().takes.shown(thumbnail)
        if small is not None:
            return Response(small, media_type="image/jpeg", headers=_KEPT)
    return PlainTextResponse("not found", status_code=404)


def _is_inside(path: Path) -> bool:
    """Whether it lies among this workspace's takes, wherever those lie: a link in them leads nowhere."""
    folder = services().layout.workspace / "takes"
    return path.resolve() == folder.resolve() / path.relative_to(folder)


def _is_take(take: str) -> bool:
    return take.isascii() and take.isalnum()
