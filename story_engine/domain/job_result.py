"""What became of a job that was done: one frozen type per kind. Written by the child, kept in the ledger as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, JsonValue, TypeAdapter

from story_engine.domain.gate import ScriptRun
from story_engine.domain.job_spec import TakeName
from story_engine.domain.replay import ReplayReport
from story_engine.domain.value import Value
from story_engine.errors import StudioError
from story_engine.messages import known_codes, message

Values = dict[str, JsonValue]
"""What a message mentions."""


def plain(values: Mapping[str, object]) -> Values:
    """The values of an error as JSON has them: what it does not know, such as a path, as its text."""
    return dict(json.loads(json.dumps(dict(values), default=str)))


class Failure(Value):
    """Why something failed, to be shown in the reader's language."""

    code: str
    values: Values = Field(default_factory=dict)

    @classmethod
    def of(cls, error: StudioError) -> Failure:
        """The error as a value."""
        return cls(code=error.code, values=plain(error.values))

    def text(self, language: str) -> str:
        """In a reader's language; the code where this version has no words for it."""
        return message(self.code, language, **self.values) if self.code in known_codes() else self.code


class AppliedLora(Value):
    """A LoRA that pictures were painted with, and how much of it acted."""

    name: str
    matched: int
    """Tensors that found their layer."""
    expected: int
    """Tensors in the file; the rest is for a text encoder, or the LoRA is refused."""


class StoppedName(TakeName):
    """A take that was begun and not finished, and why."""

    reason: Failure


class RenderResult(Value):
    """Takes that were painted."""

    kind: Literal["render"] = "render"
    takes: tuple[TakeName, ...]
    found: int = 0
    """Pictures asked for that existed already."""
    seconds: float = 0.0
    loras: tuple[AppliedLora, ...] = ()
    """All that one of the pictures used."""
    not_scored: Failure | None = None
    """Why the pictures have no scores."""
    remarks: tuple[Failure, ...] = ()
    """What did not go as planned, though the pictures are there."""
    stopped: tuple[StoppedName, ...] = ()
    """Of a contest: takes that were begun and not finished."""


class ScoreResult(Value):
    """Takes of a story that have scores now."""

    kind: Literal["score"] = "score"
    scored: int
    gone: int = 0
    """Deleted since they were asked for."""


class ScoreDatasetResult(Value):
    """Pictures of a dataset that have scores now."""

    kind: Literal["score_dataset"] = "score_dataset"
    scored: int
    gone: int = 0


class StepScore(Value):
    """What the samples of one step of a training say."""

    step: int
    strength: float = 1.0
    """Of the LoRA in these samples."""
    score: float
    """Mean aesthetic score."""
    distance: float
    """What is left of the way to the training pictures' style: 1 for the samples without the LoRA."""
    has_checkpoint: bool = True
    adherence: float | None = None
    """Mean share of the noise error that their prompts take away from the samples: how much of the prompts is in them;
    None where it is not known."""


class Choice(Value):
    """The checkpoint to keep, and why."""

    step: int | None
    """None when there is nothing to choose from."""
    strength: float = 1.0
    """That the checkpoint is best used with."""
    reasons: tuple[tuple[str, Values], ...] = ()
    """Message codes with values."""
    scores: tuple[StepScore, ...] = Field(default=(), validation_alias=AliasChoices("scores", "looks"))
    """Every step with samples, the base's (0) included. `looks` is what they were called at first."""
    scorer: str = ""

    def score_of(self, step: int) -> StepScore | None:
        """What the samples of a step say, the LoRA at full strength; None where there are none."""
        return next((each for each in self.scores if each.step == step and each.strength == 1), None)


class TrainResult(Value):
    """How far a training came."""

    kind: Literal["train"] = "train"
    state: str
    """"finished" or "stopped"."""
    step: int = 0
    total: int = 0
    loss: float | None = None
    """Smoothed."""
    choice: Choice | None = None
    """None where the samples could not be compared."""


class MeasureResult(Value):
    """What a training needs of this machine."""

    kind: Literal["measure"] = "measure"
    seconds_per_step: float
    seconds_per_picture: float
    """Of encoding one crop, mirrored or not."""
    seconds_per_sample: float
    """Of one sample picture."""


class DownloadResult(Value):
    """A family that is here now."""

    kind: Literal["download"] = "download"
    family: str
    seconds: float = 0.0


class FileVerdict(Value):
    """One file of a model, held against what its hub says of it."""

    name: str
    """As published."""
    path: str
    state: str
    """"same", "other_size", "other_hash", "not_compared" where the hub says nothing of it, or as `ModelFile.state`."""
    size_bytes: int
    published_bytes: int = 0
    """Where the size is another one."""
    sha256: str = ""

    @property
    def is_wrong(self) -> bool:
        """Whether it cannot be used as it is."""
        return self.state not in ("same", "not_compared")


class VerifyResult(Value):
    """A model whose files were read and compared."""

    kind: Literal["verify"] = "verify"
    family: str
    folder: str
    source: str
    """"hub" as it answered just now, "kept" as it answered before, or blank where nothing is known."""
    asked_at: str = ""
    """When it answered; ISO 8601, UTC."""
    files: tuple[FileVerdict, ...]
    aside: tuple[str, ...] = ()
    """Files of the workspace that are not as published, and will be fetched by the next download."""
    seconds: float = 0.0

    @property
    def wrong(self) -> tuple[FileVerdict, ...]:
        """What cannot be used as it is."""
        return tuple(file for file in self.files if file.is_wrong)


class ReplayResult(Value):
    """A bundle that was painted again."""

    kind: Literal["replay"] = "replay"
    report: ReplayReport


class UploadResult(Value):
    """A bundle that is in its repository."""

    kind: Literal["upload"] = "upload"
    repository: str
    url: str
    files: int
    sent_bytes: int
    """Of contents that the hub did not have."""
    found_bytes: int = 0
    """Of contents that it had already, from an upload that was cut off or from an earlier one."""
    seconds: float = 0.0


class GateResult(Value):
    """What the challenge's own script said about a bundle's pictures."""

    kind: Literal["gate"] = "gate"
    run: ScriptRun


JobResult = (
    RenderResult
    | ScoreResult
    | ScoreDatasetResult
    | TrainResult
    | MeasureResult
    | DownloadResult
    | VerifyResult
    | ReplayResult
    | UploadResult
    | GateResult
)
AnyResult = Annotated[JobResult, Field(discriminator="kind")]
_RESULTS: TypeAdapter[JobResult] = TypeAdapter(AnyResult)


def read_result(text: str | bytes) -> JobResult:
    """What `model_dump_json` of a result has written.

    Raises:
        ValidationError: it is damaged, or of another version of the Studio.
    """
    return _RESULTS.validate_json(text)


def report_of(result: JobResult | None) -> Mapping[str, JsonValue]:
    """The result for a script: plain JSON, empty for a job that has none."""
    return {} if result is None else result.model_dump(mode="json", exclude={"kind"}, exclude_none=False)
