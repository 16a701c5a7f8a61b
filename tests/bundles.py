"""What tests put into bundles, and what they take for their replays."""

from __future__ import annotations

import hashlib
from pathlib import Path

from story_engine.domain.replay import PictureReplay, ReplayReport
from story_engine.flows.bundle_plan import BundlePlan


def write_sums(folder: Path) -> None:
    """`SHA256SUMS` of an unpacked bundle, over all that lies in it now."""
    listed = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "SHA256SUMS"]
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}" for path in listed
    ]
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="utf-8")


def a_replay_of(plan: BundlePlan, **changes: object) -> ReplayReport:
    """A report on all pictures of a plan: identical, unless `changes` of each picture say otherwise."""
    pictures = tuple(
        PictureReplay(
            file=each.name,
            scene=each.view.take.scene,
            seed=each.view.take.recipe.seed,
            recipe=each.view.take.id,
            picture_sha256=each.view.take.picture_sha256,
            **({"differing": 0.0, "largest": 0, "mean": 0.0} | changes),
        )
        for each in plan.pictures
    )
    return ReplayReport(bundle="b.zip", pictures=pictures, finished_at="2026-11-28T10:00:00+00:00")
