"""`python -m story_engine upload BUNDLE OWNER/NAME`: put a bundle into a repository of ModelScope."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from story_engine import flows
from story_engine.cli.call import services_of
from story_engine.cli.output import answer
from story_engine.cli.report import job_report
from story_engine.cli.wait import wait_for


def upload(
    context: typer.Context,
    bundle: Annotated[Path, typer.Argument(help="The zip, or the folder that it unpacks to.")],
    repository: Annotated[str, typer.Argument(help="OWNER/NAME at ModelScope; created where there is none.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would go, and send nothing.")] = False,
    private: Annotated[bool, typer.Option("--private", help="Show a new repository to its owner alone.")] = False,
) -> None:
    """Upload a bundle. Example: python -m story_engine upload team.zip moyun/ink --dry-run"""
    flows.upload.check_repository(repository)
    if dry_run:
        files = flows.upload.what_would_go(bundle)
        total = sum(file.size_bytes for file in files)
        lines = [f"{file.size_bytes:>12,}  {file.name}" for file in files]
        report = {
            "repository": repository,
            "private": private,
            "files": [{"name": file.name, "size_bytes": file.size_bytes} for file in files],
            "size_bytes": total,
        }
        answer(
            context, report, "\n".join([*lines, f"{total:>12,}  {len(files)} files → {repository} (nothing was sent)"])
        )
        return
    services = services_of(context)
    token = ""
    if not flows.upload.known_token(services) and sys.stdin.isatty():
        token = getpass.getpass("Token (not shown): ")
    job = wait_for(services, flows.upload.start(services, bundle, repository, token=token, private=private))
    done = flows.upload.result_of(job)
    answer(context, job_report(job), f"{done.files} files: {done.url}" if done is not None else job.state)
