"""A class whose pages all poll: 50 people with a workspace each, on one server; how long a rerun takes them.

    python -m benchmarks.class_polling [--people 50] [--painting 1] [--seconds 60]

Everybody has the story page open and a job: of `--painting` people it runs, of the others it waits, as on a machine of
so many devices. Every page looks how far it is, as often as it says that a browser should; `--clicks` adds
whole pages. Prints one JSON object: milliseconds from asking to the end of the answer, for what polls and
for whole pages, the processor's time that the server takes for one rerun, and the load of the machine beside it. What
paints is played: progress is written into the lists as the dispatcher writes it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
from PIL import Image

from benchmarks.page_sessions import PageSession
from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import PROJECT_FOLDER, Config
from story_engine.domain.job import Progress
from story_engine.domain.resolve import resolve
from story_engine.domain.take import Take
from story_engine.flows.services import Services
from story_engine.jobs.queue.class_ledger import ClassLedger
from story_engine.jobs.queue.presence import announce, withdraw
from story_engine.store.layout import Layout
from story_engine.store.members import enrol

AIM_MILLISECONDS = 200
STORY, PAGE, HEADER = "orange-cat-en", "Story", "X-Forwarded-User"
_LOOK_SECONDS = 0.1
_WRITE_SECONDS = 0.5


def main() -> None:
    """Make the class, open its pages, poll, report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--painting", type=int, default=1)
    parser.add_argument("--clicks", type=float, default=0.0, help="whole pages that everybody asks for in a minute")
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="class-", ignore_cleanup_errors=True) as folder:
        config = Config(
            workspace=Path(folder) / "class", stories=PROJECT_FOLDER / "stories", user_header=HEADER.lower()
        )
        names = [f"同学 {number:02}" for number in range(1, asked.people + 1)]
        people = [open_services(enrol(config, name)) for name in names]
        announce(Layout.of(config), "running")  # no other dispatcher is started
        for services in people:
            _fill(services)
        with _painting(config, asked.painting), _server(config) as (port, process):
            report = asyncio.run(_polled(port, process, names, asked.seconds, asked.clicks))
        withdraw(Layout.of(config))
    print(
        json.dumps(
            report | {"people": asked.people, "painting": asked.painting, "aim_ms": AIM_MILLISECONDS},
            indent=2,
            ensure_ascii=False,
        )
    )


def _fill(services: Services) -> None:
    """A take for each scene, and a board that is painted once more."""
    story = services.stories.load(STORY)
    family = services.families()[story.settings.family]
    for number, scene in enumerate(story.scenes):
        recipe = resolve(story, scene, 0, family=family, loras={})
        take = Take(
            id=recipe.digest,
            story=STORY,
            scene=scene.id,
            number=0,
            recipe=recipe,
            picture_sha256="",
            created_at=f"2026-11-29T09:00:{number:02}Z",
            seconds=1.0,
        )
        services.takes.add(take, Image.effect_noise((256, 256), 90).convert("RGB"), {})
    flows.queue.render(services, STORY, takes=2)


@contextlib.contextmanager
def _painting(config: Config, most: int) -> Iterator[None]:
    """Everybody's job runs and gets on, in a thread of this process."""
    ends = threading.Event()

    def paint() -> None:
        ledger = ClassLedger(Layout.of(config))
        ledger.take_over()
        claims = []
        while len(claims) < most and (claim := ledger.claim(free=most - len(claims), most=1)) is not None:
            claims.append(claim)
        step = 0
        while not ends.wait(_WRITE_SECONDS):
            step = step % 158 + 1
            progress = Progress(stage="denoising", step=step, total=160, seconds_per_step=0.5, eta_seconds=160.0 - step)
            ledger.set_progress({(claim.job, claim.attempt): progress for claim in claims})
            ledger.requested_cancels()
        ledger.close()

    thread = threading.Thread(target=paint)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()


@contextlib.contextmanager
def _server(config: Config) -> Iterator[tuple[int, psutil.Process]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environment = os.environ | {
        "STORY_STUDIO_WORKSPACE": str(config.workspace),
        "STORY_STUDIO_STORIES": str(config.stories),
        "STORY_STUDIO_USER_HEADER": HEADER,
    }
    command = [sys.executable, "-m", "streamlit", "run", "Home.py", "--server.port", str(port)]
    process = subprocess.Popen(
        command, cwd=PROJECT_FOLDER, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health"):
                break
            time.sleep(0.1)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=60)


async def _polled(
    port: int, process: psutil.Process, names: list[str], seconds: float, clicks: float
) -> dict[str, object]:
    opened: list[float] = []
    ticks: list[float] = []
    pages: list[float] = []
    async with contextlib.AsyncExitStack() as stack:
        sessions = []
        for name in names:
            session = PageSession(port, headers={HEADER: name.encode().decode("latin-1")})
            sessions.append(await stack.enter_async_context(session))
            opened.append(await session.visit(PAGE, f"story={STORY}"))
        fragments = [len(session.fragments) for session in sessions]
        used, began = _cpu_seconds(process), time.monotonic()
        until = began + seconds
        await asyncio.gather(*(_poll(each, ticks, pages, until, clicks / 60 * _LOOK_SECONDS) for each in sessions))
        took = time.monotonic() - began
        used = _cpu_seconds(process) - used
    return {
        "fragments_per_page": statistics.mean(fragments),
        "polls": _times(ticks),
        "whole_pages_meanwhile": _times(pages),
        "first_visits": _times(opened),
        "polls_per_second": round(len(ticks) / took, 1),
        "app_cpu_ms_per_rerun": round(1000 * used / (len(ticks) + len(pages)), 1),
        "app_share_of_a_core": round(used / took, 2),
        "app_rss_mb": round(process.memory_info().rss / 1e6),
        "load_average": os.getloadavg()[0],
        "cores": os.cpu_count(),
    }


async def _poll(session: PageSession, ticks: list[float], pages: list[float], until: float, click: float) -> None:
    """As a browser: each fragment when its time has come; `click` is the chance of a whole page at each look."""
    chance = random.Random(session.id)
    due = {fragment: time.monotonic() + chance.uniform(0, each) for fragment, each in session.fragments.items()}
    while (now := time.monotonic()) < until:
        for fragment, interval in list(session.fragments.items()):
            if due.setdefault(fragment, now + interval) <= now:
                ticks.append(await session.rerun_fragment(fragment, PAGE, f"story={STORY}"))
                due[fragment] = max(time.monotonic(), due[fragment] + interval)
        if chance.random() < click:
            pages.append(await session.visit(PAGE, f"story={STORY}"))
        await asyncio.sleep(_LOOK_SECONDS)


def _times(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    ordered = sorted(1000 * each for each in seconds)
    return {
        "count": len(ordered),
        "p50_ms": round(ordered[len(ordered) // 2], 1),
        "p95_ms": round(ordered[int(len(ordered) * 0.95)], 1),
        "worst_ms": round(ordered[-1], 1),
    }


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
