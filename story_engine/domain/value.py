"""The base of every stored value: frozen, and strict about what it is made from."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value that refuses unknown keys and round-trips through JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")
