"""The base of every stored value: frozen, and strict about what it is made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from story_engine.errors import FixInput

_LONGEST_SHOWN = 80


class Value(BaseModel):
    """A frozen value that refuses unknown keys and round-trips through JSON."""

    # JSON has no infinity: it would be written as null, and the file could not be read again.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other fields, checked like a value that is made anew; pydantic's own takes whatever it is given.

        Raises:
            FixInput: a field cannot have that value.
        """
        if not update:
            return super().model_copy(deep=deep)
        present = {name: getattr(self, name) for name in type(self).model_fields}
        try:
            return type(self).model_validate(present | (self.model_extra or {}) | dict(update))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            field = ".".join(str(part) for part in first["loc"]) or type(self).__name__
            shown = repr(first["input"])[:_LONGEST_SHOWN]
            raise FixInput("errors.field_value", field=field, value=shown, reason=first["msg"]) from error
