"""Everything that can go wrong in a way that a person can put right.

Errors of torch, DiffSynth, modelscope and the file system are turned into these at the edge where they happen
(`raise … from error`). They are grouped by what a person would do about them. ValueError and TypeError stay what they
are: messages to programmers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from story_engine.messages import message


class StudioError(Exception):
    """A situation with its values; its text exists in every language of the Studio.

    Args:
        code: `room.situation`, a key of `story_engine/messages/<room>.json`.
        values: what the text mentions: names, sizes, limits.
    """

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        self.values = values
        super().__init__(message(code, "en", **values))

    def text(self, language: str) -> str:
        """The message in `language` ("en" or "zh")."""
        return message(self.code, language, **self.values)


class FixInput(StudioError):
    """What was given cannot be used as it is; the message says which value and what would be accepted."""


class ChooseAnother(StudioError):
    """The thing that was named does not exist (a story, a take, a LoRA)."""


class InstallOrDownload(StudioError):
    """Files or packages are missing or damaged; the message says which, from where, how large."""


class Wait(StudioError):
    """Something else holds what is needed just now: another tab's edit, a full disk, a busy device."""


class LookAtLog(StudioError):
    """Something broke that the person did not cause; the log has the details."""


class OutOfMemory(StudioError):
    """The device's memory does not suffice; the message says for what, and what helps there."""


class Cancelled(StudioError):
    """The person asked to stop; not a failure."""


class MadeWay(Cancelled):
    """Others were asked to go first: what is done stays, and the rest is done at the next turn."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with something that a person wrote, as data: validation returns all of them at once."""

    code: str
    where: str
    """File and field, such as `stories/cat.yaml: scenes[2].seed`."""
    values: dict[str, object] = field(default_factory=dict)

    def text(self, language: str) -> str:
        """Where, what, and what to do, in `language`."""
        return f"{self.where}: {message(self.code, language, **self.values)}"


class InvalidInput(FixInput):
    """Several problems found by one validation, listed together."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        listed = "\n".join(problem.text("en") for problem in problems)
        super().__init__("errors.invalid", count=len(problems), listed=listed)

    def text(self, language: str) -> str:
        """All problems in `language`, one per line."""
        listed = "\n".join(problem.text(language) for problem in self.problems)
        return message("errors.invalid", language, count=len(self.problems), listed=listed)


class EditConflict(Wait):
    """Another tab changed the same field; both texts are kept: `mine`, `theirs`, under `field` of `scene`."""

    def __init__(self, *, scene: str | None, field: str, mine: object, theirs: object) -> None:
        self.scene, self.field, self.mine, self.theirs = scene, field, mine, theirs
        super().__init__("story.edit_conflict", scene=scene or "", field=field, mine=mine, theirs=theirs)


class StandInNeeded(ChooseAnother):
    """The story's model family is not on this machine; the preview model could stand in, if the author says so."""

    def __init__(self, *, family: str, stand_in: str) -> None:
        self.family, self.stand_in = family, stand_in
        super().__init__("models.stand_in_needed", family=family, stand_in=stand_in)


class NotReady(FixInput):
    """A submission that the checklist blocks; `items` are the messages (code, values) of what is missing."""

    def __init__(self, items: tuple[tuple[str, dict[str, object]], ...]) -> None:
        self.items = items
        listed = "\n".join(message(code, "en", **values) for code, values in items)
        super().__init__("submit.not_ready", listed=listed)

    def text(self, language: str) -> str:
        """What is missing, in `language`, one per line."""
        listed = "\n".join(message(code, language, **values) for code, values in self.items)
        return message("submit.not_ready", language, listed=listed)
