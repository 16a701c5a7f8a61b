"""Paint a bundle again from the bundle alone, and what is kept of it: the certificate."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from story_engine.domain.job import JobView
from story_engine.domain.job_result import ReplayResult
from story_engine.domain.job_spec import ReplaySpec
from story_engine.domain.replay import ReplayReport, pictures_key
from story_engine.flows.bundle_plan import BundlePicture, BundlePlan
from story_engine.flows.render import RENDER_PRIORITY
from story_engine.flows.services import Services
from story_engine.formats.certificate import certificate as certificate_text
from story_engine.formats.pasted_path import pasted_existing, pasted_path
from story_engine.store.atomic import write_bytes

CERTIFICATE = "certificate.md"


def start(services: Services, bundle: Path, *, story: str | None = None) -> int:
    """Submit the replay of a bundle; the job's number. Asked for twice, it is one job.

    Args:
        services: of the workspace whose models paint.
        bundle: zip or folder.
        story: slug of the story whose page shows the job.

    Raises:
        ChooseAnother: there is no such file or folder.
    """
    path = pasted_existing(bundle)
    found = path.stat()
    named = hashlib.sha256(f"{path} {found.st_mtime_ns} {found.st_size}".encode()).hexdigest()[:32]
    job = services.ledger.submit(
        ReplaySpec(bundle=str(path)),
        key=f"replay-{named}",
        priority=RENDER_PRIORITY,
        user=services.user,
        story=story,
        scenes=(),
    )
    services.start_dispatcher()
    return job


def report_of(job: JobView) -> ReplayReport | None:
    """What came of a replay; None while it is not done."""
    return job.result.report if isinstance(job.result, ReplayResult) else None


def write_certificate(report: ReplayReport, path: Path) -> None:
    """Write the certificate of one replay.

    Raises:
        Wait: the disk is full, or the folder cannot be written.
    """
    write_bytes(pasted_path(path).resolve(), certificate_text(report).encode())


def bundle_of(services: Services, plan: BundlePlan) -> Path | None:
    """The zip that was last made of a story under its present name; None where there is none."""
    path = services.bundles.named(plan.opened.slug, plan.name)
    return path if path.is_file() else None


def holds_certificate(bundle: Path, report: ReplayReport) -> bool:
    """Whether a bundle of ours has the certificate of this very replay in it."""
    try:
        with zipfile.ZipFile(bundle) as archive:
            name = next((each for each in archive.namelist() if each.endswith(f"/{CERTIFICATE}")), None)
            return name is not None and archive.read(name) == certificate_text(report).encode()
    except (OSError, zipfile.BadZipFile):
        return False


def known(services: Services, pictures: tuple[BundlePicture, ...]) -> ReplayReport | None:
    """What came of painting exactly these pictures again; None where that was not done."""
    key = pictures_key((each.name, each.view.take.picture_sha256, each.view.take.id) for each in pictures)
    return services.replays.find(key)


def certificate(services: Services, pictures: tuple[BundlePicture, ...]) -> bytes | None:
    """`certificate.md` for a bundle of exactly these pictures; None where they were not painted again."""
    report = known(services, pictures)
    return None if report is None else certificate_text(report).encode()
