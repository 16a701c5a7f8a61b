"""A class on one server, over real HTTP and websockets: nobody reads, or touches, what is somebody else's."""

from __future__ import annotations

import asyncio
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import quote

import pytest
from PIL import Image
from starlette.responses import PlainTextResponse

from benchmarks.page_sessions import PageSession
from pages.parts.shared import visitor
from pages.parts.shared.class_guard import ClassGuard
from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, PROXY_SECRET_HEADER, Config
from story_engine.domain.job_spec import RenderSpec
from story_engine.flows import doctor_network
from story_engine.flows.services import Services
from story_engine.jobs.queue.presence import announce, withdraw
from story_engine.store.layout import Layout
from story_engine.store.members import enrol
from tests.builders import a_recipe, a_scene, a_story, a_take
from tests.dispatchers import end_dispatchers

HEADER, SECRET_STORY, SECRET_WORDS = "X-Forwarded-User", "alices-secret", "a secret tiger under the stairs"
ALICE, BOB = "alice", "小明"
Result = TypeVar("Result")


def _run(task: Coroutine[Any, Any, Result]) -> Result:
    """In a thread of its own: a browser of another test may have left a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, task).result()


@dataclass(frozen=True)
class School:
    port: int
    config: Config
    alice: Services
    bob: Services

    def answer(self, path: str, *, user: str | None, method: str = "GET", **headers: str) -> tuple[int, bytes]:
        """Path as it is: nothing in it is tidied up on the way."""
        named = {} if user is None else {HEADER: user.encode()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, headers=named | headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def session(self, user: str, *, resumes: str = "") -> PageSession:
        return PageSession(self.port, headers={HEADER: user.encode().decode("latin-1")}, resumes=resumes)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    home = tmp_path_factory.mktemp("school")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shipped = home / "shipped"
    shipped.mkdir()
    config = Config(workspace=home / "class", stories=shipped, user_header=HEADER.lower())
    alice, bob = (open_services(enrol(config, name)) for name in (ALICE, BOB))
    scenes = [a_scene(number, prompt=SECRET_WORDS) for number in (1, 2)]
    alice.stories.create(SECRET_STORY, a_story(*scenes, title="Alices secret"))
    for scene, colour in (("s1", (200, 30, 30)), ("s2", (30, 200, 30))):
        take = a_take(a_recipe(prompt=scene), story=SECRET_STORY, scene=scene)
        alice.takes.add(take, Image.new("RGB", (256, 256), colour), {})
    environment = os.environ | {
        "STORY_STUDIO_WORKSPACE": str(config.workspace),
        "STORY_STUDIO_STORIES": str(shipped),
        "STORY_STUDIO_USER_HEADER": HEADER,
    }
    command = [sys.executable, "-m", "streamlit", "run", "Home.py", "--server.port", str(port)]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=PROJECT_FOLDER, env=environment, stdout=log, stderr=log)
    found = School(port, config, alice, bob)
    try:
        for _ in range(600):
            try:
                if found.answer("/_stcore/health", user=None)[0] == 200:
                    break
            except OSError:
                time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        process.wait(timeout=30)
        end_dispatchers(config.workspace)


def test_a_page_whose_jobs_all_wait_looks_less_often(school: School):
    announce(Layout.of(school.config), "running")  # no dispatcher is started: it waits
    spec = RenderSpec(story="a", items=(), score=False)
    job = school.bob.ledger.submit(spec, key="a", priority=0, user=BOB, story="a", scenes=())
    try:
        session = school.session(BOB)
        _run(_visited(session))
        assert session.fragments and set(session.fragments.values()) == {3.0}
    finally:
        school.bob.ledger.request_cancel(job)
        withdraw(Layout.of(school.config))


def test_nobody_without_a_name_reaches_anything(school: School):
    paths = ["/", "/Story", "/Settings", f"/takes/{SECRET_STORY}", "/media/x.png", "/_stcore/host-config", "/static/x"]

    answers = [school.answer(path, user=None) for path in paths]

    assert {status for status, _ in answers} == {403}
    assert "No trusted name" in answers[0][1].decode() and "无法确认" in answers[0][1].decode()
    assert not any(SECRET_WORDS.encode() in content for _, content in answers)
    with pytest.raises(Exception, match="403"):
        _run(_visited(PageSession(school.port)))
    assert school.answer("/", user="../../alice")[0] == 200, "a name is a name, and leads nowhere"
    assert sorted(each.name for each in (school.config.workspace / "users").iterdir()) == sorted(
        each.workspace.parent.name for each in (enrol(school.config, name) for name in (ALICE, BOB))
    ), "whoever only asks for the page's frame has no folder yet"


def test_nobody_reads_another_s_files_by_any_address(school: School):
    async def scene() -> tuple[list[str], str]:
        async with school.session(ALICE) as session:
            await session.visit("Story", f"story={SECRET_STORY}")
            media = session.media()
            for path in media:  # while she looks at them
                assert school.answer(path, user=ALICE)[0] == 200
                assert school.answer(path, user=BOB)[0] == 404, path
                assert school.answer(path, user=None)[0] == 403
            for method in ("PUT", "DELETE"):
                upload = f"/_stcore/upload_file/{session.id}/file"
                assert school.answer(upload, user=BOB, method=method)[0] == 404
            async with school.session(BOB, resumes=session.id) as stolen:
                await stolen.visit("Story", f"story={SECRET_STORY}")
                assert stolen.id != session.id
            return media, session.id

    media, _ = _run(scene())
    assert media, "the page shows her pictures"

    takes = [take for group in school.alice.takes.takes(SECRET_STORY).values() for take in group]
    folder = school.alice.config.workspace
    hers = [f"/takes/{SECRET_STORY}", f"/slides/{SECRET_STORY}/wide-dark/1.png"]
    hers += [f"/pictures/{SECRET_STORY}/{take.scene}/{take.id}.{kind}" for take in takes for kind in ("png", "jpg")]
    assert {school.answer(path, user=ALICE)[0] for path in hers} == {200}

    png = f"takes/{SECRET_STORY}/s1/{takes[0].id}.png"
    up = f"../../../../{folder.parent.name}/workspace/{png}"
    led = [
        f"/pictures/{up}",
        f"/pictures/{quote(up, safe='')}",
        f"/pictures/{up.replace('/', '%2f').replace('.', '%2e')}",
    ]
    led += [f"/pictures/{quote('../' * 4, safe='')}{folder.parent.name}/s1/{takes[0].id}.png"]
    led += [f"/media/{up}", f"/static/{up}", f"/app/static/{up}", f"/component/{up}", f"/component/x/{up}"]
    led += [f"/_stcore/bidi-components/story_studio_lightbox/{up}", f"/{png}", f"/{folder}/{png}", f"//{folder}/{png}"]
    led += [f"/static/..%2f..%2f{folder}/{png}", f"/takes/..%2f{SECRET_STORY}", "/_stcore/metrics"]
    led += ["/_stcore/agent/openapi.json", "/_stcore/agent/interact", f"/Story/../takes/{SECRET_STORY}"]
    secrets = [(folder / png).read_bytes(), SECRET_WORDS.encode(), b"Alices secret"]
    read = {path: school.answer(path, user=BOB) for path in [*hers, *led]}
    assert {
        path: status for path, (status, content) in read.items() if any(secret in content for secret in secrets)
    } == {}
    assert {read[path][0] for path in hers} == {404}
    assert {path for path in read if "/_stcore/" in path and "bidi" not in path and read[path][0] != 404} == set()


def test_a_link_in_one_s_own_folder_does_not_lead_into_another_s(school: School):
    (take, *_) = school.alice.takes.takes(SECRET_STORY)["s1"]
    own = school.bob.layout.takes("mine", "s1")
    own.mkdir(parents=True, exist_ok=True)
    hers = school.alice.layout.takes(SECRET_STORY, "s1")
    for kind in ("png", "jpg", "json"):
        (own / f"{take.id}.{kind}").symlink_to(hers / f"{take.id}.{kind}")
    whole = school.bob.layout.workspace / "takes" / "whole"
    whole.symlink_to(school.alice.layout.workspace / "takes" / SECRET_STORY)

    answers = [
        school.answer(f"/pictures/{slug}/s1/{take.id}.{kind}", user=BOB)
        for slug in ("mine", "whole")
        for kind in ("png", "jpg")
    ]

    assert [status for status, _ in answers] == [404] * 4


@pytest.mark.parametrize("page", ["", "Story", "Compare", "Submit", "Gallery", "Dataset", "Train", "LoRAs", "Settings"])
def test_no_page_shows_another_s_things_whatever_its_address_names(school: School, page: str):
    up = f"../../{school.alice.config.workspace.parent.name}/workspace"
    query = f"story={SECRET_STORY}&dataset={quote(up)}/datasets&run={quote(up)}/runs&lora={quote(up)}/loras"

    text = _run(_visited(school.session(BOB), page, query))

    assert SECRET_WORDS not in text and "Alices secret" not in text


def test_the_doctor_comes_in_by_the_header_and_says_whom_the_server_believes(school: School):
    by_proxy = replace(school.config, proxy_secret="a" * 24)

    def codes(config: Config) -> list[str]:
        checks = [*doctor_network.server(config, port=school.port, host="localhost")]
        return [check.code for check in (*checks, *doctor_network.shared_by_class(config, port=school.port))]

    assert codes(school.config) == ["doctor.pages", "doctor.host_allowed", "doctor.class_loopback"]
    assert codes(by_proxy)[-1] == "doctor.class_secret"
    assert list(doctor_network.shared_by_class(Config(workspace=PROJECT_FOLDER, stories=PROJECT_FOLDER), port=1)) == []


def test_a_download_that_is_made_when_it_is_asked_for_is_made_for_its_owner_alone(school: School):
    """The name of it is all that a browser sends; Streamlit asks nobody whose it is."""
    with visitor.asking(ALICE):
        read = visitor.only_for_me(lambda: b"hers")
        assert read() == b"hers"
    with visitor.asking(BOB), pytest.raises(Exception, match="did not say who you are"):
        read()
    with pytest.raises(Exception, match="did not say who you are"):
        read()


async def _visited(session: PageSession, page: str = "", query: str = "") -> str:
    async with session:
        await session.visit(page, query)
        return "".join(str(message) for message in session.messages)


def _guarded(secret: str, server: str, headers: list[tuple[str, str]]) -> tuple[int, str]:
    """What the guard in front of an app makes of a request that came to the address `server`."""

    async def app(scope, receive, send):
        await PlainTextResponse(visitor.name())(scope, receive, send)

    sent = []

    async def send(message):
        sent.append(message)

    named = [(name.lower().encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": named, "server": (server, 80)}
    _run(ClassGuard(app, header="x-forwarded-user", secret=secret)(scope, None, send))
    return sent[0]["status"], sent[1]["body"].decode()


SECRET = "a" * 24


@pytest.mark.parametrize(
    ("secret", "address", "headers", "status"),
    [
        ("", "127.0.0.1", [(HEADER, "alice")], 200),
        ("", "::1", [(HEADER, "alice")], 200),
        ("", "10.0.0.7", [(HEADER, "alice")], 403),
        ("", "10.0.0.7", [(HEADER, "alice"), ("X-Forwarded-For", "127.0.0.1"), ("Host", "127.0.0.1")], 403),
        ("", "127.0.0.1", [(HEADER, "alice"), (HEADER, "bob")], 403),
        ("", "127.0.0.1", [("X_Forwarded_User", "alice")], 403),
        ("", "127.0.0.1", [(HEADER, "")], 403),
        (SECRET, "10.0.0.7", [(HEADER, "alice"), (PROXY_SECRET_HEADER, SECRET)], 200),
        (SECRET, "127.0.0.1", [(HEADER, "alice")], 403),
        (SECRET, "127.0.0.1", [(HEADER, "alice"), (PROXY_SECRET_HEADER, "b" * 24)], 403),
        (
            SECRET,
            "127.0.0.1",
            [(HEADER, "alice"), (PROXY_SECRET_HEADER, SECRET), (PROXY_SECRET_HEADER, "")],
            403,
        ),
    ],
)
def test_a_name_is_believed_from_the_proxy_alone(secret, address, headers, status):
    answered, text = _guarded(secret, address, headers)

    assert answered == status
    assert (text == "alice") == (status == 200)
