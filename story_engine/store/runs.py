"""Training runs on disk: one folder each. The run's own process writes its state; everybody else reads, and asks."""

from __future__ import annotations

import contextlib
import csv
import json
import logging
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from story_engine.domain.run import REQUESTS, MetricRow, RunSample, RunState, TrainedPicture
from story_engine.domain.safe_name import name_fault
from story_engine.domain.training import TrainingSpec, problems
from story_engine.errors import ChooseAnother, FixInput, InvalidInput, LookAtLog, Wait
from story_engine.store.atomic import building, cannot_write, is_whole, read_bytes, write_bytes
from story_engine.store.folders import holds_anything, make_folder
from story_engine.store.layout import Layout
from story_engine.store.names import slug_from
from story_engine.store.old_trash import RUN
from story_engine.store.process_identity import ProcessIdentity, this_process
from story_engine.store.timestamps import now
from story_engine.store.trash import Trash

METRICS = "metrics.csv"
METRIC_COLUMNS = ("step", "epoch", "loss", "smoothed_loss", "learning_rate", "seconds_per_step", "memory_mb")
STILL_SECONDS = 180.0
"""A run of another machine whose state has not been written for so long is taken for interrupted."""
_LARGEST_BYTES = 200_000_000
_START_SECONDS = 60.0
_LOG = logging.getLogger(__name__)


class RunStore:
    """All training runs of a workspace."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._trash = Trash(layout)

    # -- the folder of runs --------------------------------------------------------------------------------------------
    def ids(self) -> tuple[str, ...]:
        """All runs, last created first."""
        if not self._layout.runs.is_dir():
            return ()
        found = [path for path in self._layout.runs.iterdir() if is_whole(path) and (path / "spec.json").is_file()]
        return tuple(path.name for path in sorted(found, key=lambda path: -(path / "spec.json").stat().st_mtime_ns))

    def names(self) -> tuple[str, ...]:
        """What the runs are called; a damaged one goes by its folder."""
        found = []
        for run in self.ids():
            try:
                found.append(self.spec(run).name)
            except LookAtLog:
                found.append(run)
        return tuple(found)

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """Held while a run is made and queued, by one thread of one process of this workspace at a time.

        Raises:
            Wait: somebody else holds it for long, or the disk cannot be written.
        """
        lock = self._layout.runs / ".starting.lock"
        try:
            make_folder(lock.parent)
            held = FileLock(lock, timeout=_START_SECONDS)
            held.acquire()
        except Timeout as error:
            raise Wait("training.start_busy") from error
        except OSError as error:
            raise cannot_write(lock, error) from error
        try:
            yield
        finally:
            held.release()

    def create(self, spec: TrainingSpec, pictures: Sequence[TrainedPicture]) -> str:
        """A run that is ready to start; its id.

        Args:
            spec: what to train.
            pictures: what the dataset's filters keep just now; the run trains on exactly these.

        Raises:
            InvalidInput: what is wrong with it, all at once; nothing was made.
            Wait: the disk is full or cannot be written.
        """
        found = problems(spec, captions=[picture.caption for picture in pictures], taken=self.names())
        blocking = tuple(problem for problem in found if problem.blocks)
        if blocking:
            raise InvalidInput(blocking)
        trained_on = json.dumps([picture.model_dump() for picture in pictures], ensure_ascii=False).encode()
        while True:
            run = slug_from(spec.name, is_taken=self._is_taken)
            state = RunState(id=run, total=spec.steps, created_at=now())
            try:
                with building(self._layout.runs / run) as folder:
                    write_bytes(folder / "pictures.json", trained_on)
                    write_bytes(folder / "run.json", state.model_dump_json(indent=1).encode())
                    write_bytes(folder / "spec.json", spec.model_dump_json(indent=1).encode())
            except FileExistsError:
                continue
            return run

    def delete(self, run: str) -> str:
        """Into the trash, checkpoints and all; the token gives it back.

        Raises:
            Wait: it is running.
        """
        with contextlib.suppress(LookAtLog):  # a damaged one can go
            if self.run(run).state == "running":
                raise Wait("training.is_running", name=run)
        folder, title = self.folder(run), run
        with contextlib.suppress(LookAtLog):
            title = self.spec(run).name
        return self._trash.put("run", run, [(RUN, folder)], title=title)

    def restore(self, token: str) -> str:
        """Undo of `delete`; the id, a free one where the old one is in use again.

        Raises:
            ChooseAnother: nothing in the trash has this token.
        """
        run = slug_from(self._trash.entry(token, "run").name, is_taken=self._is_taken)
        self._trash.take_out(token, [(RUN, self._layout.runs / run)])
        return run

    def _is_taken(self, run: str) -> bool:
        return holds_anything(self._layout.runs / run)

    # -- one run -------------------------------------------------------------------------------------------------------
    def folder(self, run: str) -> Path:
        """Where everything of a run lies.

        Raises:
            ChooseAnother: there is none of that name.
        """
        folder = self._layout.runs / run
        if name_fault(run) is not None or not (folder / "spec.json").is_file():
            raise ChooseAnother("training.not_found", name=run[:60], listed=", ".join(self.ids()) or "–")
        return folder

    def spec(self, run: str) -> TrainingSpec:
        """What it trains."""
        path = self.folder(run) / "spec.json"
        try:
            return TrainingSpec.model_validate_json(read_bytes(path, limit=_LARGEST_BYTES))
        except (ValidationError, FileNotFoundError) as error:
            raise LookAtLog("training.damaged", path=path) from error

    def pictures(self, run: str) -> tuple[TrainedPicture, ...]:
        """What it trains on."""
        path = self.folder(run) / "pictures.json"
        try:
            recorded = json.loads(read_bytes(path, limit=_LARGEST_BYTES))
            return tuple(TrainedPicture.model_validate(each) for each in recorded)
        except (ValidationError, ValueError, TypeError, FileNotFoundError) as error:
            raise LookAtLog("training.damaged", path=path) from error

    def run(self, run: str) -> RunState:
        """How far it is. A running one whose process is gone is "interrupted"."""
        path = self.folder(run) / "run.json"
        try:
            recorded = RunState.model_validate_json(read_bytes(path, limit=_LARGEST_BYTES))
        except (ValidationError, FileNotFoundError) as error:
            raise LookAtLog("training.damaged", path=path) from error
        recorded = recorded.model_copy(update={"id": run})
        if recorded.state == "running" and not _lives(recorded, path):
            return recorded.model_copy(update={"state": "interrupted"})
        return recorded

    def metrics(self, run: str) -> tuple[MetricRow, ...]:
        """Everything measured, by step; a line that is being written is left out."""
        try:
            text = (self.folder(run) / METRICS).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        rows = []
        for line in csv.reader(text[: text.rfind("\n") + 1].splitlines()[1:]):
            with contextlib.suppress(ValueError, TypeError):
                rows.append(MetricRow(int(line[0]), int(line[1]), *(float(each) for each in line[2:])))
        return tuple(rows)

    def samples(self, run: str) -> tuple[RunSample, ...]:
        """All sample pictures, by step and prompt; step 0 is without the LoRA."""
        found = [
            RunSample(int(path.parent.name), int(path.stem), path)
            for path in (self.folder(run) / "samples").glob("*/*.png")
            if path.parent.name.isdigit() and path.stem.isdigit()
        ]
        return tuple(sorted(found, key=lambda sample: (sample.step, sample.number)))

    def checkpoints(self, run: str) -> dict[int, Path]:
        """Step → LoRA file, in order of the steps."""
        found = {
            int(path.stem): path
            for path in (self.folder(run) / "checkpoints").glob("*.safetensors")
            if path.stem.isdigit()
        }
        return dict(sorted(found.items()))

    def kept(self, run: str) -> frozenset[int]:
        """Steps whose checkpoints a person asked to save: they stay, however many come after them."""
        names = (path.name for path in (self.folder(run) / "kept").glob("*"))
        return frozenset(int(name) for name in names if name.isascii() and name.isdigit())

    def request(self, run: str, what: str) -> None:
        """Ask a running training for something: "sample", "save" or "stop" (which saves).

        Raises:
            ChooseAnother: there is no such run or request.
            Wait: the disk cannot be written.
        """
        if what not in REQUESTS:
            raise FixInput("training.unknown_choice", value=what[:60], known=", ".join(REQUESTS))
        write_bytes(self.folder(run) / "requests" / what, b"")

    def requests(self, run: str) -> frozenset[str]:
        """What it is asked for and has not done yet."""
        return frozenset(what for what in REQUESTS if (self.folder(run) / "requests" / what).exists())

    # -- for the run's own process -------------------------------------------------------------------------------------
    def take_request(self, run: str, what: str) -> bool:
        """Whether it was asked for this; it is not asked any more."""
        path = self.folder(run) / "requests" / what
        if not path.exists():
            return False
        path.unlink(missing_ok=True)
        return True

    def forget_requests(self, run: str) -> None:
        """Nothing is asked any more: what comes after the last step has come too late."""
        for what in REQUESTS:
            self.take_request(run, what)

    def keep(self, run: str, step: int) -> None:
        """The checkpoint of this step stays.

        Raises:
            Wait: the disk is full or cannot be written.
        """
        write_bytes(self.folder(run) / "kept" / str(step), b"")

    def write(self, state: RunState) -> None:
        """Say how far a run is; only its own process does, or who starts it."""
        write_bytes(self._layout.runs / state.id / "run.json", state.model_dump_json(indent=1).encode())


def process_of_run() -> dict[str, object]:
    """What a run's state says about the process that trains it."""
    process = this_process()
    return {
        "host": socket.gethostname(),
        "pid": process.pid,
        "process_started": process.started,
        "process_mark": process.mark,
    }


def _lives(state: RunState, path: Path) -> bool:
    if state.host != socket.gethostname():
        # Its clock may run ahead of ours by a little; a time stamp of another day says that one of them was put right.
        return abs(time.time() - path.stat().st_mtime) < STILL_SECONDS
    try:
        process = ProcessIdentity.read(state.model_dump(), started="process_started", mark="process_mark")
    except TypeError:
        return False
    return process.is_living
