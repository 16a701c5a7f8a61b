"""Put a bundle into a repository of ModelScope, or say what would go there."""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path

from story_engine.catalog.hub import token_of_environment
from story_engine.domain.job import JobView
from story_engine.domain.job_result import UploadResult
from story_engine.domain.job_spec import UploadSpec
from story_engine.domain.views import UploadFile
from story_engine.errors import FixInput
from story_engine.flows.render import REDO_PRIORITY
from story_engine.flows.services import Services
from story_engine.formats.bundle_reader import CHECKSUMS, checked_files
from story_engine.formats.pasted_path import pasted_existing
from story_engine.jobs import handover

_REPOSITORY = re.compile(r"[^\s/\\?#%&<>\"'|:*]{1,64}/[^\s/\\?#%&<>\"'|:*]{1,100}")
_TOKEN = re.compile(r"[\x21-\x7e]{8,512}")


def what_would_go(bundle: Path) -> tuple[UploadFile, ...]:
    """The files that an upload would put into the repository, checked as it would check them; nothing is sent.

    Raises:
        ChooseAnother: there is no such file or folder.
        FixInput: it is no bundle, or was changed after it was made.
    """
    with tempfile.TemporaryDirectory(prefix="story-studio-upload-") as folder:
        checked = checked_files(pasted_existing(bundle), Path(folder))
        files = {**checked.files, CHECKSUMS: checked.checksums}
        return tuple(UploadFile(name=name, size_bytes=path.stat().st_size) for name, path in sorted(files.items()))


def known_token(services: Services) -> str:
    """The token that the environment holds; empty where it holds none, or where it is not of the one who asks."""
    return "" if services.is_member else token_of_environment()


def start(
    services: Services,
    bundle: Path,
    repository: str,
    *,
    token: str = "",
    private: bool = False,
    story: str | None = None,
) -> int:
    """Submit the upload of a bundle; the job's number.

    Args:
        services: of the workspace.
        bundle: zip or folder.
        repository: `owner/name`; created where there is none.
        token: of the account; empty: that of the environment. It stays in the memory of this process.
        private: whether a new repository is shown to its owner alone.
        story: slug of the story whose page shows the job.

    Raises:
        ChooseAnother: there is no such file or folder.
        FixInput: the repository's name or the token cannot be one, or there is no token.
    """
    path = pasted_existing(bundle)
    check_repository(repository)
    secret = token.strip() or known_token(services)
    if not secret:
        raise FixInput("upload.no_token")
    if not _TOKEN.fullmatch(secret):
        raise FixInput("upload.token_form")
    named = hashlib.sha256(f"{path} {repository}".encode()).hexdigest()[:32]
    ticket = handover.offer(secret)
    job = services.ledger.submit(
        UploadSpec(bundle=str(path), repository=repository, private=private, ticket=ticket),
        key=f"upload-{named}",
        priority=REDO_PRIORITY,
        user=services.user,
        story=story,
        scenes=(),
    )
    known = services.ledger.spec(job)
    if not isinstance(known, UploadSpec) or known.ticket != ticket:
        handover.over(ticket)  # the same upload runs already, with the token that it was started with
    services.start_dispatcher()
    return job


def check_repository(repository: str) -> None:
    """Refuse what can be no repository; whether the hub takes it, the hub says.

    Raises:
        FixInput: it is not of the form `owner/name`.
    """
    if not _REPOSITORY.fullmatch(repository) or not repository.isprintable() or ".." in repository:
        raise FixInput("upload.repository", name=repository[:120], example="moyun/moyun-可图Kolors训练-ink")


def result_of(job: JobView) -> UploadResult | None:
    """Where the files are; None while the job is not done."""
    return job.result if isinstance(job.result, UploadResult) else None
