"""A hub on this machine that speaks ModelScope's protocol as modelscope's client expects it, with its refusals."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "ms-0f3c9a52-secret-of-nobody-7d1e"
OWNER = "moyun"


class HubServer:
    """One account that owns `moyun/…`; what it holds, and what was asked of it, can be looked at."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {"somebody/else": {}}
        self.visibility: dict[str, int] = {}
        self.blobs: dict[str, bytes] = {}
        self.puts: list[str] = []
        self.cut_after: int | None = None
        """Bytes of contents after which connections are cut, as soon as one file has arrived."""
        self.received = 0
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *given) -> None:
                pass

            def do_HEAD(self) -> None:
                self.answer(200, {})

            def do_GET(self) -> None:
                found = re.fullmatch(r"/api/v1/models/([^/]+/[^/]+)", self.decoded())
                if not self.is_known():
                    return
                if found is None or found[1] not in hub.repositories:
                    self.answer(404, {"Code": 10010205001, "Message": "not found", "Success": False})
                    return
                self.answer(200, {"Code": 200, "Data": {"Name": found[1]}, "Success": True})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
                path = self.decoded()
                if not self.is_known():
                    return
                if path == "/api/v1/login":
                    if body["AccessToken"] != TOKEN:
                        self.answer(400, {"Code": 10010103001, "Message": "token error", "Success": False})
                        return
                    self.answer(200, {"Code": 200, "Data": {"Username": OWNER, "AccessToken": "git", "Email": "m@x"}})
                elif path == "/api/v1/models":
                    self.create(body)
                elif found := re.fullmatch(r"/api/v1/repos/models/([^/]+/[^/]+)/info/lfs/objects/batch", path):
                    self.batch(found[1], body)
                elif found := re.fullmatch(r"/api/v1/repos/models/([^/]+/[^/]+)/commit/master", path):
                    self.commit(found[1], body)
                else:
                    self.answer(404, {"Message": path})

            def do_PUT(self) -> None:
                sha256 = self.path.rpartition("/")[2]
                left = int(self.headers["Content-Length"])
                content = b""
                while left:
                    piece = self.rfile.read(min(left, 65536))
                    if not piece:
                        return
                    content, left = content + piece, left - len(piece)
                    hub.received += len(piece)
                    # Files come side by side: one of them is whole before the rest is cut.
                    if hub.cut_after is not None and hub.received > hub.cut_after and hub.puts:
                        self.connection.close()
                        return
                assert hashlib.sha256(content).hexdigest() == sha256
                hub.blobs[sha256] = content
                hub.puts.append(sha256)
                self.answer(200, {"Code": 200})

            def create(self, body: dict) -> None:
                name = f"{body['Path']}/{body['Name']}"
                if body["Path"] != OWNER:
                    self.answer(403, {"Code": 10010101403, "Message": "no permission", "Success": False})
                elif "badword" in body["Name"]:
                    self.answer(400, {"Code": 10010201001, "Message": "name is illegal", "Success": False})
                else:
                    hub.repositories[name] = {}
                    hub.visibility[name] = body["Visibility"]
                    self.answer(200, {"Code": 200, "Data": {"Name": body["Name"]}, "Success": True})

            def batch(self, repository: str, body: dict) -> None:
                if not self.may_write(repository):
                    return
                address = f"{hub.address}/lfs"
                objects = [
                    {"oid": each["oid"], "size": each["size"]}
                    | (
                        {}
                        if each["oid"] in hub.blobs
                        else {"actions": {"upload": {"href": f"{address}/{each['oid']}"}}}
                    )
                    for each in body["objects"]
                ]
                self.answer(200, {"Code": 200, "Data": {"objects": objects}})

            def commit(self, repository: str, body: dict) -> None:
                if not self.may_write(repository):
                    return
                for action in body["actions"]:
                    if action["type"] == "lfs":
                        content = hub.blobs[action["sha256"]]
                    else:
                        content = base64.b64decode(action["content"])
                    assert len(content) == action["size"]
                    hub.repositories[repository][action["path"]] = content
                self.answer(200, {"Code": 200, "Data": {"Id": "c1"}, "Success": True})

            def may_write(self, repository: str) -> bool:
                if repository.startswith(f"{OWNER}/"):
                    return True
                self.answer(403, {"Code": 403, "Message": f"no permission, {TOKEN} may not", "Success": False})
                return False

            def is_known(self) -> bool:
                if self.headers["Authorization"] == f"Bearer {TOKEN}" or self.path == "/api/v1/login":
                    return True
                self.answer(401, {"Code": 401, "Message": "unauthorized", "Success": False})
                return False

            def decoded(self) -> str:
                from urllib.parse import unquote

                return unquote(self.path.partition("?")[0])

            def answer(self, status: int, body: dict) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
