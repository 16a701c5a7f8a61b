"""Where this server's own addresses lie when a gateway serves the Studio under a folder of its own."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import Route
from streamlit import config


def under_base(routes: Sequence[Route]) -> list[Route]:
    """The routes under `server.baseUrlPath`, as Streamlit serves everything else; at the root where there is none.

    One by one: a mount of that folder would answer for all that Streamlit serves in it.
    """
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return [Route(f"/{base}{route.path}", route.endpoint) for route in routes] if base else list(routes)
