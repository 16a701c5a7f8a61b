"""Behind Debian's nginx: another name, a folder of its own, buffered answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, Config
from tests.browser.conftest import _end_dispatcher, _free_port, _is_healthy, wait_for
from tests.builders import a_recipe, a_take

NAME, FOLDER, STORY = "class.example.cn", "studio", "orange-cat-en"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
CONFIGURATION = """
daemon off; pid {home}/nginx.pid; error_log {home}/error.log;
events {{}}
http {{
  access_log off; proxy_temp_path {home}/proxy; client_body_temp_path {home}/body; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location /{folder}/ {{
      proxy_pass http://127.0.0.1:{target};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_read_timeout 86400s;
      client_max_body_size 500m;
    }}
  }}
}}
"""
pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(not Path(NGINX).exists(), reason="nginx is not installed (apt-get install nginx-light)"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("nginx")
    port, target = _free_port(), _free_port()
    workspace = home / "workspace"
    services = open_services(Config(workspace=workspace, stories=PROJECT_FOLDER / "stories"))
    take = a_take(a_recipe(prompt="a kitten"), story=STORY, scene="s1", number=1)
    services.takes.add(take, Image.new("RGB", (256, 256), (200, 90, 120)), {})
    (home / "nginx.conf").write_text(CONFIGURATION.format(home=home, port=port, target=target, folder=FOLDER))
    environment = os.environ | {"STORY_STUDIO_WORKSPACE": str(workspace), "STORY_STUDIO_ALLOWED_HOSTS": NAME}
    command = [sys.executable, "-m", "streamlit", "run", "Home.py", "--server.port", str(target)]
    command += ["--server.baseUrlPath", FOLDER]
    with (home / "app.log").open("wb") as log:
        app = subprocess.Popen(command, cwd=PROJECT_FOLDER, env=environment, stdout=log, stderr=log)
        gateway = subprocess.Popen([NGINX, "-c", str(home / "nginx.conf")], stdout=log, stderr=log)
    try:
        wait_for(lambda: _is_healthy(f"http://127.0.0.1:{target}/{FOLDER}"), what="the app is healthy", seconds=120)
        yield f"http://{NAME}:{port}/{FOLDER}"
    finally:
        gateway.terminate()
        app.terminate()
        gateway.wait(timeout=30)
        app.wait(timeout=30)
        _end_dispatcher(workspace)


def test_a_story_s_pictures_are_seen_large_and_small_under_a_folder_of_the_gateway(browser: Browser, address: str):
    page = browser.new_page(locale="en-US")
    page.goto(f"{address}/Story?story={STORY}&lang=en")

    page.get_by_role("button", name="Open large: An ordinary morning").first.click(timeout=60_000)
    large = page.get_by_role("dialog").locator("img").first
    large.wait_for(timeout=60_000)
    wait_for(lambda: large.evaluate("each => each.naturalWidth") > 0, what="the picture is there")
    page.get_by_role("dialog").get_by_text("Seed").first.wait_for()
    page.close()


def test_the_gallery_and_the_menu_stay_under_it(browser: Browser, address: str):
    page = browser.new_page(locale="en-US")
    page.goto(f"{address}/Gallery?lang=en")

    thumbnail = page.locator("[class*=st-key-gallery-grid] li img").first
    thumbnail.wait_for(timeout=60_000)
    wait_for(lambda: thumbnail.evaluate("each => each.naturalWidth") > 0, what="the thumbnail is there")
    page.get_by_role("button", name="Settings").click()
    page.wait_for_url(f"{address}/Settings*")
    page.close()
