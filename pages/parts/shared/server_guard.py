"""Who may talk to this server, by which names, and who may frame its pages.

Streamlit checks names for the websocket only: without this a page of another site, by DNS rebinding, reaches every
other address, and a gateway's visitor watches a skeleton for ever. Installed by `Home.py` through `st.App`'s
`middleware`.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, Response
from streamlit import config

from pages.parts.shared.wording import LANGUAGE_NAMES, texts
from story_engine.config import read_config
from story_engine.domain.host_names import is_allowed, start_allowing
from story_engine.errors import StudioError

HEALTH = "/_stcore/health"
"""Watchdogs of gateways ask it under whatever name they like; it says "ok" and nothing else."""
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
PATIENCE_SECONDS = 6
"""A page connects within one or two; after that a name that we do not know is the likely reason."""
PAGE_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}pre{overflow:auto}"
)
_PAGE_SCRIPT = (
    "const name=location.hostname.replace(/^\\[|\\]$|\\.$/g,'').toLowerCase();"
    "if(hosts.some(h=>h==='*'||h===name||(h.startsWith('*.')&&name.endsWith(h.slice(1)))))return;"
    "setTimeout(()=>{if(document.querySelector('[data-test-connection-state=CONNECTED]'))return;"
    "const shown=/^[\\w.:-]+$/.test(name)?name:'?';"
    "document.head.innerHTML='<style>'+style+'</style>';document.body.innerHTML=body.replaceAll('@HOST@',shown);"
    f"}},{PATIENCE_SECONDS * 1000})"
)
_HOST_NAME = re.compile(r"[\w.\-:\[\]]+")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


def middleware() -> Sequence[Middleware]:
    """For `st.App`. Streamlit learns the names that the environment adds: it checks the websocket itself, too.

    Raises:
        SystemExit: the environment holds nonsense; whoever started the Studio reads one sentence, and no traceback.
    """
    try:
        added = read_config().allowed_hosts
    except StudioError as error:
        raise SystemExit(f"{error}\n{error.text('zh')}") from None
    if added:
        known: list[str] = config.get_option("server.allowedHosts")
        config.set_option("server.allowedHosts", [*known, *added] if known else [])
        origins: list[str] = config.get_option("server.corsAllowedOrigins")
        config.set_option("server.corsAllowedOrigins", [*origins, *(f"https://{host}" for host in added)])
    return [Middleware(ServerGuard, hosts=config.get_option("server.allowedHosts"), added=added)]


class ServerGuard:
    """ASGI middleware: names, origins, framing."""

    def __init__(self, app: App, *, hosts: Iterable[str], added: Iterable[str]) -> None:
        """Guard `app`.

        Args:
            app: what is served.
            hosts: names that the server may be called by; none at all allows every name, as Streamlit has it.
            added: those of them that a person added: whatever a gateway calls us, pages may come from there.
        """
        self.app, self.hosts, self.added = app, tuple(hosts), tuple(added)
        ancestors = " ".join(f"https://{host} http://{host}" for host in self.added if host != "*")
        self.policy = f"frame-ancestors 'self' {ancestors}".strip()
        self.page_script = _page_script(self.hosts, self.added)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass on what may pass."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")
        if scope["type"] == "websocket":
            if not self._is_own(host) or not self._may_connect(Headers(scope=scope).get("origin"), host):
                await send({"type": "websocket.close", "code": 1008, "reason": "host or origin not allowed"})
                return
            await self.app(scope, receive, send)
        elif not self._is_own(host) and not scope["path"].endswith(HEALTH):
            await self._protected(refusal(host, self.added))(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        """With our headers; into the page itself goes what it says where a gateway hides its own name from us."""
        asks_for_page = scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")
        if asks_for_page:
            plain = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept-encoding"]
            scope = {**scope, "headers": plain}  # not compressed: it is going to be added to
        start: Message = {}
        page = bytearray()

        async def with_headers(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                self._protect(headers)
                if asks_for_page and self._is_page(message["status"], headers):
                    start = message
                    return
            elif start and message["type"] == "http.response.body":
                page.extend(message.get("body", b""))
                if message.get("more_body"):
                    return
                page[:] = page.replace(b"</head>", self.page_script.encode() + b"</head>", 1)
                headers = MutableHeaders(scope=start)
                headers["content-length"] = str(len(page))
                del headers["etag"], headers["last-modified"]
                await send(start)
                message = {"type": "http.response.body", "body": bytes(page)}
            await send(message)

        await self.app(scope, receive, with_headers)

    def _is_page(self, status: int, headers: Headers) -> bool:
        is_html = headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers
        return bool(self.hosts) and is_html and status == 200

    def _is_own(self, host: str) -> bool:
        return not self.hosts or is_allowed(_name_of(f"//{host}"), self.hosts)

    def _may_connect(self, origin: str | None, host: str) -> bool:
        """A browser always says where a page comes from: from here, or from a gateway that a person named."""
        if origin is None:
            return False
        scheme = origin.partition(":")[0].lower()
        same = _address_of(origin, scheme) == _address_of(f"//{host}", scheme)
        return same or is_allowed(_name_of(origin), [name for name in self.added if name != "*"])

    def _protected(self, response: Response) -> Response:
        self._protect(response.headers)
        return response

    def _protect(self, headers: MutableHeaders) -> None:
        headers.setdefault("Content-Security-Policy", self.policy)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        if self.policy == "frame-ancestors 'self'":
            headers.setdefault("X-Frame-Options", "SAMEORIGIN")


def refusal(host: str, added: Sequence[str] = ()) -> HTMLResponse:
    """What a visitor sees under a name that is not allowed: which one, and how to allow it beside those `added`."""
    name = _name_of(f"//{host}") or ""
    shown = html.escape(name if _HOST_NAME.fullmatch(name) else "?")
    head = f"<!doctype html><meta charset=utf-8><title>Story Studio</title><style>{PAGE_STYLE}</style>"
    return HTMLResponse(head + _refusal_body(shown, added), status_code=403)


def _refusal_body(host: str, added: Sequence[str]) -> str:
    command = start_allowing([*added, host])
    return "".join(
        f'<section lang="{"zh-CN" if language == "zh" else language}"><h1>{known["server.refused_title"]}</h1>'
        f"<p>{known['server.refused'].format(host=f'<b>{host}</b>')}</p><pre>{command}</pre></section>"
        for language in LANGUAGE_NAMES
        if (known := texts(language))
    )


def _page_script(hosts: Sequence[str], added: Sequence[str]) -> str:
    """Says the same where we cannot see it: a proxy that calls us by our own name, under an address of its own.

    The websocket is then refused by its origin. A page that does connect is left alone.
    """
    body = _refusal_body("@HOST@", added)
    values = (json.dumps(value).replace("<", "\\u003c") for value in (list(hosts), body, PAGE_STYLE))
    return "<script>((hosts,body,style)=>{" + _PAGE_SCRIPT + "})(" + ",".join(values) + ")</script>"


def _name_of(address: str) -> str | None:
    """The host's name in a URL, in small letters; None where there is none, or more than a name and a port."""
    found = _parts(address)
    return found[0] if found else None


def _address_of(address: str, scheme: str) -> tuple[str, int | None] | None:
    found = _parts(address)
    return (found[0], found[1] or _DEFAULT_PORTS.get(scheme)) if found else None


def _parts(address: str) -> tuple[str, int | None] | None:
    try:
        parts = urlsplit(address)
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not name or parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return name.lower().rstrip("."), port
