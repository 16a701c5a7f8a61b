"""What the judge view shows, gathered by whoever knows the workspace. Nothing in it is trusted: people wrote it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPanel:
    """One panel, and everything that its picture was made from."""

    number: int
    title: str
    caption: str
    said: tuple[tuple[str, str], ...]
    """(speaker, words) in order."""
    picture: Path
    score: float | None
    prompt: str
    negative: str
    seed: int
    settings: str
    """Sampler, steps, cfg and size in one line."""
    loras: tuple[tuple[str, float], ...]
    """(name, strength)."""
    take: str
    sha256: str
    """Of the picture's file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One picture of a comparison."""

    strength: float
    """Of the LoRA; 0: without."""
    picture: Path
    score: float | None
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The same scene, words and seed with a LoRA at several strengths, from weak to strong."""

    number: int
    """Of the panel."""
    title: str
    lora: str
    seed: int
    pictures: tuple[Compared, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedLora:
    """A LoRA that the pictures use, as far as it is recorded."""

    name: str
    title: str
    facts: tuple[tuple[str, str], ...]
    """(what, value): `what` names a text of the judge view; a value is blank where nothing is recorded."""
    losses: tuple[tuple[int, float, float], ...] = ()
    """(step, loss, smoothed loss) of its training."""
    checkpoint: int | None = None
    """The step that was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeContents:
    """The whole page."""

    title: str
    team: str
    panels: tuple[JudgedPanel, ...]
    pairs: tuple[Comparison, ...]
    """With and without the LoRA: two pictures each."""
    sweeps: tuple[Comparison, ...]
    """Three strengths or more."""
    loras: tuple[JudgedLora, ...]
    family: str
    mean: float | None
    threshold: float
    is_challenge: bool
    scorer: str
    made_with: tuple[tuple[str, str], ...]
    """(program or device, version) of the pictures."""
    coherence: dict[str, str] = field(default_factory=dict)
    """Language → how the panels hold together, as a fragment of HTML in which everything is escaped already."""
