"""The Studio behind other names: a gateway that it was told of, one that it was not, and pages of other sites."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from story_engine.config import PROJECT_FOLDER, Config
from story_engine.flows import doctor_network
from tests.browser.conftest import _end_dispatcher, _free_port, _is_healthy, wait_for

GATEWAY, UNKNOWN, HIDDEN = "dsw-gateway.example.cn", "tunnel.example.com", "hides-its-name.example.org"


@dataclass(frozen=True)
class Server:
    port: int
    proxy: int
    """A port whose visitors reach the server under its own name, whatever they called it."""

    def answer(self, host: str, path: str = "/") -> tuple[int, str, dict[str, str]]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Host": host})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.headers.items()}
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), {k.lower(): v for k, v in error.headers.items()}

    def upgrade(self, host: str, origin: str | None) -> int:
        """Status of a websocket's opening."""
        lines = [f"GET /_stcore/stream HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"]
        lines += ["Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"]
        lines += [f"Origin: {origin}\r\n"] if origin is not None else []
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall("".join([*lines, "\r\n"]).encode())
            return int(connection.recv(64).split()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("gateway")
    port, proxy = _free_port(), _free_port()
    environment = os.environ | {
        "STORY_STUDIO_WORKSPACE": str(home / "workspace"),
        "STORY_STUDIO_ALLOWED_HOSTS": f"https://{GATEWAY}/lab, *.trycloudflare.com",
    }
    command = [sys.executable, "-m", "streamlit", "run", "Home.py", "--server.port", str(port)]
    with (home / "app.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=PROJECT_FOLDER, env=environment, stdout=log, stderr=log)
    try:
        wait_for(lambda: _is_healthy(f"http://127.0.0.1:{port}"), what="the app is healthy", seconds=120)
        threading.Thread(target=_serve_proxy, args=(proxy, port), daemon=True).start()
        yield Server(port, proxy)
    finally:
        process.terminate()
        process.wait(timeout=30)
        _end_dispatcher(Path(environment["STORY_STUDIO_WORKSPACE"]))


def test_only_names_that_it_was_told_of_are_answered_and_others_learn_how(server: Server):
    for host in (
        f"localhost:{server.port}",
        f"127.0.0.1:{server.port}",
        GATEWAY,
        f"{GATEWAY}:443",
        "a.trycloudflare.com",
    ):
        assert server.answer(host)[0] == 200, host
    for host in (
        UNKNOWN,
        "trycloudflare.com",
        f"{GATEWAY}.evil.example",
        "127.0.0.1.evil.example",
        "a@localhost",
        "x y",
    ):
        for path in ("/", "/Story", "/media/x.png", "/_stcore/host-config", "/_stcore/upload_file/x"):
            assert server.answer(host, path)[0] in (400, 403), (host, path)
    _, page, _ = server.answer(UNKNOWN)
    assert f"STORY_STUDIO_ALLOWED_HOSTS={GATEWAY},*.trycloudflare.com,{UNKNOWN}" in page
    assert "not allowed" in page and "尚未被允许" in page
    assert "<script" not in server.answer("<script>alert(1)</script>")[1]
    assert server.answer(UNKNOWN, "/_stcore/health")[0] == 200


def test_a_page_may_be_framed_by_itself_and_by_the_gateway_only(server: Server):
    policy = server.answer(f"localhost:{server.port}", "/Story")[2]["content-security-policy"]

    assert policy.startswith(f"frame-ancestors 'self' https://{GATEWAY} http://{GATEWAY}")
    assert server.answer(UNKNOWN)[2]["x-content-type-options"] == "nosniff"


def test_the_websocket_opens_for_pages_of_this_server_and_of_its_gateways_only(server: Server):
    own, allowed, refused = f"127.0.0.1:{server.port}", 101, 403
    cases = [
        (own, f"http://{own}", allowed),
        (GATEWAY, f"https://{GATEWAY}", allowed),
        (f"{GATEWAY}:443", f"https://{GATEWAY}", allowed),
        (own, f"https://{GATEWAY}", allowed),
        (own, "http://127.0.0.1:9999", refused),
        (own, "http://localhost:3000", refused),
        (own, None, refused),
        (own, "null", refused),
        (own, "http://evil.example", refused),
        (UNKNOWN, f"http://{UNKNOWN}", refused),
    ]

    found = [(host, origin, server.upgrade(host, origin)) for host, origin, _ in cases]

    assert found == cases


def test_the_doctor_tells_a_name_that_may_connect_from_one_that_may_not(server: Server):
    config = Config(workspace=Path("unused"), stories=Path("unused"), allowed_hosts=(GATEWAY,))

    found = {
        host: [check.code for check in doctor_network.server(config, port=server.port, host=host)]
        for host in (GATEWAY, UNKNOWN)
    }

    assert found[GATEWAY] == ["doctor.pages", "doctor.host_allowed"]
    assert found[UNKNOWN] == ["doctor.pages", "doctor.host_refused"]


@pytest.mark.parametrize(("host", "by_proxy"), [(UNKNOWN, False), (HIDDEN, True)])
def test_a_visitor_under_an_unknown_name_is_told_so_instead_of_waiting(
    browser: Browser, server: Server, host: str, by_proxy: bool
):
    page = browser.new_page(locale="en-US")

    page.goto(f"http://{host}:{server.proxy if by_proxy else server.port}/Story")

    page.get_by_text(f"{GATEWAY},*.trycloudflare.com,{host}").first.wait_for(timeout=60_000)
    assert page.get_by_role("heading", name="此地址尚未被允许访问").is_visible()
    page.close()


@pytest.mark.parametrize("by_proxy", [False, True])
def test_a_visitor_through_the_gateway_sees_the_studio(browser: Browser, server: Server, by_proxy: bool):
    page = browser.new_page(locale="en-US")

    page.goto(f"http://{GATEWAY}:{server.proxy if by_proxy else server.port}/")

    page.locator("[data-test-connection-state=CONNECTED]").wait_for(state="attached", timeout=60_000)
    page.get_by_role("button", name="Settings").wait_for()
    page.wait_for_timeout(7_000)
    assert page.get_by_role("button", name="Settings").is_visible()
    page.close()


def _serve_proxy(port: int, target: int) -> None:
    """A proxy that leaves out the name that it was called by, as nginx does unless it is told otherwise."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_request: bool) -> None:
        try:
            while data := await reader.read(65_536):
                if is_request:
                    for host in (GATEWAY, HIDDEN):
                        data = data.replace(f"Host: {host}:{port}".encode(), f"Host: 127.0.0.1:{target}".encode())
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(pipe(reader, back, True), pipe(there, writer, False))

    async def serve() -> None:
        async with await asyncio.start_server(visit, "127.0.0.1", port) as proxy:
            await proxy.serve_forever()

    asyncio.run(serve())
