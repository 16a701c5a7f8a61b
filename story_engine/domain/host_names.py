"""Names under which the pages may be visited: which are allowed, and how one more is. Pure."""

from __future__ import annotations

from collections.abc import Iterable

ALLOWED_HOSTS = "STORY_STUDIO_ALLOWED_HOSTS"
START = ".venv/bin/streamlit run Home.py"


def is_allowed(name: str | None, patterns: Iterable[str]) -> bool:
    """As Streamlit's `server.allowedHosts`: names, `*.` for everything under a name, `*` for any.

    Args:
        name: a host's, in small letters, without port; None is none.
        patterns: what is allowed.
    """
    if name is None:
        return False
    for pattern in (each.strip().lower().rstrip(".") for each in patterns):
        if pattern == "*" or pattern == name or (pattern.startswith("*.") and name.endswith(pattern[1:])):
            return True
    return False


def start_allowing(hosts: Iterable[str]) -> str:
    """The line that starts the pages for visitors under these names, too."""
    return f"{ALLOWED_HOSTS}={','.join(hosts)} {START}"
