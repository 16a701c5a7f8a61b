"""What a hub says about a model's files: sizes and hashes. Its last answer is kept, for when it cannot be asked."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from story_engine.catalog.hub import USUAL_ENDPOINT, reach, token_of_environment
from story_engine.catalog.package import Package
from story_engine.errors import InstallOrDownload, StudioError
from story_engine.store.atomic import write_bytes
from story_engine.store.layout import Layout

_ANSWER_SECONDS = 60
_LONGEST_REASON = 200
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Published:
    """One file as it is published."""

    size_bytes: int
    sha256: str
    """Blank where the hub does not say."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All files of a repository."""

    files: dict[str, Published]
    asked_at: str
    """ISO 8601, UTC."""


def ask_hub(package: Package, layout: Layout, *, endpoint: str | None) -> Listing:
    """Ask the hub, and keep what it says.

    Raises:
        Wait: it cannot be reached; told within ten seconds.
        InstallOrDownload: it does not have the model, or does not let this machine see it.
    """
    from modelscope.hub.api import HubApi  # here: it takes a second
    from modelscope_hub import errors

    reach(endpoint or USUAL_ENDPOINT, "models.unreachable")
    try:
        api = HubApi(endpoint=endpoint, timeout=_ANSWER_SECONDS, max_retries=1, token=token_of_environment())
        listed = api.legacy.list_repo_files(package.hub, "model")
    except (errors.HubError, OSError, ValueError) as error:
        # Without its traceback: that may show a request, and a request holds the token.
        reason = " ".join(str(getattr(error, "message", "") or type(error).__name__).split())[:_LONGEST_REASON]
        raise InstallOrDownload("models.not_listed", source=package.source, reason=reason) from None
    files = {
        str(each["Path"]): Published(int(each.get("Size") or 0), str(each.get("Sha256") or "").lower())
        for each in listed
        if each.get("Path") and each.get("Type", "blob") != "tree"
    }
    listing = Listing(files, datetime.now(UTC).isoformat(timespec="seconds"))
    _keep(package, layout, listing)
    return listing


def known_listing(package: Package, layout: Layout) -> Listing | None:
    """What the hub said when it was last asked; None where it never was."""
    try:
        kept = json.loads((layout.published / f"{package.name}.json").read_text(encoding="utf-8"))
        files = {str(name): Published(int(size), str(sha256)) for name, (size, sha256) in kept["files"].items()}
        return Listing(files, str(kept["asked_at"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _keep(package: Package, layout: Layout, listing: Listing) -> None:
    files = {name: (each.size_bytes, each.sha256) for name, each in listing.files.items()}
    try:
        content = json.dumps({"asked_at": listing.asked_at, "files": files}, indent=1, ensure_ascii=False)
        write_bytes(layout.published / f"{package.name}.json", content.encode())
    except StudioError as error:
        _LOG.warning("what the hub said cannot be kept: %s", error)
