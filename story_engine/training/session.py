"""One attempt at a run in this process: encode, step, sample, save, and say how far it is."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from accelerate import Accelerator

from story_engine.domain.job_result import TrainResult
from story_engine.domain.run import MetricRow
from story_engine.domain.training import TrainingSpec
from story_engine.domain.training_prior import content_of_sample
from story_engine.errors import Cancelled, StudioError
from story_engine.inference.encoding import EncodedPrompt
from story_engine.inference.out_of_memory import fitting
from story_engine.inference.runtime import free_memory
from story_engine.store.layout import Layout
from story_engine.store.runs import RunStore, process_of_run
from story_engine.store.timestamps import now
from story_engine.training.adapter import TrainedAdapter
from story_engine.training.adherence import adherence, content_falls, write_adherence
from story_engine.training.base import Base, open_base
from story_engine.training.checkpoints import save_checkpoint
from story_engine.training.device import memory_mb, open_accelerator, planned
from story_engine.training.encoding import EncodedDataset, items_of
from story_engine.training.loop import Loop, StepResult
from story_engine.training.pictures import paths_of
from story_engine.training.records import (
    Figures,
    ResumeState,
    check_same,
    digest_of,
    drop_checkpoints,
    read_state,
    write_state,
)
from story_engine.training.report import Report, RunReporter
from story_engine.training.sampling import WEAKER, has_all, paint_samples, sample_texts, samples_folder

_LOG = logging.getLogger(__name__)
_SMOOTHING = 0.97
"""Share of the smoothed loss that stays at each step."""

Stop = Callable[[], bool]


@dataclass(slots=True)
class Session:
    """One attempt at a run."""

    layout: Layout
    run_id: str
    spec: TrainingSpec
    report: Report
    should_stop: Stop
    store: RunStore = field(init=False)
    folder: Path = field(init=False)
    accelerator: Accelerator = field(init=False)
    base: Base = field(init=False)
    loop: Loop = field(init=False)
    reporter: RunReporter = field(init=False)
    encoded: dict[str, EncodedPrompt] = field(init=False)
    figures: Figures | None = None
    smoothed: float | None = None

    def train(self) -> TrainResult:
        """As `train.train`."""
        self.store = RunStore(self.layout)
        self.folder = self.store.folder(self.run_id)
        self.accelerator = open_accelerator(self.layout, self.spec)
        self.reporter = RunReporter(
            store=self.store,
            state=self.store.run(self.run_id),
            report=self.report,
            total=self.spec.steps,
            speaks=self.accelerator.is_main_process,
        )
        reporter = self.reporter
        reporter.write(
            state="running", error_code=None, error_values={}, ended_at="", started_at=now(), **process_of_run()
        )
        try:
            reached = self._trained()
            return self._ended("finished" if reached >= self.spec.steps else "stopped", reached)
        except Cancelled:  # before the first step
            return self._ended("stopped", reporter.state.step)
        except StudioError as error:
            reporter.write_failed(error.code, {name: str(value) for name, value in error.values.items()})
            raise
        except Exception as error:
            _LOG.exception("run %s broke at step %d", self.run_id, reporter.state.step)
            reporter.write_failed("training.broke", {"reason": str(error)[:300]})
            raise
        finally:
            if self.accelerator.is_main_process:
                self.store.forget_requests(self.run_id)
            if self.figures is not None:
                self.figures.close()
            self.accelerator.free_memory()
            free_memory()

    def _ended(self, state: str, step: int) -> TrainResult:
        self.reporter.write(state=state, ended_at=now())
        return TrainResult(state=state, step=step, total=self.spec.steps, loss=self.smoothed)

    # -- before the first step -----------------------------------------------------------------------------------------
    def _trained(self) -> int:
        device = str(self.accelerator.device)
        plan = planned(self.spec, self.accelerator)
        self.base = open_base(self.layout, self.spec.family, precision=self.spec.precision, device=device, plan=plan)
        family = self.base.family
        saved = read_state(self.folder)
        if saved is not None:
            check_same(saved, self.spec, weights_hash=family.weights_hash)
        pictures = self.store.pictures(self.run_id)
        paths = paths_of(self.layout, self.spec.dataset, pictures)
        items = items_of(self.spec, pictures, paths, side=self._side())
        dataset = EncodedDataset(self.layout, self.base, items, self.spec)
        started = time.monotonic()
        self.encoded = self._encode(dataset)
        self.reporter.write(
            device=device,
            precision=self.base.precision,
            weights_hash=family.weights_hash,
            encoding_seconds=time.monotonic() - started,
        )
        unet = self.base.unet()
        self._paint_prior(unet, dataset)
        adapter = TrainedAdapter(unet, self.spec)
        self.loop = Loop(self.accelerator, unet, adapter, dataset, self.spec)
        first = 0
        if saved is not None:
            adapter.restore(saved.adapter)
            self.loop.restore(saved.optimizer, saved.scaler)
            first, self.smoothed, self.reporter.seconds = saved.step, saved.smoothed_loss, saved.seconds
        if self.accelerator.is_main_process:
            self.figures = Figures(self.folder, step=first)
        self.reporter.write(step=first, saved_step=first)
        return self._stepped(first)

    def _encode(self, dataset: EncodedDataset) -> dict[str, EncodedPrompt]:
        """The first process encodes; all then find everything on disk."""
        texts = (*sample_texts(self.spec, self.base.family), *(picture.prompt for picture in dataset.prior.pictures))

        def encode(should_stop: Stop) -> dict[str, EncodedPrompt]:
            return dataset.encode(texts, on_progress=self._encoding, should_stop=should_stop)

        self._first_alone(lambda: encode(self._is_asked_to_stop))
        encoded = encode(lambda: False)
        self.accelerator.wait_for_everyone()
        return encoded

    def _paint_prior(self, unet: torch.nn.Module, dataset: EncodedDataset) -> None:
        """The class pictures, painted by the first process; the others find them on disk."""

        def paint() -> None:
            with fitting("models.memory_sampling", str(self.accelerator.device)):
                dataset.prior.paint(
                    unet, self.encoded, on_progress=self._painting_prior, should_stop=self._is_asked_to_stop
                )

        if dataset.prior.pictures:
            self._first_alone(paint)

    def _first_alone(self, act: Callable[[], object]) -> None:
        """The first process does it while the others wait.

        Raises:
            Cancelled: in every process, where the first was asked to stop.
        """
        cancelled: Cancelled | None = None
        if self.accelerator.is_main_process:
            try:
                act()
            except Cancelled as error:
                cancelled = error
        if self._agreed(cancelled is not None)[0]:
            raise cancelled or Cancelled("training.stopped")

    # -- the steps -----------------------------------------------------------------------------------------------------
    def _stepped(self, first: int) -> int:
        spec, step, saved = self.spec, first, first
        if spec.sample_every:
            self._sample(0, without_adapter=True)
            if first and first % spec.sample_every == 0:
                self._sample(first)  # the attempt before may have been stopped in the middle of it
        while step < spec.steps:
            stop, sample, save = self._requests()
            if stop:
                break
            if sample:
                self._sample(step)
            if save and self.accelerator.is_main_process:
                self.store.keep(self.run_id, step)
            if save and saved != step:
                self._save(step)
                saved = step
            started = time.monotonic()
            with fitting("models.memory_training", str(self.accelerator.device)):
                result = self.loop.step(step)
            step += 1
            self._record(step, result, seconds=time.monotonic() - started)
            if step % spec.save_every == 0:
                self._save(step)
                saved = step
            if spec.sample_every and step % spec.sample_every == 0:
                self._sample(step)
        if saved != step:
            self._save(step)
        if step >= spec.steps and spec.sample_every:
            self._sample(step)
            if content_falls(self.folder, step):
                self._sample(step, strength=WEAKER)
        return step

    def _record(self, step: int, result: StepResult, *, seconds: float) -> None:
        before = self.smoothed
        self.smoothed = result.loss if before is None else _SMOOTHING * before + (1 - _SMOOTHING) * result.loss
        self.reporter.stepped(step, seconds, loss=self.smoothed)
        if self.figures is None:
            return
        self.figures.add(
            MetricRow(
                step=step,
                epoch=(step - 1) // self.spec.steps_per_epoch,
                loss=result.loss,
                smoothed_loss=self.smoothed,
                learning_rate=result.learning_rate,
                seconds_per_step=self.reporter.seconds_per_step or 0.0,
                memory_mb=memory_mb(self.accelerator.device),
            )
        )

    def _save(self, step: int) -> None:
        """The LoRA as a file of its own, then the state to go on from."""
        if self.accelerator.is_main_process:
            self.reporter.progress("saving", step, self.spec.steps)
            pictures = self.store.pictures(self.run_id)
            digest = digest_of(pictures)
            save_checkpoint(
                self.folder,
                self.run_id,
                self.spec,
                self.loop.adapter.weights(),
                step=step,
                base=self.base,
                dataset=(digest, len(pictures)),
            )
            optimizer, scaler = self.loop.state()
            write_state(
                self.folder,
                ResumeState(
                    step=step,
                    adapter=self.loop.adapter.values(),
                    optimizer=optimizer,
                    scaler=scaler,
                    smoothed_loss=self.smoothed,
                    seconds=self.reporter.seconds,
                    spec=json.loads(self.spec.model_dump_json()),
                    pictures=digest,
                    weights_hash=self.base.family.weights_hash,
                ),
            )
            drop_checkpoints(self.layout, self.run_id, self.spec)
            self.reporter.write(saved_step=step)
        self.accelerator.wait_for_everyone()

    def _sample(self, step: int, *, without_adapter: bool = False, strength: float = 1.0) -> None:
        """Paint the samples that are missing. A request to stop ends it early; the loop then sees it too, and saves."""
        folder = samples_folder(self.folder, step, strength)
        if self.accelerator.is_main_process and self.spec.sample_prompts and not has_all(folder, self.spec):
            self.loop.unet.eval()
            painted: dict[int, torch.Tensor] = {}
            fits = fitting("models.memory_sampling", str(self.accelerator.device))
            adapter = self.loop.adapter
            with fits, adapter.left_out(without_adapter), adapter.at(strength), contextlib.suppress(Cancelled):
                painted = paint_samples(
                    self.loop.unet,
                    self.base,
                    self.spec,
                    self.encoded,
                    folder,
                    side=self._side(),
                    on_step=lambda done, total: self.reporter.progress("sampling", done, total),
                    should_stop=self._is_asked_to_stop,
                )
            with self.loop.adapter.left_out(True):
                write_adherence(folder, {number: self._adherence(number, each) for number, each in painted.items()})
        self.accelerator.wait_for_everyone()

    def _adherence(self, number: int, latents: torch.Tensor) -> float:
        content = content_of_sample(self.spec, self.spec.sample_prompts[number])
        return adherence(self.loop.unet, latents, self.encoded[content], self.encoded[""])

    # -- what others want ----------------------------------------------------------------------------------------------
    def _requests(self) -> tuple[bool, bool, bool]:
        """Stop, sample, save: as the first process sees them, the same for all."""
        asked = (False, False, False)
        if self.accelerator.is_main_process:
            take = self.store.take_request
            asked = (self._is_asked_to_stop(), take(self.run_id, "sample"), take(self.run_id, "save"))
        stop, sample, save = self._agreed(*asked)
        return stop, sample, save

    def _agreed(self, *flags: bool) -> tuple[bool, ...]:
        """What the first process says, in every process."""
        if self.accelerator.num_processes == 1:
            return flags
        shared = torch.tensor(flags, dtype=torch.int32, device=self.accelerator.device)
        torch.distributed.broadcast(shared, src=0)
        return tuple(bool(each) for each in shared.tolist())

    def _is_asked_to_stop(self) -> bool:
        return self.should_stop() or "stop" in self.store.requests(self.run_id)

    def _encoding(self, done: int, total: int) -> None:
        self.reporter.progress("encoding", done, total)

    def _painting_prior(self, done: int, total: int) -> None:
        self.reporter.progress("class_pictures", done, total)

    def _side(self) -> int:
        return self.spec.resolution or self.base.family.width
