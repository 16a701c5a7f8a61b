"""A repository of ModelScope, written to: through modelscope's own client, with a token that it never keeps."""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from story_engine.errors import Cancelled, FixInput, InstallOrDownload, StudioError, Wait
from story_engine.store.layout import Layout
from story_engine.store.model_settings import read_model_settings

ENDPOINT_VARIABLE = "MODELSCOPE_ENDPOINT"
USUAL_ENDPOINT = "https://modelscope.cn"
"""Source: modelscope-hub 0.5.1, constants.py."""
_REACH_SECONDS = 4.0
"""For a connection, and for a first answer."""
_TELL_SECONDS = 9.0
"""The name of the hub may be looked up for longer; whoever waits is told by then."""
_ANSWER_SECONDS = 60
_BLOCK_BYTES = 1 << 18
_LONGEST_REASON = 200


class Hub:
    """One account of one hub.

    Args:
        token: of the account; used for requests and written nowhere.
        endpoint: of the hub; None for modelscope's own choice.
    """

    def __init__(self, token: str, *, endpoint: str | None = None) -> None:
        try:
            from modelscope.hub.api import HubApi  # here: it takes a second
            from modelscope_hub import constants, errors
        except ImportError as error:
            raise InstallOrDownload("upload.no_modelscope", reason=str(error)) from error
        self._token = token
        self._errors = errors
        self._constants = constants
        self._api = HubApi(endpoint=endpoint, timeout=_ANSWER_SECONDS, max_retries=1, token=token)
        self._endpoint: str = self._api.endpoint

    def reach(self) -> None:
        """Make sure within ten seconds that the hub answers at all.

        Raises:
            Wait: it does not.
        """
        reach(self._endpoint, "upload.unreachable")

    def user(self) -> str:
        """Name of the account that the token is for.

        Raises:
            FixInput: the hub does not know the token.
            Wait: the hub does not answer.
        """
        with self._told("login"):
            found, _ = self._api.legacy.login(self._token)
        name = found.get("Username") if isinstance(found, dict) else None
        if not name:
            raise FixInput("upload.wrong_token", hub=self._endpoint)
        return str(name)

    def ensure(self, repository: str, *, private: bool) -> bool:
        """Create the repository where there is none; whether it is new.

        Raises:
            FixInput: the hub refuses the name, or the account may not create it.
        """
        with self._told(repository):
            try:
                self._api.legacy.get_repo_info(repository, "model")
            except self._errors.NotExistError:
                visibility = "private" if private else "public"
                self._api.create_repo(
                    repository, repo_type="model", visibility=visibility, license="other", exist_ok=True
                )
                return True
        return False

    def missing(self, repository: str, objects: dict[str, int]) -> dict[str, str]:
        """Which contents (SHA-256 → size) the hub lacks, with the address that each is sent to."""
        asked = [{"oid": sha256, "size": size} for sha256, size in sorted(objects.items())]
        with self._told(repository):
            known = self._api.legacy.validate_blobs(repository, "model", asked) if asked else {}
        return {sha256: address for sha256, address in known.items() if address and sha256 in objects}

    def send(
        self,
        address: str,
        path: Path,
        *,
        name: str,
        sent: Callable[[int], None],
        should_stop: Callable[[], bool],
    ) -> None:
        """Send one content, piece by piece.

        Raises:
            Cancelled: `should_stop` said so; what was sent of this content is lost, others are kept.
        """
        size = path.stat().st_size
        with self._told(name), path.open("rb") as file:
            self._api.legacy.upload_blob(address, _Watched(file, size, sent, should_stop), size)

    def commit(self, repository: str, files: dict[str, Path], message: str) -> None:
        """Put the files, whose large contents the hub has, into the repository at once."""
        operations = [self._operation(name, path) for name, path in sorted(files.items())]
        with self._told(repository):
            self._api.legacy.create_commit(repository, "model", operations, message)

    def is_large(self, name: str, size: int) -> bool:
        """Whether a file goes as a content of its own, by modelscope's rules."""
        path = PurePosixPath(name)
        if path.name.upper() in {each.upper() for each in self._constants.UPLOAD_INLINE_METADATA_PATHS}:
            return False
        threshold: int = self._constants.UPLOAD_LFS_FORCE_THRESHOLD_BYTES
        return size > threshold or path.suffix.lower() in self._constants.MODEL_LFS_SUFFIX

    def page(self, repository: str) -> str:
        """Address of the repository's page."""
        return f"{self._endpoint}/models/{repository}"

    def _operation(self, name: str, path: Path) -> dict[str, object]:
        size = path.stat().st_size
        if self.is_large(name, size):
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return _action(name, size, type="lfs", sha256=sha256, content="", encoding="")
        content = base64.b64encode(path.read_bytes()).decode()
        return _action(name, size, type="normal", sha256="", content=content, encoding="base64")

    @contextmanager
    def _told(self, about: str) -> Iterator[None]:
        """Failures of modelscope's client as what a person can do about them.

        Without what caused them: a traceback of the client's own may show a request, and a request holds the token.
        """
        errors = self._errors
        try:
            yield
        except StudioError:
            raise
        except errors.AuthenticationError:
            raise FixInput("upload.wrong_token", hub=self._endpoint) from None
        except errors.PermissionDeniedError as error:
            if about == "login":
                raise FixInput("upload.wrong_token", hub=self._endpoint) from None
            raise FixInput("upload.not_yours", repository=about, reason=self._reason(error)) from None
        except errors.NetworkError:
            raise Wait("upload.cut_off", hub=self._endpoint, name=about) from None
        except errors.InvalidParameter as error:
            if about == "login":
                raise FixInput("upload.wrong_token", hub=self._endpoint) from None
            raise FixInput("upload.refused", repository=about, reason=self._reason(error)) from None
        except (errors.HubError, OSError) as error:
            raise Wait("upload.hub_failed", hub=self._endpoint, reason=self._reason(error)) from None

    def _reason(self, error: Exception) -> str:
        text = str(getattr(error, "message", "") or type(error).__name__)
        return " ".join(text.replace(self._token, "***").split())[:_LONGEST_REASON]


class _Watched:
    """A file that is read by whoever sends it, and counted; the end of a reading is where a stop is heard."""

    def __init__(
        self, file: IO[bytes], size: int, sent: Callable[[int], None], should_stop: Callable[[], bool]
    ) -> None:
        self._file, self._size, self._sent, self._should_stop = file, size, sent, should_stop

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        """The next piece."""
        if self._should_stop():
            raise Cancelled("upload.cancelled")
        piece = self._file.read(min(size, _BLOCK_BYTES) if size >= 0 else _BLOCK_BYTES)
        self._sent(len(piece))
        return piece


def _action(name: str, size: int, **fields: object) -> dict[str, object]:
    return {"action": "create", "path": name, "size": size, **fields}


def reach(endpoint: str, code: str) -> None:
    """Make sure within ten seconds that a hub answers at all.

    Args:
        endpoint: its address.
        code: of the message that says that it does not.

    Raises:
        Wait: it does not.
    """
    import requests

    fault: list[str] = ["…"]

    def ask() -> None:
        try:
            requests.head(endpoint, timeout=(_REACH_SECONDS, _REACH_SECONDS), allow_redirects=False)
            fault.clear()
        except (requests.RequestException, ValueError) as error:  # urllib3 refuses some addresses in its own way
            fault[0] = type(error).__name__

    asking = threading.Thread(target=ask, name="reach-hub", daemon=True)
    asking.start()
    asking.join(_TELL_SECONDS)
    if fault:
        raise Wait(code, hub=endpoint, reason=fault[0])


def hub_endpoint(layout: Layout) -> str | None:
    """Another hub than modelscope's own: the one that the environment names, else the mirror that was set."""
    return os.environ.get(ENDPOINT_VARIABLE, "").strip() or read_model_settings(layout).mirror or None


def token_of_environment() -> str:
    """The token that the environment holds; empty where it holds none."""
    return os.environ.get("MODELSCOPE_API_TOKEN", "").strip()
