"""Model files: what is here, where, and how it comes; licence, mirror, folders that people have already."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from story_engine.catalog.download import check_licence
from story_engine.catalog.hub import ENDPOINT_VARIABLE, USUAL_ENDPOINT, hub_endpoint, token_of_environment
from story_engine.catalog.published import downloadable, package_of, package_state, packages
from story_engine.catalog.settle import add_folder, choose_place, join_apart, remove_folder
from story_engine.catalog.verify import verify_package
from story_engine.domain.job import JobView
from story_engine.domain.job_result import VerifyResult
from story_engine.domain.job_spec import DownloadSpec, VerifySpec
from story_engine.domain.models import Acceptance, checked_mirror
from story_engine.domain.views import FamilyState
from story_engine.errors import ChooseAnother
from story_engine.flows.members import refuse_to_members
from story_engine.flows.room import check_room
from story_engine.flows.services import Services
from story_engine.formats.pasted_path import pasted_path
from story_engine.store.model_settings import change_model_settings, read_model_settings

_PRIORITY = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """Where models come from, and go to."""

    address: str
    mirror: str
    """As set; blank for ModelScope itself."""
    is_of_environment: bool
    """Whether the environment names the hub, which wins."""
    has_token: bool
    """Whether the environment holds one; the token itself is shown nowhere."""
    folders: tuple[str, ...]
    """Where models are looked for too."""


def states(services: Services) -> tuple[FamilyState, ...]:
    """Every model that is looked for, as it is found here. Asks no network."""
    return tuple(package_state(services.layout, name) for name in packages())


def state(services: Services, name: str) -> FamilyState:
    """One of them.

    Raises:
        ChooseAnother: nothing of that name is looked for.
    """
    return package_state(services.layout, name)


def hub(services: Services) -> HubSettings:
    """Where models come from. Asks no network."""
    settings = read_model_settings(services.layout)
    return HubSettings(
        address=hub_endpoint(services.layout) or USUAL_ENDPOINT,
        mirror=settings.mirror,
        is_of_environment=bool(os.environ.get(ENDPOINT_VARIABLE, "").strip()),
        has_token=bool(token_of_environment()),
        folders=settings.folders,
    )


def set_mirror(services: Services, address: str) -> str:
    """Use another hub for downloads and uploads, or with a blank address ModelScope itself; the address as kept.

    Raises:
        FixInput: it is neither `https://…` nor on this very machine.
        Wait: the workspace cannot be written.
    """
    refuse_to_members(services)
    mirror = checked_mirror(address)
    change_model_settings(services.layout, lambda before: before.model_copy(update={"mirror": mirror}))
    return mirror


def accept_licence(services: Services, name: str) -> None:
    """Remember that a model's licence was read and accepted, with its version and the date.

    Raises:
        ChooseAnother: nothing of that name can be downloaded.
        Wait: the workspace cannot be written.
    """
    licence = downloadable(name).licence
    if licence is None:
        return
    refuse_to_members(services)
    accepted = Acceptance(version=licence.version, accepted_at=datetime.now(UTC).isoformat(timespec="seconds"))
    change_model_settings(
        services.layout, lambda before: before.model_copy(update={"licences": {**before.licences, name: accepted}})
    )


def download(services: Services, name: str) -> int:
    """Submit the download of a model's missing files, or of the rest of them; the job's number.

    Raises:
        ChooseAnother: nothing of that name can be downloaded.
        FixInput: its licence has not been accepted.
        Wait: the disk has no room for it.
    """
    refuse_to_members(services)
    package = downloadable(name)
    if package.lacking(services.layout):
        check_licence(services.layout, package)
    check_room(services, package_state(services.layout, name).missing_bytes)
    return _submit(services, DownloadSpec(family=name))


def pause(services: Services, name: str) -> int:
    """Ask a download to stop; what has arrived stays, and the next one goes on from there. The job's number.

    Raises:
        ChooseAnother: no download of it waits or runs.
    """
    job = active(services, name, "download")
    if job is None:
        raise ChooseAnother("models.no_download_runs", family=package_of(name).title)
    services.ledger.request_cancel(job.id)
    return job.id


def start_verifying(services: Services, name: str) -> int:
    """Submit the verification of a model's files; the job's number.

    Raises:
        ChooseAnother: nothing of that name is looked for.
    """
    refuse_to_members(services)
    package_of(name)
    return _submit(services, VerifySpec(family=name))


def verify(
    services: Services,
    name: str,
    *,
    offline: bool = False,
    report: Callable[[str, int, int], None] | None = None,
) -> VerifyResult:
    """The same, here and now; `report` is given the file, and bytes read of all bytes.

    Raises:
        ChooseAnother: nothing of that name is looked for.
    """
    return verify_package(
        name,
        services.layout,
        lambda progress: report and report(progress.file, progress.received_bytes, progress.total_bytes),
        lambda: False,
        endpoint=hub_endpoint(services.layout),
        offline=offline,
    )


def last_verified(services: Services, name: str) -> VerifyResult | None:
    """What the last verification of a model found, as long as the list of jobs remembers it."""
    found = [job.result for job in services.ledger.jobs(active=False) if isinstance(job.result, VerifyResult)]
    return next((result for result in reversed(found) if result.family == name), None)


def active(services: Services, name: str, kind: str) -> JobView | None:
    """The job of a kind that waits or runs for a model."""
    for job in services.ledger.jobs():
        if job.kind == kind and not job.wants_cancel:
            spec = services.ledger.spec(job.id)
            if isinstance(spec, DownloadSpec | VerifySpec) and spec.family == name:
                return job
    return None


def use_folder(services: Services, folder: Path) -> tuple[str, ...]:
    """Look for models in a folder too, which is never written into; which models were found there.

    Raises:
        FixInput: there is no such folder, or nothing of a known model in it.
        Wait: the workspace cannot be written.
    """
    refuse_to_members(services)
    return add_folder(services.layout, pasted_path(folder))


def forget_folder(services: Services, folder: str) -> None:
    """Look there no more; what lies there stays as it is.

    Raises:
        Wait: the workspace cannot be written.
    """
    refuse_to_members(services)
    remove_folder(services.layout, folder)


def choose(services: Services, name: str, folder: Path) -> None:
    """Let one of several folders of a model count.

    Raises:
        FixInput: the model is not whole there.
        Wait: the workspace cannot be written.
    """
    refuse_to_members(services)
    choose_place(services.layout, package_of(name), folder)


def join(services: Services) -> None:
    """Use models whose networks lie in several folders.

    Raises:
        Wait: the workspace cannot be written.
    """
    refuse_to_members(services)
    join_apart(services.layout)


def _submit(services: Services, spec: DownloadSpec | VerifySpec) -> int:
    job = services.ledger.submit(
        spec, key=f"{spec.kind}-{spec.family}", priority=_PRIORITY, user=services.user, story=None, scenes=()
    )
    services.start_dispatcher()
    return job
