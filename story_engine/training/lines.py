"""What the first of several training processes writes on its standard output: one typed JSON object per line."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from story_engine.domain.job import Progress
from story_engine.domain.job_result import Failure, TrainResult
from story_engine.domain.value import Value
from story_engine.errors import Cancelled, ChooseAnother, FixInput, InstallOrDownload, LookAtLog, StudioError, Wait

_GROUPS: dict[str, type[StudioError]] = {
    group.__name__: group for group in (FixInput, ChooseAnother, InstallOrDownload, Wait, LookAtLog, Cancelled)
}


class ProgressLine(Value):
    """How far it is."""

    progress: Progress


class DoneLine(Value):
    """How far it came; the last line."""

    done: TrainResult


class Raised(Failure):
    """An error of ours with the name of its class."""

    kind: str

    @classmethod
    def by(cls, error: StudioError) -> Raised:
        """What `again` makes the error from."""
        return cls(kind=type(error).__name__, **dict(Failure.of(error)))

    def again(self) -> StudioError:
        """The error, to be raised in another process."""
        return _GROUPS.get(self.kind, LookAtLog)(self.code, **self.values)


class ErrorLine(Value):
    """Why it cannot go on; the last line."""

    error: Raised


Line = ProgressLine | DoneLine | ErrorLine
_LINES: TypeAdapter[Line] = TypeAdapter(Line)


def read_line(text: str) -> Line | None:
    """The line as a value; None for what a library prints."""
    try:
        return _LINES.validate_json(text)
    except ValidationError:
        return None
