"""Jobs as a page sees them."""

from __future__ import annotations

from dataclasses import dataclass

STATES = ("queued", "running", "done", "failed", "cancelled", "held")
"""`held`: the engine stopped under it too often; a person starts it again."""
ACTIVE_STATES = frozenset({"queued", "running"})
KINDS = ("render", "score", "train", "download")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a running job is."""

    stage: str = ""
    """Code of the stage: "waiting", "loading", "encoding", "denoising", "decoding", "scoring", "downloading"; of a
    training "encoding", "training", "sampling", "saving". A job that waits for a training has that one's numbers."""
    step: int = 0
    total: int = 0
    seconds_per_step: float | None = None
    eta_seconds: float | None = None
    scenes: tuple[str, ...] = ()
    """Scene ids being painted just now."""
    previews: dict[str, str] | None = None
    """Scene id → path of a small JPEG decoded from the latents, relative to the workspace."""
    note: str = ""
    """Anything else: a file being downloaded; with "waiting", the name of the training that is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """One job of the ledger."""

    id: int
    kind: str
    state: str
    story: str | None
    scenes: tuple[str, ...]
    attempt: int
    progress: Progress
    error_code: str | None
    error_values: dict[str, object]
    """The failure as a message code with values, to be shown in the reader's language."""
    log_id: str | None
    """Where in the log the traceback is."""
    created_at: str
    wants_cancel: bool
    result: dict[str, object]

    @property
    def is_active(self) -> bool:
        """Waiting or running."""
        return self.state in ACTIVE_STATES
