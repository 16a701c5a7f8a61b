"""How it stands with the cluster that does the jobs: written by the dispatcher, read by pages; free of dask."""

from __future__ import annotations

import contextlib

from story_engine.domain.job import ClusterNotice
from story_engine.errors import StudioError
from story_engine.store.atomic import write_bytes
from story_engine.store.layout import Layout

__all__ = ["ClusterNotice", "cluster_notice", "write_notice"]


def cluster_notice(layout: Layout) -> ClusterNotice | None:
    """What a person should know while jobs wait; None where all is well, or this machine does them itself."""
    try:
        return ClusterNotice.model_validate_json(layout.cluster_notice.read_bytes())
    except (OSError, ValueError):
        return None


def write_notice(layout: Layout, notice: ClusterNotice | None) -> None:
    """Say it, or take it back; what cannot be written is in the log too."""
    with contextlib.suppress(OSError, StudioError):
        if notice is None:
            layout.cluster_notice.unlink(missing_ok=True)
        else:
            write_bytes(layout.cluster_notice, notice.model_dump_json().encode(), is_durable=False)
