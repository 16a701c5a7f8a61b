"""Addresses of this server lie where Streamlit serves everything else."""

from __future__ import annotations

import pytest
from starlette.routing import Match
from streamlit import config

from pages.parts.shared import picture_route, served_paths
from pages.parts.shared.lightbox import route as lightbox_route
from pages.parts.story.presentation import route as slide_route


@pytest.mark.parametrize("base", ["", "studio", "/class/studio/"])
def test_pictures_and_takes_are_served_under_the_gateway_s_folder(base: str):
    before = config.get_option("server.baseUrlPath")
    config.set_option("server.baseUrlPath", base)
    try:
        routes = [route for each in (picture_route, lightbox_route, slide_route) for route in each.routes()]
        served = served_paths.under_base(routes)
    finally:
        config.set_option("server.baseUrlPath", before)
    folder = f"/{base.strip('/')}" if base else ""

    def serves(path: str) -> bool:
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
        return any(route.matches(scope)[0] is Match.FULL for route in served)

    assert serves(f"{folder}/{lightbox_route.address('a-story')}")
    assert not serves(f"/elsewhere/{lightbox_route.address('a-story')}")
    assert not serves(f"{folder}/_stcore/health")  # Streamlit's own are left to it
