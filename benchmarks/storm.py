"""A storm to run before a landing: processes killed under work, damaged files for every reader, pages polling along.

`python -m benchmarks.storm` makes 130 kills under 260 jobs with 50 polling sessions, 13 under imports of pictures,
12 000 damaged inputs, and 4 800 damaged files that a story is made of, within ten minutes; `--minutes` bounds it. The
same seed makes the same storm, as far as a machine's speed lets it. Exit code 1: something broke, and the table says
what.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.storm_imports import interrupt_imports
from benchmarks.storm_inputs import damage_inputs
from benchmarks.storm_kills import kill_at_random
from benchmarks.storm_stories import damage_imports
from benchmarks.storm_story_files import kinds
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.store.layout import Layout

_SHOWN = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all parts; the number of faults decides the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=10.0, help="at most; a quarter of it for the inputs")
    parser.add_argument("--kills", type=int, default=130)
    parser.add_argument("--import-kills", type=int, default=13)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--inputs", type=int, default=12_000)
    parser.add_argument("--brought", type=int, default=300, help="damaged files of each kind that a story is made of")
    given = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="storm-", ignore_cleanup_errors=True) as folder:
        inputs_until = began + given.minutes * 60 / 4
        inputs, bad_inputs = damage_inputs(Path(folder), count=given.inputs, seed=given.seed, until=inputs_until)
        services = open_services(Config(workspace=Path(folder) / "brought", stories=Path(folder) / "brought-stories"))
        stories_until = time.monotonic() + given.minutes * 60 / 8
        brought, bad_stories = damage_imports(
            services, kinds(), cases=given.brought, seed=given.seed, until=stories_until
        )
        layout = Layout(Path(folder) / "workspace", Path(folder) / "stories")
        until = time.monotonic() + given.minutes * 60 / 4
        imports = interrupt_imports(layout, kills=given.import_kills, seed=given.seed, until=until)
        until = began + given.minutes * 60
        storm = kill_at_random(layout, kills=given.kills, readers=given.readers, seed=given.seed, until=until)
    faults = [f"{fault.reader}, input {fault.number}: {fault.what}" for fault in bad_inputs]
    faults += [f"{fault.reader}, brought {fault.number}: {fault.what}" for fault in bad_stories]
    faults += imports.faults + storm.faults
    rows = {
        "seed": given.seed,
        "damaged inputs": inputs,
        "damaged files brought": sum(brought.values()),
        "imports": f"{imports.datasets}, {imports.kills} kills",
        "jobs": storm.jobs,
        "kills": storm.kills,
        "readings of the list of jobs": f"{storm.readings} by {given.readers} sessions, p95 {storm.p95_ms:.1f} ms",
        "minutes": f"{(time.monotonic() - began) / 60:.1f}",
        "faults": len(faults),
    }
    print("\n".join(f"{name:<30}{value}" for name, value in rows.items()))
    print("\n".join(faults[:_SHOWN]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
