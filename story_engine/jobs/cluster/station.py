"""What works on a worker's machine: the same agent and children that one machine uses, behind a dask worker.

Nothing that may crash runs in the dask worker itself. An order is done either in the dispatcher's own workspace, where
this machine sees it too, or in a guest workspace per device, which uses this machine's models; what is finished there
waits as bytes until the dispatcher has fetched it.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import shutil
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from pathlib import Path

from story_engine.catalog.families import families
from story_engine.domain.job import Progress
from story_engine.domain.job_result import plain
from story_engine.errors import StudioError
from story_engine.jobs.cluster.finished import Finished
from story_engine.jobs.cluster.lora_cache import LoraCache
from story_engine.jobs.cluster.parcels import INPAINTING, Card, Errand, Homecoming, LoraFile, News, Studio
from story_engine.jobs.orders import Cancelled, Crashed, Failed, Outcome, Progressed
from story_engine.jobs.queue.agent import Agent, AgentSettings
from story_engine.jobs.queue.child_process import ChildCommand
from story_engine.store.folders import make_folder
from story_engine.store.layout import Layout
from story_engine.store.references import ReferenceStore

FORGOTTEN_SECONDS = 60.0
"""An errand of which nobody has asked for this long belongs to a dispatcher that is gone: its device is wanted."""
_WATCH_SECONDS = 5.0
_MOST_REFUSED = 1000
_MOST_ENDED = 2
"""So many ends per device are kept for whoever asks next; dask's own answer holds them too."""
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Running:
    errand: Errand
    attempt: int
    """A number of the agent's own: two dispatchers may have the same job and attempt."""
    finished: Finished | None = None
    """None where it works in the dispatcher's workspace."""
    progress: Progress | None = None
    asked_at: float = field(default_factory=time.monotonic)


class Station:
    """Does errands on this machine's devices.

    Args:
        layout: of this machine's own workspace, whose models are used.
        settings: of the agent.
        looks_for_folder: whether it works in a dispatcher's workspace where it sees that; else results go as bytes.
    """

    def __init__(self, layout: Layout, settings: AgentSettings, *, looks_for_folder: bool = True) -> None:
        self._layout = layout
        self._looks_for_folder = looks_for_folder
        self._settings = settings
        self._agent = Agent(settings)
        self._loras = LoraCache(layout)
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}
        self._refused: dict[str, None] = {}
        self._ended: dict[str, Homecoming] = {}
        """The last ones that nobody has been told of."""
        self._waiting: dict[str, list[Future[None]]] = {}
        self._attempts = itertools.count(1)
        self._is_closed = threading.Event()
        shutil.rmtree(layout.guest(0).parent, ignore_errors=True)
        threading.Thread(target=self._watch, name="forgotten-errands", daemon=True).start()

    def card(self, studio: Studio) -> Card:
        """What this machine can do for a studio; hashes its weights, which takes a minute for the first time."""
        is_shared = self._looks_for_folder and _reads_token(studio)
        layout = Layout(Path(studio.workspace), Path(studio.stories)) if is_shared else self._layout
        here = {name: family for name, family in families(layout).items() if family.weights_hash}
        return Card(
            machine=socket.gethostname(),
            tokens=len(self._settings.devices),
            families={name: family.weights_hash for name, family in here.items()},
            is_shared=is_shared,
            device="cpu" if self._settings.devices[0] is None else "cuda",
            precisions={name: family.precision for name, family in here.items()},
            adapters={
                f"{name} {kind}": weights
                for name, family in here.items()
                for kind, weights in (family.controls | {INPAINTING: family.inpainting or ""}).items()
                if weights
            },
        )

    def missing(self, loras: Collection[LoraFile]) -> tuple[str, ...]:
        """Hashes of those that must be sent."""
        return tuple(lora.sha256 for lora in loras if not self._loras.has(lora))

    def receive(self, lora: LoraFile, name: str, offset: int, content: bytes, *, is_last: bool) -> None:
        """Take in a piece of a LoRA's files. Raises as `LoraCache.receive`."""
        self._loras.receive(lora, name, offset, content, is_last=is_last)

    def run(self, errand: Errand) -> Homecoming:
        """Do an errand; blocks until its end."""
        order = errand.order
        with self._lock:
            if errand.key in self._refused:
                return Homecoming(outcome=Cancelled(job=order.job, attempt=order.attempt))
            running = self._running[errand.key] = _Running(errand, next(self._attempts))
        try:
            outcome = self._outcome(errand, running)
            found = running.finished
            rest = Homecoming(outcome=outcome) if found is None else found.homecoming(outcome)
            self._tell_end(errand.key, rest)
        finally:
            with self._lock:
                del self._running[errand.key]
            if running.finished is not None:
                running.finished.clear()
        return rest

    def news(self, key: str, have: Collection[str]) -> News:
        """What happened to an errand.

        Args:
            key: of the errand.
            have: takes that have arrived; they are not sent again.
        """
        with self._lock:
            home = self._ended.pop(key, None)
            running = self._running.get(key)
        if home is not None:
            return News(home=home)
        if running is None:
            return News(is_known=False)
        running.asked_at = time.monotonic()
        if running.finished is None:
            return News(progress=running.progress)
        return running.finished.news(running.progress, have)

    @contextlib.contextmanager
    def ending(self, key: str) -> Iterator[Future[None]]:
        """What is done at an errand's end; one that was over before is done at once."""
        ended: Future[None] = Future()
        with self._lock:
            if key in self._ended or key in self._refused:
                ended.set_result(None)
            else:
                self._waiting.setdefault(key, []).append(ended)
        try:
            yield ended
        finally:
            with self._lock:
                left = [each for each in self._waiting.pop(key, []) if each is not ended]
                if left:
                    self._waiting[key] = left

    def cancel(self, key: str, *, is_forced: bool) -> bool:
        """Ask an errand to stop; one that has not begun never will. Whether it had begun."""
        with self._lock:
            running = self._running.get(key)
            if running is None:
                self._refused[key] = None
                while len(self._refused) > _MOST_REFUSED:
                    del self._refused[next(iter(self._refused))]
                self._wake(key)
                return False
        running.asked_at = time.monotonic()
        self._agent.cancel(running.errand.order.job, running.attempt, is_forced=is_forced)
        return True

    def close(self) -> None:
        """End all children."""
        self._is_closed.set()
        self._agent.close()

    def _tell_end(self, key: str, home: Homecoming) -> None:
        with self._lock:
            self._ended[key] = home
            while len(self._ended) > _MOST_ENDED * len(self._settings.devices):
                del self._ended[next(iter(self._ended))]
            self._wake(key)

    def _wake(self, key: str) -> None:
        for each in self._waiting.pop(key, []):
            with contextlib.suppress(InvalidStateError):  # nobody waits any more
                each.set_result(None)

    def _outcome(self, errand: Errand, running: _Running) -> Outcome:
        order = errand.order
        mine = order.model_copy(update={"attempt": running.attempt})

        def report(message: Progressed) -> None:
            running.progress = message.progress

        outcome: Outcome
        try:
            outcome = self._agent.run(mine, report, command_for=self._command_for(errand, running))
        except StudioError as error:
            return Failed(job=order.job, attempt=order.attempt, code=error.code, values=plain(error.values))
        except Exception as error:
            _LOG.exception("%s broke the agent", errand.key)
            outcome = Crashed(job=order.job, attempt=order.attempt, reason=f"{type(error).__name__}: {error}")
        return outcome.model_copy(update={"attempt": order.attempt})

    def _command_for(self, errand: Errand, running: _Running) -> Callable[[int], ChildCommand]:
        usual = self._settings.child

        def command(token: int) -> ChildCommand:
            if errand.is_shared:
                workspace, stories = Path(errand.studio.workspace), Path(errand.studio.stories)
                return ChildCommand(
                    workspace=workspace, stories=stories, work=usual.work, idle_seconds=usual.idle_seconds
                )
            guest = Layout(self._layout.guest(token), self._layout.stories)
            make_folder(guest.workspace)
            running.finished = Finished(guest, errand.order.job)
            running.finished.clear()
            self._loras.lay_out(errand.loras, guest)
            for content in errand.references:
                ReferenceStore(guest).keep_file(content)
            return ChildCommand(
                workspace=guest.workspace,
                stories=guest.stories,
                work=usual.work,
                idle_seconds=usual.idle_seconds,
                models_of=self._layout.workspace,
            )

        return command

    def _watch(self) -> None:
        while not self._is_closed.wait(_WATCH_SECONDS):
            now = time.monotonic()
            with self._lock:
                forgotten = [key for key, each in self._running.items() if now - each.asked_at > FORGOTTEN_SECONDS]
            for key in forgotten:
                _LOG.warning("nobody asks for %s any more; it is stopped", key)
                with contextlib.suppress(Exception):
                    self.cancel(key, is_forced=True)


def _reads_token(studio: Studio) -> bool:
    try:
        return Layout(Path(studio.workspace), Path()).cluster_token.read_text(encoding="utf-8") == studio.token
    except (OSError, ValueError):
        return False
