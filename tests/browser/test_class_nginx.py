"""A class behind Debian's nginx, by the very configuration that the documentation gives: two people in two browsers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error

from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, Config
from story_engine.flows.services import Services
from story_engine.store.members import enrol
from tests.browser.conftest import DESK, _end_dispatcher, _free_port, _is_healthy, wait_for
from tests.builders import a_recipe, a_take

NAME, STORY, SECRET = "class.example.cn", "orange-cat-en", "5f2c" * 12
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
DOCUMENTED = (PROJECT_FOLDER / "docs" / "class_server.nginx.conf").read_text(encoding="utf-8")
AROUND = """
daemon off; pid {home}/nginx.pid; error_log {home}/error.log;
events {{}}
http {{
  access_log off; proxy_temp_path {home}/proxy; client_body_temp_path {home}/body; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  {server}
}}
"""
pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(not Path(NGINX).exists(), reason="nginx is not installed (apt-get install nginx-light)"),
]


@dataclass(frozen=True)
class School:
    url: str
    straight: str
    """Past nginx."""
    people: dict[str, Services]
    visit: Callable[..., BrowserContext]


@pytest.fixture(scope="module")
def school(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    home = tmp_path_factory.mktemp("class")
    home.chmod(0o755)  # nginx's workers are somebody else
    home.parent.chmod(0o755)
    port, target = _free_port(), _free_port()
    people = {}
    config = Config(workspace=home / "class", stories=PROJECT_FOLDER / "stories", user_header="x-forwarded-user")
    for name, colour in (("alice", (200, 90, 120)), ("小明", (90, 120, 200))):
        people[name] = open_services(enrol(config, name))
        take = a_take(a_recipe(prompt=name), story=STORY, scene="s1", number=1)
        people[name].takes.add(take, Image.new("RGB", (256, 256), colour), {})
    (home / "passwords").write_text("".join(f"{name}:{{PLAIN}}open {name}\n" for name in people), encoding="utf-8")
    (home / "passwords").chmod(0o644)
    server = DOCUMENTED
    for documented, here in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("http://127.0.0.1:8501", f"http://127.0.0.1:{target}"),
        ("/etc/nginx/story-studio.htpasswd", f"{home}/passwords"),
        ("the secret of STORY_STUDIO_PROXY_SECRET", SECRET),
    ):
        assert documented in server
        server = server.replace(documented, here)
    (home / "nginx.conf").write_text(AROUND.format(home=home, server=server), encoding="utf-8")
    environment = os.environ | {
        "STORY_STUDIO_WORKSPACE": str(config.workspace),
        "STORY_STUDIO_ALLOWED_HOSTS": NAME,
        "STORY_STUDIO_USER_HEADER": "X-Forwarded-User",
        "STORY_STUDIO_PROXY_SECRET": SECRET,
        "STORY_STUDIO_USER_JOBS": "5",
    }
    command = [sys.executable, "-m", "streamlit", "run", "Home.py", "--server.port", str(target)]
    with (home / "app.log").open("wb") as log:
        app = subprocess.Popen(command, cwd=PROJECT_FOLDER, env=environment, stdout=log, stderr=log)
        gateway = subprocess.Popen([NGINX, "-c", str(home / "nginx.conf")], stdout=log, stderr=log)
    contexts: list[BrowserContext] = []

    def visit(name: str | None) -> BrowserContext:
        credentials = None if name is None else {"username": name, "password": f"open {name}"}
        contexts.append(browser.new_context(viewport=DESK, locale="en-US", http_credentials=credentials))
        contexts[-1].set_default_timeout(120_000)
        return contexts[-1]

    try:
        wait_for(lambda: _is_healthy(f"http://127.0.0.1:{target}"), what="the app is healthy", seconds=120)
        yield School(f"http://{NAME}:{port}", f"http://127.0.0.1:{target}", people, visit)
    finally:
        for context in contexts:
            context.close()
        gateway.terminate()
        app.terminate()
        gateway.wait(timeout=30)
        app.wait(timeout=30)
        _end_dispatcher(config.workspace)


def test_two_people_see_their_own_pictures_and_nothing_of_each_other(school: School, tmp_path: Path):
    addresses = {}
    pages = {}
    for name in school.people:
        page = pages[name] = school.visit(name).new_page()
        page.goto(f"{school.url}/Story?story={STORY}&lang=en")
        shown = page.locator(".st-key-panel-s1 img").first
        shown.wait_for()
        wait_for(lambda shown=shown: shown.evaluate("each => each.naturalWidth") > 0, what="the picture is there")
        (take,) = school.people[name].takes.takes_of(STORY, "s1")
        media = page.evaluate(
            "() => [...document.images].map(each => each.src).filter(each => each.includes('/media/'))"
        )
        addresses[name] = [f"{school.url}/pictures/{STORY}/s1/{take.id}.png", f"{school.url}/takes/{STORY}", *media]
        page.screenshot(path=tmp_path / f"{name}.png")

    def statuses(visitor: str, owner: str) -> list[int]:
        read = "all => Promise.all(all.map(each => fetch(each).then(answer => answer.status)))"
        return pages[visitor].evaluate(
            read, [each for each in addresses[owner] if not each.endswith(f"/takes/{STORY}")]
        )

    for owner in school.people:
        for visitor in school.people:
            assert set(statuses(visitor, owner)) == ({200} if visitor == owner else {404}), (visitor, owner)


def test_settings_say_how_much_of_the_class_s_machine_is_one_s_own(school: School, tmp_path: Path):
    page = school.visit("小明").new_page()
    page.goto(f"{school.url}/Settings?lang=en")

    page.get_by_text("Your share of the disk").wait_for()
    page.get_by_text("0 of 5").wait_for()
    assert page.get_by_text("Mirror and folders").count() == 0
    page.screenshot(path=tmp_path / "settings.png")


def test_nobody_comes_in_without_a_password_or_past_the_proxy(school: School, tmp_path: Path):
    with pytest.raises(Error, match="ERR_INVALID_AUTH_CREDENTIALS"):
        school.visit(None).new_page().goto(f"{school.url}/")
    straight = school.visit(None)
    straight.set_extra_http_headers({"X-Forwarded-User": "alice"})
    page = straight.new_page()
    past = page.goto(f"{school.straight}/Story?story={STORY}")

    assert past is not None and past.status == 403
    page.get_by_role("heading", name="No trusted name").wait_for()
    assert page.locator("img").count() == 0
    page.screenshot(path=tmp_path / "refused.png")


def test_a_header_that_a_visitor_sends_is_replaced_by_the_proxy(school: School):
    context = school.visit("小明")
    context.set_extra_http_headers({"X-Forwarded-User": "alice", "X-Story-Studio-Proxy": "guess"})
    page = context.new_page()
    (take,) = school.people["alice"].takes.takes_of(STORY, "s1")

    answer = page.goto(f"{school.url}/pictures/{STORY}/s1/{take.id}.png")

    assert answer is not None and answer.status == 404
