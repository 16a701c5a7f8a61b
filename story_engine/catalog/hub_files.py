"""What a hub says about a model's files: sizes and hashes."""

from __future__ import annotations

from datetime import UTC, datetime

from story_engine.catalog.hub import USUAL_ENDPOINT, reach, token_of_environment
from story_engine.catalog.listing import Listing, Published, keep_listing
from story_engine.catalog.package import Package
from story_engine.errors import InstallOrDownload
from story_engine.store.layout import Layout

_ANSWER_SECONDS = 60
_LONGEST_REASON = 200


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
    keep_listing(layout, package.name, listing)
    return listing
