"""What a job is asked to do: one frozen type per kind. Written into the ledger as JSON, read once, by the child."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from story_engine.domain.recipe import Recipe
from story_engine.domain.training import TrainingSpec
from story_engine.domain.value import Value
from story_engine.errors import FixInput

_LONGEST_REASON = 200


class JobSpec(Value):
    """What every kind has."""

    kind: str
    """Names the type; one of `domain.job.KINDS`."""
    tokens: int = Field(default=1, ge=1)
    """Devices that the job has alone while it runs."""


class RenderItem(Value):
    """One picture to paint."""

    scene: str
    number: int
    recipe: Recipe
    written_prompt: str = ""
    written_negative: str = ""
    parent: str | None = None


class RenderSpec(JobSpec):
    """Paint what is missing of `items`."""

    kind: Literal["render"] = "render"
    story: str
    """Slug."""
    items: tuple[RenderItem, ...]
    score: bool = True
    """Score the pictures as soon as they are there."""
    sweep: bool = False
    """They are cells of a comparison."""
    keep: int = Field(default=0, ge=0)
    """A contest: of each scene's pictures only so many, the best as they are imagined, are finished. 0: all are."""


class TakeName(Value):
    """One take of a story."""

    scene: str
    take: str


class ScoreTakesSpec(JobSpec):
    """Score takes of a story."""

    kind: Literal["score"] = "score"
    story: str
    takes: tuple[TakeName, ...]


class ScoreDatasetSpec(JobSpec):
    """Score pictures of a dataset."""

    kind: Literal["score_dataset"] = "score_dataset"
    dataset: str
    files: tuple[str, ...]


class TrainSpec(JobSpec):
    """Train a run, or go on with it; what it trains lies in the run's folder."""

    kind: Literal["train"] = "train"
    run: str
    name: str = ""
    """For whoever waits for it."""


class MeasureSpec(JobSpec):
    """Do a few steps of a training on noise, to know how long it will take."""

    kind: Literal["measure"] = "measure"
    measure: TrainingSpec


class DownloadSpec(JobSpec):
    """Fetch what is missing of a model family, or of the challenge's scorer."""

    kind: Literal["download"] = "download"
    family: str


class VerifySpec(JobSpec):
    """Hold a model's files against what the hub says of them."""

    kind: Literal["verify"] = "verify"
    family: str


class ReplaySpec(JobSpec):
    """Paint a bundle again, from the bundle alone, and measure how far the pictures are from its own."""

    kind: Literal["replay"] = "replay"
    bundle: str
    """Path of the zip or folder."""


class UploadSpec(JobSpec):
    """Put a bundle into a repository of ModelScope. The token is no part of it: see `jobs/handover.py`."""

    kind: Literal["upload"] = "upload"
    bundle: str
    """Path of the zip or folder."""
    repository: str
    """`owner/name`."""
    private: bool = False
    """Whether a new repository is shown to its owner alone."""
    ticket: str
    """Where whoever started it hands over the token, as long as that process lives."""


class GatePicture(Value):
    """One picture of a bundle."""

    name: str
    """In the bundle's folder of pictures."""
    path: str
    """Relative to the workspace."""
    sha256: str


class GateSpec(JobSpec):
    """Run the challenge's own script on the pictures of a bundle."""

    kind: Literal["gate"] = "gate"
    story: str
    pictures: tuple[GatePicture, ...]


AnySpec = Annotated[
    RenderSpec
    | ScoreTakesSpec
    | ScoreDatasetSpec
    | TrainSpec
    | MeasureSpec
    | DownloadSpec
    | VerifySpec
    | ReplaySpec
    | UploadSpec
    | GateSpec,
    Field(discriminator="kind"),
]
_SPECS: TypeAdapter[AnySpec] = TypeAdapter(AnySpec)


def read_spec(text: str | bytes) -> AnySpec:
    """What `model_dump_json` of a spec has written.

    Raises:
        FixInput: it is damaged, or of another version of the Studio; the message says what is wrong with it.
    """
    try:
        return _SPECS.validate_json(text)
    except ValidationError as error:
        raise FixInput("jobs.unreadable_spec", reason=reason_of(error)) from error


def reason_of(error: ValidationError) -> str:
    """The first thing that pydantic found wrong, in one line."""
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}"[:_LONGEST_REASON].removeprefix(": ")
