"""The storm's fourth part: whatever a story can be made of, damaged at random, given to the import.

`python -m benchmarks.storm_stories --cases 10000` gives each kind of file that many damaged ones. The same seed makes
the same files. Exit code 1: one was not borne, and the table says which.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.storm_inputs import SLOW_SECONDS, Fault
from benchmarks.storm_story_files import Kind, kinds
from story_engine import flows
from story_engine.bootstrap import open_services
from story_engine.config import Config
from story_engine.errors import StudioError
from story_engine.flows.services import Services


def damage_imports(
    services: Services, kinds: Sequence[Kind], *, cases: int, seed: int, until: float
) -> tuple[dict[str, int], list[Fault]]:
    """Give the import `cases` damaged files of each kind; how many were given, and the faults."""
    counts: dict[str, int] = {}
    faults: list[Fault] = []
    for number in range(cases):
        for kind in kinds:
            if time.monotonic() >= until:
                return counts, faults
            content = kind.case(random.Random(f"{seed}/{kind.name}/{number}"))
            counts[kind.name] = number + 1
            began = time.monotonic()
            try:
                _check(flows.story_import.inspect(services, [(kind.file, content)]))
            except StudioError as error:
                _readable(error)
            except Exception as error:
                faults.append(Fault(kind.name, number, f"{type(error).__name__}: {error}"[:200]))
            if time.monotonic() - began > SLOW_SECONDS:
                faults.append(Fault(kind.name, number, f"took {time.monotonic() - began:.1f} s"))
    return counts, faults


def _check(proposal: flows.story_import.Proposal) -> None:
    """What is proposed can be shown and made."""
    for note in proposal.notes:
        for language in ("zh", "en"):
            flows.story_import.text_of(note, language)
    flows.story_import.made(proposal, title="", family=None, stand_in=None, blocks=proposal.blocks)


def _readable(error: StudioError) -> None:
    for language in ("zh", "en"):
        if not error.text(language).strip():
            raise ValueError("an error without a text")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the number of faults decides the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=1000, help="of each kind of file")
    parser.add_argument("--minutes", type=float, default=60.0, help="at most")
    parser.add_argument("--kind", help="only kinds whose name contains this")
    given = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="storm-", ignore_cleanup_errors=True) as folder:
        services = open_services(Config(workspace=Path(folder) / "workspace", stories=Path(folder) / "stories"))
        wanted = [kind for kind in kinds() if (given.kind or "") in kind.name]
        until = began + given.minutes * 60
        counts, faults = damage_imports(services, wanted, cases=given.cases, seed=given.seed, until=until)
    print("\n".join(f"{name:<30}{count}" for name, count in counts.items()))
    print(f"{'minutes':<30}{(time.monotonic() - began) / 60:.1f}\n{'faults':<30}{len(faults)}")
    print("\n".join(f"{fault.reader}, case {fault.number}: {fault.what}" for fault in faults[:40]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
