"""What a person has decided about model files, and what is known of a model's licence."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import Field

from story_engine.domain.value import Value
from story_engine.errors import FixInput

_LONGEST_ADDRESS = 300


class Acceptance(Value):
    """That a licence was read and accepted."""

    version: str
    """Of the text."""
    accepted_at: str
    """ISO 8601, UTC."""


class ModelSettings(Value):
    """One small file of the workspace."""

    mirror: str = ""
    """Address of another hub; blank for ModelScope itself."""
    folders: tuple[str, ...] = ()
    """Named by a person, or found beside the place where the Studio was started: models are looked for there too."""
    chosen: dict[str, str] = Field(default_factory=dict)
    """Package → the folder that counts where several are whole."""
    licences: dict[str, Acceptance] = Field(default_factory=dict)
    """Package → what was accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """A licence that must be accepted before the first download."""

    version: str
    """Date of the text."""
    url: str
    """The whole text."""
    page: str
    """The model on its hub, which has the text too."""
    summary: str
    """Message code of what is known of it."""
    names: tuple[str, ...]
    """How the text's file may be called on the hub; what is there of them is kept beside the weights."""


def checked_mirror(given: str) -> str:
    """The address of a hub as it is kept; blank for none.

    Raises:
        FixInput: it is neither `https://…` nor on this very machine, or holds more than a host and a path.
    """
    text = given.strip().rstrip("/")
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise FixInput("models.mirror_form", value=text[:80]) from None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    extra = parts.username is not None or parts.password is not None or parts.query or parts.fragment
    if not (is_safe and host and text.isprintable() and len(text) <= _LONGEST_ADDRESS) or extra or " " in text:
        # An address with a name and a password in it is not repeated.
        raise FixInput("models.mirror_form", value=f"{parts.scheme}://{host}"[:80])
    return text


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
