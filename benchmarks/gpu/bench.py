"""What every line needs: the device, the clock, the memory meter, and time that is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from benchmarks.gpu.sizes import Sizes
from benchmarks.samplers import NEGATIVE, PROMPTS
from story_engine.catalog.families import families
from story_engine.domain.family import GIB
from story_engine.domain.recipe import Recipe
from story_engine.inference.render import Renderer
from story_engine.inference.runtime import free_memory
from story_engine.store.layout import Layout

CFG_SCALE = 4.0
_FEWEST_STEPS = 4
_Run = Callable[[int, str], object]
"""Paints a board in so many steps, with these words in every prompt."""


@dataclass(slots=True)
class Bench:
    """One run of the benchmark."""

    layout: Layout
    sizes: Sizes
    device: str
    """"cuda" or "cpu"."""
    until: float
    """On the monotonic clock."""
    _weights_hash: str = field(default="", init=False)

    @property
    def is_gpu(self) -> bool:
        """Whether there is one."""
        return self.device == "cuda"

    @property
    def precision(self) -> str:
        """As the notebook's on a GPU; half precision on a CPU measures nothing."""
        return "float16" if self.is_gpu else "float32"

    @property
    def dtype(self) -> torch.dtype:
        """The same for torch."""
        return torch.float16 if self.is_gpu else torch.float32

    @property
    def left(self) -> float:
        """Seconds of the budget."""
        return self.until - time.monotonic()

    def recipes(self, words: str, *, steps: int, panels: int | None = None, noise: str = "cpu") -> list[Recipe]:
        """A board as the notebook paints it; other words are other prompts, which nobody has encoded yet."""
        if not self._weights_hash:
            self._weights_hash = families(self.layout)["kolors"].weights_hash
        return [
            Recipe(
                prompt=f"{PROMPTS[number % len(PROMPTS)]}，{words}",
                negative=f"{NEGATIVE}，{words}",
                seed=number,
                sampler="ddim",
                steps=steps,
                cfg_scale=CFG_SCALE,
                width=self.sizes.side,
                height=self.sizes.side,
                noise=noise,
                family="kolors",
                weights_hash=self._weights_hash,
                precision=self.precision,
            )
            for number in range(panels or self.sizes.panels)
        ]

    def renderer(self) -> Renderer:
        """A fresh one, as the app's child has it."""
        return Renderer(self.layout, self.device, threads=torch.get_num_threads())

    def wait(self) -> None:
        """Until the device has done everything."""
        if self.is_gpu:
            torch.cuda.synchronize()

    def timed(self, work: Callable[[], object]) -> float:
        """Seconds of one call."""
        self.wait()
        started = time.monotonic()
        work()
        self.wait()
        return time.monotonic() - started

    def forget_peak(self) -> None:
        """Measure the peak from here on."""
        if self.is_gpu:
            torch.cuda.reset_peak_memory_stats()

    def peak_gib(self) -> float | None:
        """Since then; None on a CPU, where nobody counts."""
        return torch.cuda.max_memory_allocated() / GIB if self.is_gpu else None

    def free(self) -> None:
        """Give back what the last line held."""
        free_memory()
        if self.is_gpu:
            torch.cuda.set_per_process_memory_fraction(1.0)
        self.forget_peak()


@dataclass(frozen=True, slots=True)
class Board:
    """What a board takes."""

    seconds: float
    step_seconds: float
    peak_gib: float | None
    measured_steps: int

    def said(self, steps: int) -> str:
        """How far it is an estimate."""
        return "" if self.measured_steps >= steps else f"estimate from {self.measured_steps} of {steps} steps"


def measure_board(bench: Bench, run: _Run, *, share: float) -> Board:
    """Paint it in one step to warm up, in two, and in all of them, or in as many as the time allows.

    The difference of the last two is a step's; what is left out is added at that rate.

    Args:
        bench: this run.
        run: paints a board.
        share: of the time that is left, to be used for the last.
    """
    wanted = bench.sizes.steps
    run(1, "热身")
    short = min(2, wanted)
    first = bench.timed(lambda: run(short, "两步"))
    affordable = int(bench.left * share / (first / short))
    steps = max(min(_FEWEST_STEPS, wanted), min(wanted, affordable))
    bench.forget_peak()
    whole = bench.timed(lambda: run(steps, "全部"))
    each = (whole - first) / (steps - short) if steps > short else whole / steps
    return Board(whole + each * (wanted - steps), each, bench.peak_gib(), steps)
