"""Sessions of pages without a browser: what a browser sends over its websocket, and how long each answer takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_PATIENCE_SECONDS = 120.0


class PageSession:
    """One visitor's connection; opened by `async with`."""

    def __init__(self, port: int, *, headers: Mapping[str, str] | None = None, resumes: str = "") -> None:
        """A session of the server on a port of this machine; `resumes`: the id of one that was cut off."""
        self._port, self._headers, self._resumes = port, dict(headers or {}), resumes
        self.id = ""
        self.fragments: dict[str, float] = {}
        """Fragments that the last run asked to be run again by themselves → every how many seconds."""
        self.messages: list[ForwardMsg] = []
        """Of the last run."""

    async def __aenter__(self) -> Self:
        address = f"127.0.0.1:{self._port}"
        protocols = [websockets.Subprotocol(each) for each in ("streamlit", "none", self._resumes) if each]
        self._socket = await websockets.connect(
            f"ws://{address}/_stcore/stream",
            origin=websockets.Origin(f"http://{address}"),
            subprotocols=protocols,
            additional_headers=self._headers,
            max_size=None,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.close()

    async def visit(self, page: str = "", query: str = "") -> float:
        """Run a whole page; seconds until it is finished."""
        asked = BackMsg()
        asked.rerun_script.query_string = query
        asked.rerun_script.page_name = page
        return await self._run(asked)

    async def rerun_fragment(self, fragment: str, page: str = "", query: str = "") -> float:
        """Run one fragment, as a page that polls does; seconds until it is finished."""
        asked = BackMsg()
        asked.rerun_script.query_string = query
        asked.rerun_script.page_name = page
        asked.rerun_script.fragment_id = fragment
        asked.rerun_script.is_auto_rerun = True
        return await self._run(asked)

    def media(self) -> list[str]:
        """Addresses of pictures and downloads in what the last run sent."""
        text = "".join(str(message) for message in self.messages)
        return sorted({part.partition('"')[0] for part in text.split('"') if part.startswith("/media/")})

    async def _run(self, asked: BackMsg) -> float:
        begun = time.perf_counter()
        await self._socket.send(asked.SerializeToString())
        self.messages = []
        while True:
            content = await asyncio.wait_for(self._socket.recv(), _PATIENCE_SECONDS)
            message = ForwardMsg()
            message.ParseFromString(content if isinstance(content, bytes) else content.encode())
            self.messages.append(message)
            what = message.WhichOneof("type")
            if what == "new_session":
                self.id = message.new_session.initialize.session_id or self.id
                if not asked.rerun_script.fragment_id:
                    self.fragments = {}
            elif what == "auto_rerun":
                self.fragments[message.auto_rerun.fragment_id] = message.auto_rerun.interval
            elif what == "script_finished":
                return time.perf_counter() - begun
