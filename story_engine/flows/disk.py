"""The disk: measured and cleaned in the background, so that no page waits for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable

from story_engine.domain.disk import CLEANUP_KINDS, CleanupKind, DiskUse, Limits, TrashEntry
from story_engine.errors import ChooseAnother, StudioError, Wait
from story_engine.flows.disk_work import DiskState, DiskWork
from story_engine.flows.services import Services
from story_engine.store.disk import Disk, folder_times
from story_engine.store.disk_clean import clean
from story_engine.store.limits import read_limits, write_limits
from story_engine.store.trash import Trash

FRESH_SECONDS = 30.0
"""For so long a measurement is not repeated without being asked for."""
_LOG = logging.getLogger(__name__)


def state(services: Services) -> DiskState:
    """What is known; a measurement begins where the last one is old. Returns at once."""
    work = services.disk_work
    seen = folder_times(services.layout)
    with work.lock:
        is_old = work.use is None or work.stale or abs(time.time() - work.use.measured_at) > FRESH_SECONDS
        is_old = is_old or seen != work.seen
        if is_old and not work.measuring and not work.cleaning:
            work.measuring, work.stale, work.seen = True, False, seen
            threading.Thread(target=_measure, args=(services,), daemon=True).start()
        return DiskState(
            use=work.use,
            is_measuring=work.measuring,
            is_cleaning=work.cleaning,
            freed_bytes=work.freed_bytes,
            to_free_bytes=work.to_free_bytes,
            error=work.error,
        )


def measure(services: Services) -> DiskUse:
    """What takes up how much, now."""
    try:
        has_ledger = services.layout.ledger.exists()
        forgettable = services.ledger.forgettable(services.retention()) if has_ledger else 0
    except StudioError as error:  # a damaged list of jobs has a message of its own
        _LOG.warning("%s", error)
        forgettable = 0
    asked = _asked(services)
    return Disk(services.layout).measure(titles=_titles(services), forgettable_jobs=forgettable, asked=asked)


def clean_now(services: Services, kinds: Iterable[CleanupKind] = CLEANUP_KINDS) -> int:
    """Throw away what nobody needs; bytes that became free."""
    work = DiskWork()
    _clean(services, tuple(kinds), work)
    if work.error is not None:
        raise work.error
    return work.freed_bytes


def start_cleaning(services: Services, kinds: Iterable[CleanupKind]) -> None:
    """The same in the background; `state` says how far it is.

    Raises:
        Wait: one runs already.
    """
    wanted = tuple(kinds)
    work = services.disk_work
    with work.lock:
        if work.cleaning:
            raise Wait("disk.cleaning")
        found = work.use.cleanups if work.use is not None else ()
        work.cleaning, work.freed_bytes, work.error = True, 0, None
        work.to_free_bytes = sum(each.size_bytes for each in found if each.kind in wanted)
    threading.Thread(target=_clean, args=(services, wanted, work), daemon=True).start()


def limits(services: Services) -> Limits:
    """How much is kept."""
    return read_limits(services.layout)


def set_limits(services: Services, **changes: float) -> Limits:
    """Other limits, from now on.

    Raises:
        FixInput: a value cannot be accepted.
    """
    changed = read_limits(services.layout).model_copy(update=changes)
    write_limits(services.layout, changed)
    services.disk_work.stale = True
    return changed


def restore(services: Services, token: str) -> TrashEntry:
    """Bring anything back from the trash; under its own name, or a free one.

    Raises:
        ChooseAnother: nothing there has this token.
        Wait: the disk cannot be written.
    """
    entry = Trash(services.layout).entry(token)
    name = entry.name
    if entry.kind == "story":
        name = services.stories.restore(token)
    elif entry.kind == "take":
        services.takes.restore(token)
    elif entry.kind == "takes":
        services.takes.restore_many(token)
    elif entry.kind == "dataset":
        name = services.datasets.restore(token)
    elif entry.kind == "run":
        name = services.runs.restore(token)
    else:
        name = services.lora_library.restore(token)
    services.disk_work.stale = True
    return entry.model_copy(update={"name": name})


def forget(services: Services, token: str) -> None:
    """Delete something in the trash for good.

    Raises:
        ChooseAnother: nothing there has this token.
    """
    if not Trash(services.layout).forget([token]):
        raise ChooseAnother("disk.not_in_trash", token=token[:60])
    services.disk_work.stale = True


def _measure(services: Services) -> None:
    use, problem = None, None
    try:
        use = measure(services)
    except StudioError as error:
        problem = error
    except Exception:
        _LOG.exception("the disk could not be measured")
        problem = Wait("disk.not_measured")
    work = services.disk_work
    with work.lock:
        work.measuring, work.error = False, problem
        work.use = use or work.use


def _clean(services: Services, kinds: tuple[CleanupKind, ...], work: DiskWork) -> None:
    def report(size_bytes: int) -> None:
        work.freed_bytes += size_bytes

    problem = None
    try:
        clean(services.layout, kinds, titles=_titles(services), report=report, asked=_asked(services))
        if "jobs" in kinds and services.layout.ledger.exists():
            before = services.ledger.size().size_bytes
            services.ledger.prune(services.retention())
            report(max(0, before - services.ledger.size().size_bytes))
    except StudioError as error:
        problem = error
    except Exception:
        _LOG.exception("cleaning up failed")
        problem = Wait("disk.not_cleaned")
    with work.lock:
        work.cleaning, work.stale, work.error = False, True, problem


def _asked(services: Services) -> list[str] | None:
    """What jobs are asked to do, those that are over included: they can be asked for again. None: it cannot be read."""
    if not services.layout.ledger.exists():
        return []
    try:
        return services.ledger.asked("render")
    except StudioError:
        return None


def _titles(services: Services) -> dict[str, str]:
    """Every file on the shelf counts, one that cannot be read too: its takes are nobody's to throw away."""
    found = {slug: slug for slug in services.stories.slugs()}
    for slug in found:
        try:
            found[slug] = services.stories.load(slug).title or slug
        except StudioError:
            continue
    return found | {each.name: each.name for each in services.stories.misnamed()}
