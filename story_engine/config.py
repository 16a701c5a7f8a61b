"""Where things are and how the engine behaves: read once from the environment at each entry point."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path

from story_engine.errors import FixInput

LIMIT_VARIABLE = "STORY_STUDIO_DEVICE_GIB"
LONGEST_USER = 100
LONGEST_COUNT = 6
"""Digits: more of anything is a slip of the finger."""
PROJECT_FOLDER = Path(__file__).resolve().parent.parent
LONGEST_WORKSPACE_BYTES = 490
"""SQLite opens files of at most 512 bytes of path, with what it adds to their names."""
PROXY_SECRET_HEADER = "x-story-studio-proxy"
SHORTEST_SECRET = 16
"""Characters: what is shorter can be tried out."""
LONGEST_PART_BYTES = 255
"""Of every file system that is in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of one running Studio."""

    workspace: Path
    """Everything generated. STORY_STUDIO_WORKSPACE moves it."""
    stories: Path
    """Authored stories, YAML. STORY_STUDIO_STORIES moves it."""
    user: str = "me"
    """Whose jobs these are, for fair share. STORY_STUDIO_USER."""
    allowed_hosts: tuple[str, ...] = ()
    """Names under which the pages may be visited beside this machine's own: of a gateway, a tunnel, a domain.
    STORY_STUDIO_ALLOWED_HOSTS, with commas between them."""
    jobs_kept: int | None = None
    """Finished jobs that the list of jobs remembers at most; None: as is set on the page. STORY_STUDIO_JOBS_KEPT."""
    job_days_kept: int | None = None
    """How old they may become, in days; None: as is set on the page. STORY_STUDIO_JOB_DAYS_KEPT."""
    scheduler: str = ""
    """Address of a dask cluster that does the jobs, `tls://host:8786`; empty: this machine. STORY_STUDIO_SCHEDULER."""
    tls_ca: Path | None = None
    """Certificate of the cluster's authority, PEM. STORY_STUDIO_TLS_CA."""
    tls_cert: Path | None = None
    """Our own certificate. STORY_STUDIO_TLS_CERT."""
    tls_key: Path | None = None
    """Its key. STORY_STUDIO_TLS_KEY."""
    plain_scheduler: bool = False
    """Whether a scheduler on this machine may be spoken to without encryption: every user of the machine could then
    have it run what they like. STORY_STUDIO_PLAIN_SCHEDULER=1."""
    user_header: str = ""
    """Header in which a proxy says who a visitor is: everybody then has a workspace of their own below this one.
    STORY_STUDIO_USER_HEADER."""
    proxy_secret: str = ""
    """What the proxy sends along in `PROXY_SECRET_HEADER`, so that it is believed from elsewhere than this machine.
    STORY_STUDIO_PROXY_SECRET."""
    user_disk_gb: int = 20
    """How much one person of a class may keep on the disk; 0: without limit. STORY_STUDIO_USER_DISK_GB."""
    user_jobs: int = 20
    """How many jobs one person of a class may have waiting; 0: without limit. STORY_STUDIO_USER_JOBS."""
    device_gib: float | None = None
    """GiB of the device that the Studio may use, for who shares it; None: what is free. STORY_STUDIO_DEVICE_GIB."""
    threads: int = 0
    """Torch threads of the render child; 0 = one per physical core, at most 4. STORY_STUDIO_THREADS."""


def read_config(workspace: Path | str | None = None) -> Config:
    """The configuration of this process: argument before environment before default. An empty variable is none.

    Raises:
        FixInput: a variable of the environment, or the argument, cannot be used.
    """
    if workspace is not None and not str(workspace).strip():
        # As a path it would be the current folder: nobody means that by nothing.
        raise FixInput("errors.no_workspace")
    return Config(
        workspace=_fit(Path(workspace or os.environ.get("STORY_STUDIO_WORKSPACE") or PROJECT_FOLDER / "workspace")),
        stories=_stories(Path(os.environ.get("STORY_STUDIO_STORIES") or PROJECT_FOLDER / "stories")),
        user=_user(os.environ.get("STORY_STUDIO_USER", "").strip()),
        allowed_hosts=_hosts(os.environ.get("STORY_STUDIO_ALLOWED_HOSTS", "")),
        jobs_kept=_count_or_none("STORY_STUDIO_JOBS_KEPT"),
        job_days_kept=_count_or_none("STORY_STUDIO_JOB_DAYS_KEPT"),
        scheduler=os.environ.get("STORY_STUDIO_SCHEDULER", "").strip(),
        tls_ca=_path_or_none("STORY_STUDIO_TLS_CA"),
        tls_cert=_path_or_none("STORY_STUDIO_TLS_CERT"),
        tls_key=_path_or_none("STORY_STUDIO_TLS_KEY"),
        plain_scheduler=switch("STORY_STUDIO_PLAIN_SCHEDULER", default=False),
        user_header=_header(os.environ.get("STORY_STUDIO_USER_HEADER", "").strip()),
        proxy_secret=_secret(os.environ.get("STORY_STUDIO_PROXY_SECRET", "").strip()),
        user_disk_gb=_count("STORY_STUDIO_USER_DISK_GB", default=20),
        user_jobs=_count("STORY_STUDIO_USER_JOBS", default=20),
        device_gib=device_gib(),
        threads=_count("STORY_STUDIO_THREADS", default=0),
    )


def device_gib() -> float | None:
    """How many GiB of the device may be used; None where nothing, or 0, is said.

    Raises:
        FixInput: it is no number.
    """
    given = os.environ.get(LIMIT_VARIABLE, "").strip()
    # Not `float`: it would take `nan`, `1_0` and `inf` too.
    if given and not re.fullmatch(r"[0-9]{1,6}(\.[0-9]*)?", given):
        raise FixInput("errors.not_gib", name=LIMIT_VARIABLE, value=given[:60])
    return float(given or 0) or None


def switch(name: str, *, default: bool) -> bool:
    """A variable that is 1 or 0.

    Raises:
        FixInput: it is something else.
    """
    given = os.environ.get(name, "").strip()
    if given not in ("", "0", "1"):
        raise FixInput("errors.not_a_switch", name=name, value=given[:60])
    return default if not given else given == "1"


def _fit(workspace: Path) -> Path:
    """The whole path of a workspace in which everything can be opened."""
    try:
        path = workspace.resolve()
        length, longest = len(os.fsencode(path)), max(len(os.fsencode(part)) for part in path.parts)
    except OSError as error:
        raise FixInput("errors.workspace_not_usable", path=str(workspace)[:120], reason=error.strerror) from error
    if length > LONGEST_WORKSPACE_BYTES or longest > LONGEST_PART_BYTES:
        raise FixInput(
            "errors.workspace_too_long",
            path=f"{str(path)[:60]}…",
            length=length,
            limit=LONGEST_WORKSPACE_BYTES,
            part=longest,
            part_limit=LONGEST_PART_BYTES,
        )
    if path.exists() and not path.is_dir():
        raise FixInput("errors.workspace_not_usable", path=str(path), reason=os.strerror(errno.ENOTDIR))
    return path


def _stories(given: Path) -> Path:
    try:
        path = given.resolve()
        reason = os.strerror(errno.ENOTDIR) if path.exists() and not path.is_dir() else ""
    except OSError as error:
        path, reason = given, error.strerror or str(error)
    if reason:
        raise FixInput("errors.stories_not_usable", path=str(path)[:120], reason=reason)
    return path


def _user(given: str) -> str:
    if len(given) > LONGEST_USER or not given.isprintable():
        raise FixInput("errors.not_a_user", name="STORY_STUDIO_USER", value=given[:40], most=LONGEST_USER)
    return given or "me"


def _count_or_none(name: str) -> int | None:
    return _count(name, default=0) if os.environ.get(name) else None


def _path_or_none(name: str) -> Path | None:
    given = os.environ.get(name)
    return Path(given).expanduser().resolve() if given else None


def _count(name: str, *, default: int) -> int:
    given = os.environ.get(name) or str(default)
    if not (given.isascii() and given.isdecimal() and len(given) <= LONGEST_COUNT):
        raise FixInput("errors.not_a_count", name=name, value=given[:60])
    return int(given)


def _header(given: str) -> str:
    """A header that a proxy can set. One with an underscore is refused: proxies and servers take it for another one."""
    if given and not re.fullmatch(r"[A-Za-z0-9-]{1,64}", given):
        raise FixInput("errors.not_a_header", name="STORY_STUDIO_USER_HEADER", value=given[:60])
    return given.lower()


def _secret(given: str) -> str:
    if given and not (given.isascii() and given.isprintable() and len(given) >= SHORTEST_SECRET):
        raise FixInput("errors.short_secret", name="STORY_STUDIO_PROXY_SECRET", least=SHORTEST_SECRET)
    return given


def _hosts(given: str) -> tuple[str, ...]:
    """Names out of what people write: `a.cn, *.b.cn`, also whole addresses such as `https://a.cn:443/lab`."""
    found = []
    for word in given.replace(",", " ").split():
        name = word.partition("://")[2] or word
        name = re.sub(r":[0-9]+$", "", re.split(r"[/?#]", name)[0])
        if not re.fullmatch(r"\*|(\*\.)?[^\s*@:]+|\[[0-9a-fA-F:.]+\]", name):
            raise FixInput("errors.not_a_host", name="STORY_STUDIO_ALLOWED_HOSTS", value=word[:60])
        found.append(name.lower().strip("[]"))
    return tuple(dict.fromkeys(found))
