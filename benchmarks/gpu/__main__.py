"""Everything that a GPU has to prove, in one command and one table: full-size Kolors with random weights, 1024².

    python -m benchmarks.gpu [--budget 540] [--results gpu.jsonl] [--folder DIR] [--anew] [--only NAME …] [--small]

Needs the dev packages (diffusers) and 18 GB of disk for weights, which are made on the device; nothing is downloaded.
Every line is kept in the results file as soon as it is measured. A second run goes on where the first one stopped;
`--anew` starts again. No line is begun for which the budget, in seconds, does not suffice any more, and a board whose
fifty steps do not fit is measured in fewer and says so. `--small` runs the same code with small networks on a CPU: it
proves nothing but that the code runs.
"""

from __future__ import annotations

import argparse
import gc
import math
import platform
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import torch

from benchmarks.gpu import ceiling, painting, plans, training
from benchmarks.gpu.bench import Bench
from benchmarks.gpu.results import Result, Results
from benchmarks.gpu.sizes import FULL, SMALL
from benchmarks.gpu.weights import write_kolors
from story_engine.catalog.devices import processor_name
from story_engine.domain.family import GIB
from story_engine.store.layout import Layout

_BUDGET_SECONDS = 540
_COMPILING_SECONDS = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement."""

    name: str
    measure: Callable[[], Result]
    least_seconds: float = 15
    """Below which it is not worth a beginning, on a GPU."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, print the table; 1 if a line failed."""
    started = time.monotonic()
    options = _options(arguments)
    device = "cuda" if torch.cuda.is_available() and not options.small else "cpu"
    sizes = SMALL if options.small else FULL
    sizes = replace(sizes, panels=options.panels or sizes.panels, steps=options.steps or sizes.steps)
    results = Results(options.results, _key(options.small, device, sizes.panels, sizes.steps), anew=options.anew)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="gpu-benchmark-"))
    bench = Bench(Layout(folder / "workspace", folder / "stories"), sizes, device, started + options.budget)
    skipped: dict[str, str] = {}
    try:
        for line in _lines(bench, results):
            if (options.only and line.name not in options.only) or results.has(line.name):
                continue
            if bench.left < (line.least_seconds if bench.is_gpu else 0):
                skipped[line.name] = f"{max(0, bench.left):.0f} s of the budget were left"
                continue
            results.add(_measured(line, bench))
            print(f"{time.monotonic() - started:6.0f} s  {line.name}", flush=True)
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(results.table(skipped=skipped))
    return int(any(line.failed for line in results.lines.values()))


def _lines(bench: Bench, results: Results) -> list[Line]:
    """What matters most comes first. A card that is smaller than a cap cannot stand for it."""
    sizes = bench.sizes
    largest = torch.cuda.get_device_properties(0).total_memory / GIB if bench.is_gpu else math.inf
    caps, training_caps = (
        [cap for cap in all_of if cap <= largest] for all_of in (sizes.caps_gib, sizes.training_caps_gib)
    )
    return [
        Line("machine", partial(_machine, bench), 0),
        Line("ceiling", partial(ceiling.matrix_ceiling, bench), 0),
        Line("weights", partial(_weights, bench), 0),
        Line("encoding", partial(painting.encoding, bench)),
        Line("ours", partial(painting.ours, bench), 30),
        Line("notebook", partial(painting.notebook, bench), 30),
        Line("same pictures", partial(painting.same_pictures, bench), 30),
        Line("where time goes", partial(ceiling.where_time_goes, bench, results)),
        Line("diffusers", partial(painting.by_diffusers, bench), 30),
        *(Line(f"{cap:g} GB card", partial(plans.under_cap, bench, cap), 20) for cap in caps),
        Line("training, ours", partial(training.ours, bench), 30),
        Line("training, notebook", partial(training.by_diffsynth, bench), 30),
        *(Line(f"training, {cap:g} GB card", partial(training.under_cap, bench, cap), 25) for cap in training_caps),
        *(
            [
                Line("ours, compiled", partial(painting.ours, bench, compiled=True), _COMPILING_SECONDS),
                Line("diffusers, compiled", partial(painting.by_diffusers, bench, compiled=True), _COMPILING_SECONDS),
            ]
            if bench.is_gpu
            else []
        ),
    ]


def _measured(line: Line, bench: Bench) -> Result:
    """A line that breaks is a line that says so: the others go on."""
    try:
        if line.name not in ("machine", "ceiling", "weights"):
            write_kolors(bench.layout, bench.sizes, bench.device)  # of a folder that is new since the last run
        bench.free()
        return line.measure()
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return Result(line.name, said=f"{type(error).__name__}: {str(error)[:200]}".replace("\n", " "), failed=True)
    finally:
        gc.collect()
        bench.free()


def _machine(bench: Bench) -> Result:
    figures = {"date": date.today().isoformat(), "python": platform.python_version(), "torch": torch.__version__}
    if bench.is_gpu:
        properties = torch.cuda.get_device_properties(0)
        figures |= {"gpu": properties.name, "gib": properties.total_memory / GIB, "cuda": torch.version.cuda}
        figures |= {"driver": _driver()}
        named = f"{properties.name}, {properties.total_memory / GIB:.0f} GiB, driver {figures['driver']}"
    else:
        named = processor_name()
    return Result("machine", said=f"{named}; torch {torch.__version__}; {figures['date']}", figures=figures)


def _driver() -> str:
    import pynvml

    pynvml.nvmlInit()
    version = pynvml.nvmlSystemGetDriverVersion()
    return version.decode() if isinstance(version, bytes) else str(version)


def _weights(bench: Bench) -> Result:
    seconds = bench.timed(lambda: write_kolors(bench.layout, bench.sizes, bench.device))
    size = sum(path.stat().st_size for path in bench.layout.models.rglob("*.safetensors"))
    hashing = bench.timed(lambda: bench.recipes("散列", steps=1))
    said = f"{size / GIB:.1f} GiB of random numbers, then hashed in {hashing:.0f} s"
    return Result("weights", seconds=seconds, said=said)


def _key(is_small: bool, device: str, panels: int, steps: int) -> dict[str, object]:
    name = torch.cuda.get_device_name() if device == "cuda" else processor_name()
    return {"device": name, "small": is_small, "panels": panels, "steps": steps, "torch": torch.__version__}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--budget", type=float, default=_BUDGET_SECONDS)
    parser.add_argument("--results", type=Path, default=Path("gpu.jsonl"))
    parser.add_argument("--folder", type=Path, help="for weights that stay; else they are made for this run alone")
    parser.add_argument("--anew", action="store_true")
    parser.add_argument("--only", nargs="+", metavar="NAME")
    parser.add_argument("--panels", type=int)
    parser.add_argument("--steps", type=int)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
