"""Who a visitor of a class is: the proxy in front says so in a header, and is believed only where it is the proxy.

Installed by `Home.py` through `st.App`'s `middleware`, behind `server_guard`, where `STORY_STUDIO_USER_HEADER` is set.
Whoever comes without a name, or past the proxy, is told so and reaches nothing: no page, no picture, no websocket.
"""

from __future__ import annotations

import hmac
import html
import ipaddress
import re
from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse
from streamlit import config

from pages.parts.shared import owned_media, visitor
from pages.parts.shared.server_guard import HEALTH, PAGE_STYLE, App, Message, Receive, Send
from pages.parts.shared.wording import LANGUAGE_NAMES, texts
from story_engine.config import PROXY_SECRET_HEADER, read_config
from story_engine.domain.user_name import user_name
from story_engine.errors import FixInput, StudioError

_OPERATORS = re.compile(r"/_stcore/(metrics|agent|script-health-check)(/|$)")
"""What tells of all sessions at once, or runs pages for whoever is no browser: nobody of a class needs it."""
_UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/")


def middleware() -> Sequence[Middleware]:
    """For `st.App`; none where everybody shares one workspace. Streamlit learns by whom it may give a session back."""
    settings = read_config()
    if not settings.user_header:
        return []
    config.set_option("server.trustedUserHeaders", {settings.user_header: visitor.SESSION_KEY})
    owned_media.install()
    return [Middleware(ClassGuard, header=settings.user_header, secret=settings.proxy_secret)]


class ClassGuard:
    """ASGI middleware: nobody goes on without a name that can be believed."""

    def __init__(self, app: App, *, header: str, secret: str) -> None:
        """Guard `app`.

        Args:
            app: what is served.
            header: in which the proxy names the visitor, in small letters.
            secret: what the proxy sends along. Empty: it is believed where it comes over the loopback device, whose
                server nobody from elsewhere can reach.
        """
        self.app, self.header, self.secret = app, header.encode(), secret.encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass on what may pass, in the name of whoever asks."""
        if scope["type"] not in ("http", "websocket") or (
            scope["type"] == "http" and scope["path"].endswith(HEALTH) and not _UPLOAD.search(scope["path"])
        ):
            await self.app(scope, receive, send)
            return
        try:
            name = self._visitor(scope)
        except StudioError as error:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": "no trusted user"})
            else:
                await _refusal(error)(scope, receive, send)
            return
        if _OPERATORS.search(scope["path"]) or self._is_of_another(scope, name):
            await PlainTextResponse("not found", status_code=404)(scope, receive, send)
            return
        with visitor.asking(name):
            await self.app(scope, receive, send)

    def _visitor(self, scope: Message) -> str:
        if self.secret:
            sent = self._values(scope, PROXY_SECRET_HEADER.encode())
            if len(sent) != 1 or not hmac.compare_digest(sent[0], self.secret):
                raise FixInput("members.not_the_proxy")
        elif not _is_loopback(scope.get("server")):
            raise FixInput("members.not_loopback")
        named = self._values(scope, self.header)
        if len(named) > 1:
            raise FixInput("members.named_twice", count=len(named))
        return user_name(named[0] if named else b"")

    def _values(self, scope: Message, header: bytes) -> list[bytes]:
        return [value for name, value in scope["headers"] if name.lower() == header]

    def _is_of_another(self, scope: Message, name: str) -> bool:
        """Whether something is to be put into, or taken out of, somebody else's session."""
        session = _UPLOAD.search(scope["path"])
        return session is not None and visitor.of_session(session[1], self.header.decode()) != name


def _is_loopback(server: object) -> bool:
    """Whether the address that was called is one of this machine alone; unlike the caller's, no header changes it."""
    try:
        return isinstance(server, list | tuple) and ipaddress.ip_address(str(server[0])).is_loopback
    except ValueError:
        return False


def _refusal(error: StudioError) -> HTMLResponse:
    head = f"<!doctype html><meta charset=utf-8><title>Story Studio</title><style>{PAGE_STYLE}</style>"
    parts = "".join(
        f'<section lang="{"zh-CN" if language == "zh" else language}"><h1>{texts(language)["server.nobody_title"]}</h1>'
        f"<p>{html.escape(error.text(language))}</p></section>"
        for language in LANGUAGE_NAMES
    )
    return HTMLResponse(head + parts, status_code=403, headers={"Cache-Control": "no-store"})
