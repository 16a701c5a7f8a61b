"""The doctor's checks of what is reached over a network: the hub, and the pages under the name that visitors use."""

from __future__ import annotations

import http.client
import os
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

from story_engine.catalog.hub import USUAL_ENDPOINT
from story_engine.config import PROXY_SECRET_HEADER, Config
from story_engine.domain.host_names import START, is_allowed, start_allowing
from story_engine.domain.set_up import Check
from story_engine.errors import StudioError
from story_engine.jobs.queue.cluster_address import cluster_address, probe

_SECONDS = 5.0
_HEALTH = "/_stcore/health"
_WEBSOCKET = "/_stcore/stream"
_ANY_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""RFC 6455's own example."""
PLACES = {
    "AutoDL": "AutoDLContainerUUID",
    "Colab": "COLAB_RELEASE_TAG",
    "Jupyter": "JPY_PARENT_PID",
}
"""Where a variable of the environment tells that people reach this machine by another name than its own."""


def hub(endpoint: str | None) -> Check:
    """Whether models can be downloaded; without the hub everything that is here goes on."""
    address = endpoint or USUAL_ENDPOINT
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=_SECONDS):
            pass
    except urllib.error.HTTPError:
        pass  # it answered
    except (OSError, ValueError, http.client.HTTPException) as error:
        return Check("hub", "warning", "doctor.hub_unreachable", {"address": address, "reason": _reason(error)})
    return Check("hub", "ok", "doctor.hub", {"address": address})


def cluster(config: Config) -> Iterator[Check]:
    """Whether the scheduler that does the jobs can be spoken to, where one is named."""
    if not config.scheduler:
        return
    try:
        probe(cluster_address(config))
    except StudioError as error:
        yield Check("cluster", "problem", error.code, dict(error.values))
    else:
        yield Check("cluster", "ok", "doctor.cluster", {"address": config.scheduler})


def server(config: Config, *, port: int, host: str | None) -> Iterator[Check]:
    """Whether the pages are served, by the Studio, and under the name that visitors use."""
    here = f"127.0.0.1:{port}"
    status = _status(port, here, _HEALTH)
    if status is None:
        yield Check("pages", "ok", "doctor.pages_not_served", {"port": port, "command": START})
    elif status != http.HTTPStatus.OK:
        yield Check(
            "pages", "problem", "doctor.port_taken", {"port": port, "command": f"{START} --server.port {port + 1}"}
        )
        return
    else:
        yield Check("pages", "ok", "doctor.pages", {"port": port})
    if host is None:
        yield from _place(config)
    elif status is None:
        if is_allowed(_name(host), ("localhost", "127.0.0.1", *config.allowed_hosts)):
            yield Check("host", "ok", "doctor.host_allowed", {"host": host})
        else:
            yield Check("host", "problem", "doctor.host_refused", _start(config, host))
    else:
        yield from _visit(config, port, host)


def _visit(config: Config, port: int, host: str) -> Iterator[Check]:
    """As a browser comes through a gateway: first for the page, then to connect."""
    if _status(port, host, "/", config=config) != http.HTTPStatus.OK:
        yield Check("host", "problem", "doctor.host_refused", _start(config, host))
        return
    upgrade = _status(port, host, _WEBSOCKET, origin=f"https://{host}", config=config)
    if upgrade != http.HTTPStatus.SWITCHING_PROTOCOLS:
        yield Check("host", "problem", "doctor.origin_refused", _start(config, host))
        return
    yield Check("host", "ok", "doctor.host_allowed", {"host": host})


def shared_by_class(config: Config, *, port: int) -> Iterator[Check]:
    """Whether visitors of a class are told apart by nobody but its proxy; nothing where there is no class."""
    if not config.user_header:
        return
    values: dict[str, object] = {"header": config.user_header, "secret_header": PROXY_SECRET_HEADER}
    if config.scheduler:
        yield Check("class", "problem", "members.no_cluster", {})
    here = f"127.0.0.1:{port}"
    if _status(port, here, _HEALTH) == http.HTTPStatus.OK and _status(port, here, "/") == http.HTTPStatus.OK:
        yield Check("class", "problem", "doctor.class_not_guarded", values)
    elif config.proxy_secret:
        yield Check("class", "ok", "doctor.class_secret", values)
    else:
        yield Check("class", "warning", "doctor.class_loopback", values)


def _place(config: Config) -> Iterator[Check]:
    found = next((name for name, variable in PLACES.items() if variable in os.environ), None)
    if found is not None and not config.allowed_hosts:
        yield Check("host", "warning", "doctor.behind_gateway", {"place": found, "command": start_allowing(["…"])})


def _status(port: int, host: str, path: str, *, origin: str | None = None, config: Config | None = None) -> int | None:
    """The server's status for a visitor who calls it by that name; None where nobody answers."""
    headers = {"Host": host}
    if config is not None and config.user_header:  # as the proxy of a class would ask; no page runs by it
        headers |= {config.user_header: "doctor", PROXY_SECRET_HEADER: config.proxy_secret}
    if origin is not None:
        headers |= {
            "Origin": origin,
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": _ANY_KEY,
        }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    except http.client.HTTPException:
        return 0  # something answers, and not in HTTP
    except (OSError, ValueError):
        return None
    finally:
        connection.close()


def _start(config: Config, host: str) -> dict[str, object]:
    return {"host": host, "command": start_allowing([*config.allowed_hosts, host])}


def _name(host: str) -> str | None:
    name = urllib.parse.urlsplit(f"//{host}").hostname
    return name.rstrip(".") if name else None


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", error)
    return "timeout" if isinstance(cause, socket.timeout) else str(cause)[:200]
