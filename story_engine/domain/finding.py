"""One thing that an examination found, of a LoRA file or of a dataset."""

from __future__ import annotations

from pydantic import Field

from story_engine.domain.value import Value


class Finding(Value):
    """A message code with values: its text says what was found, what it means, and what to do."""

    code: str
    state: str
    """"ok", "warning" or "bad"."""
    values: dict[str, object] = Field(default_factory=dict)
    files: tuple[str, ...] = ()
    """Pictures that it is about, a few of them."""
    repair: str = ""
    """Of a LoRA: the one of `REPAIRS` that mends it."""
