"""The modules of all pages, read while the server starts: whoever comes first does not wait for them."""

from __future__ import annotations

import importlib
import logging
import threading
from pathlib import Path

_PARTS = Path(__file__).parents[1]
_OF_STREAMLIT = ("streamlit.emojis",)
"""A list of all emoji, made into one pattern when the first icon is drawn: a tenth of a second."""
_LOG = logging.getLogger(__name__)


def begin() -> None:
    """In the background; a page that needs one of them meanwhile waits for that one, as it would anyway."""
    threading.Thread(target=import_all, name="early-imports", daemon=True).start()


def import_all() -> None:
    """All of them; one that cannot be imported has its page say so."""
    found = sorted(_PARTS.rglob("*.py"))
    parts = [".".join(("pages", "parts", *path.relative_to(_PARTS).with_suffix("").parts)) for path in found]
    for name in (*_OF_STREAMLIT, *(part.removesuffix(".__init__") for part in parts)):
        try:
            importlib.import_module(name)
        except Exception:
            _LOG.exception("%s cannot be imported", name)
